package operation

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// session is a login that a client needs not prove anew. Real ones end after two hours without use.
type session struct {
	store.Actor
	began time.Time
	from  string // the client's address, to which a session is bound on the real servers
}

// AddSession makes id a valid SessionID of the agent.
func (s *System) AddSession(id string) {
	s.sessions[id] = session{Actor: store.Actor{ID: store.LoginID, Login: s.login}, began: s.Now()}
}

// EndSessions makes all SessionIDs invalid.
func (s *System) EndSessions() { clear(s.sessions) }

func (s *System) createSession(c Call) (wire.Object, error) {
	if !c.Has("Password") {
		return nil, wire.Reject("SessionCreate", "MissingParameter", "Password parameter is missing!")
	}
	who, ok := s.byPassword(c)
	if !ok {
		return nil, wire.Reject("SessionCreate", "AuthFail", "Authorization failing!")
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails, see its documentation
	s.sessions[hex.EncodeToString(id)] = session{Actor: who, began: s.Now(), from: c.Address}
	return wire.Object{"SessionID": hex.EncodeToString(id)}, nil
}

// showSession shows what the recorded Znuny keeps of a session, except the settings of pages that nobody sees here.
func (s *System) showSession(c Call) (wire.Object, error) {
	if !c.Has("SessionID") {
		return nil, wire.Reject("SessionGet", "MissingParameter", "SessionID is missing!")
	}
	one, ok := s.sessions[c.Text("SessionID")]
	if !ok {
		return nil, wire.Reject("SessionGet", "SessionInvalid", "SessionID is Invalid!")
	}
	values := map[string]any{
		"CreateTime": wire.Stamp(one.began), "ChangeTime": wire.Stamp(one.began), "SessionSource": "GenericInterface",
		"UserRemoteAddr": one.from, "UserRemoteUserAgent": "none", "ValidID": "1", "UserTitle": nil,
		"UserSessionStart": wire.Unix(one.began), "UserLastRequest": wire.Unix(s.Now()),
	}
	if one.IsCustomer() {
		who := s.Catalog.Customer(one.Customer)
		values["UserType"], values["UserLogin"], values["UserCustomerID"] = "Customer", who.Login, who.Company
	} else {
		who := s.Agent(one.ID)
		first, last := who.Names()
		values["UserType"], values["UserLogin"], values["UserID"] = "User", who.Name, wire.ID(who.ID)
		values["UserFullname"], values["UserFirstname"], values["UserLastname"] = who.FullName, first, last
		values["UserEmail"], values["UserLastLogin"] = who.Address, wire.Unix(one.began)
		values["UserLastLoginTimestamp"] = wire.Stamp(one.began)
		for key, value := range agentPreferences {
			values[key] = value
		}
	}
	data := make([]wire.Object, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		data = append(data, wire.Object{"Key": key, "Value": values[key]})
	}
	return wire.Object{"SessionData": data}, nil
}

// agentPreferences are an agent's settings that a fresh installation keeps in each session.
var agentPreferences = map[string]string{
	"AdminCommunicationLogPageShown": "25", "AdminDynamicFieldsOverviewPageShown": "25", "UserCreateNextMask": "",
	"UserLastPwChangeTime": "0", "UserLastViewsLimit": "5", "UserLastViewsPosition": "Avatar", "UserLoginFailed": "0",
	"UserRefreshTime": "0", "UserTicketOverviewMediumPageShown": "20", "UserTicketOverviewPreviewPageShown": "15",
	"UserTicketOverviewSmallPageShown": "25",
}

// removeSession ends a session. Znuny 6.5.15 wants a password for that, and no session: the one to be ended is no login. One that isn't there has ended.
func (s *System) removeSession(c Call) (wire.Object, error) {
	if !c.Has("SessionID") {
		return nil, wire.Reject("SessionRemove", "MissingParameter", "SessionID parameter is missing!")
	}
	who, ok := s.byPassword(c)
	if !ok {
		return nil, wire.Reject("SessionRemove", "AuthFail", "Authorization failed!")
	}
	if owner, there := s.sessions[c.Text("SessionID")]; there && owner.Actor != who {
		if who.IsCustomer() {
			return nil, wire.Reject("SessionRemove", "AuthFail", "Authorization failing!")
		}
		return nil, wire.Reject("SessionRemove", "AuthFail", "Authorization failed! User needs to be in group admin.")
	}
	delete(s.sessions, c.Text("SessionID"))
	return wire.Object{"Success": 1}, nil
}
