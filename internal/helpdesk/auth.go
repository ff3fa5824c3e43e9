package helpdesk

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

// Who sends a request proves it by a SessionID or by a password. A bad SessionID is not saved by a good password, and an agent's
// login goes before a customer's.

// actor is who a request comes from.
type actor struct {
	id       int64  // of the agent; for a customer, that of the agent in whose name customers write
	login    string // of the agent
	customer string // login of the customer user, "" for an agent
}

func (a actor) isCustomer() bool { return a.customer != "" }

func (s *System) authenticate(c call) (actor, bool) {
	if c.has("SessionID") {
		who, ok := s.sessions[c.text("SessionID")]
		return who.actor, ok
	}
	return s.byPassword(c)
}

func (s *System) byPassword(c call) (actor, bool) {
	password := c.text("Password")
	switch {
	case c.has("UserLogin"):
		login := c.text("UserLogin")
		if c.login {
			login = s.login
		}
		for _, a := range s.catalog.agents {
			if a.name == login && a.password != "" && a.password == password {
				return actor{id: a.id, login: a.name}, true
			}
		}
	case c.has("CustomerUserLogin"):
		for _, who := range s.catalog.customers {
			if who.login == c.text("CustomerUserLogin") && who.password != "" && who.password == password {
				return actor{id: administratorID, customer: who.login}, true
			}
		}
	}
	return actor{}, false
}

func reader(op string, run func(*System, actor, call) (object, error)) func(*System, call) (object, error) {
	return func(s *System, c call) (object, error) {
		who, ok := s.authenticate(c)
		if !ok {
			return nil, refusal(op, "AuthFail", "Authorization failing!")
		}
		return run(s, who, c)
	}
}

func writer(op string, run func(*System, actor, call) (object, error)) func(*System, call) (object, error) {
	return func(s *System, c call) (object, error) {
		login := c.has("UserLogin") || c.has("CustomerUserLogin")
		switch {
		case op == "TicketUpdate" && !c.has("TicketID") && !c.has("TicketNumber"):
			return nil, refusal(op, "MissingParameter", "TicketID or TicketNumber is required!")
		case !login && !c.has("SessionID"):
			return nil, refusal(op, "MissingParameter", "UserLogin, CustomerUserLogin or SessionID is required!")
		case login && !c.has("Password"):
			return nil, refusal(op, "MissingParameter", "Password or SessionID is required!")
		}
		who, ok := s.authenticate(c)
		if !ok {
			return nil, refusal(op, "AuthFail", "User could not be authenticated!")
		}
		return run(s, who, c)
	}
}

// refuseLogin is the answer to a login that fails, for faults.
func (op operation) refuseLogin() error {
	switch op.name {
	case "TicketUpdate", "TicketCreate":
		return refusal(op.name, "AuthFail", "User could not be authenticated!")
	case "SessionGet":
		return refusal(op.name, "SessionInvalid", "SessionID is Invalid!")
	case "SessionRemove":
		return refusal(op.name, "AuthFail", "Authorization failed!")
	}
	return refusal(op.name, "AuthFail", "Authorization failing!")
}

// session is a login that a client needs not prove anew. Real ones end after two hours without use.
type session struct {
	actor
	began time.Time
	from  string // the client's address, to which a session is bound on the real servers
}

func (s *System) createSession(c call) (object, error) {
	if !c.has("Password") {
		return nil, refusal("SessionCreate", "MissingParameter", "Password parameter is missing!")
	}
	who, ok := s.byPassword(c)
	if !ok {
		return nil, refusal("SessionCreate", "AuthFail", "Authorization failing!")
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails, see its documentation
	s.sessions[hex.EncodeToString(id)] = session{actor: who, began: s.now(), from: c.address}
	return object{"SessionID": hex.EncodeToString(id)}, nil
}

// showSession shows what the recorded Znuny keeps of a session, except the settings of pages that nobody sees here.
func (s *System) showSession(c call) (object, error) {
	if !c.has("SessionID") {
		return nil, refusal("SessionGet", "MissingParameter", "SessionID is missing!")
	}
	one, ok := s.sessions[c.text("SessionID")]
	if !ok {
		return nil, refusal("SessionGet", "SessionInvalid", "SessionID is Invalid!")
	}
	values := map[string]any{
		"CreateTime": stamp(one.began), "ChangeTime": stamp(one.began), "SessionSource": "GenericInterface",
		"UserRemoteAddr": one.from, "UserRemoteUserAgent": "none", "ValidID": "1", "UserTitle": nil,
		"UserSessionStart": unixText(one.began), "UserLastRequest": unixText(s.now()),
	}
	if one.isCustomer() {
		who := s.catalog.customer(one.customer)
		values["UserType"], values["UserLogin"], values["UserCustomerID"] = "Customer", who.login, who.company
	} else {
		who := s.agent(one.id)
		first, last := who.names()
		values["UserType"], values["UserLogin"], values["UserID"] = "User", who.name, idText(who.id)
		values["UserFullname"], values["UserFirstname"], values["UserLastname"] = who.fullName, first, last
		values["UserEmail"], values["UserLastLogin"] = who.address, unixText(one.began)
		values["UserLastLoginTimestamp"] = stamp(one.began)
		for key, value := range agentPreferences {
			values[key] = value
		}
	}
	data := make([]object, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		data = append(data, object{"Key": key, "Value": values[key]})
	}
	return object{"SessionData": data}, nil
}

// agentPreferences are an agent's settings that a fresh installation keeps in each session.
var agentPreferences = map[string]string{
	"AdminCommunicationLogPageShown": "25", "AdminDynamicFieldsOverviewPageShown": "25", "UserCreateNextMask": "",
	"UserLastPwChangeTime": "0", "UserLastViewsLimit": "5", "UserLastViewsPosition": "Avatar", "UserLoginFailed": "0",
	"UserRefreshTime": "0", "UserTicketOverviewMediumPageShown": "20", "UserTicketOverviewPreviewPageShown": "15",
	"UserTicketOverviewSmallPageShown": "25",
}

// removeSession ends a session. Znuny 6.5.15 wants a password for that, and no session: the one to be ended is no login. One that isn't there has ended.
func (s *System) removeSession(c call) (object, error) {
	if !c.has("SessionID") {
		return nil, refusal("SessionRemove", "MissingParameter", "SessionID parameter is missing!")
	}
	who, ok := s.byPassword(c)
	if !ok {
		return nil, refusal("SessionRemove", "AuthFail", "Authorization failed!")
	}
	if owner, there := s.sessions[c.text("SessionID")]; there && owner.actor != who {
		if who.isCustomer() {
			return nil, refusal("SessionRemove", "AuthFail", "Authorization failing!")
		}
		return nil, refusal("SessionRemove", "AuthFail", "Authorization failed! User needs to be in group admin.")
	}
	delete(s.sessions, c.text("SessionID"))
	return object{"Success": 1}, nil
}
