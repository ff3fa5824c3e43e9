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

// session is a login that a client doesn't need to prove again. Real ones end after two hours without use.
type session struct {
	store.Actor
	began time.Time
	from  string // the client's address, to which the real servers bind a session
}

// AddSession makes id a valid SessionID of the agent.
func (s *System) AddSession(id string) {
	s.sessions[id] = session{Actor: store.Actor{ID: store.LoginID, Login: s.login}, began: s.Now()}
}

// EndSessions makes all SessionIDs invalid.
func (s *System) EndSessions() { clear(s.sessions) }

// createSession answers SessionCreate.
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

// showSession answers SessionGet: what the recorded Znuny keeps of a session, except the settings of pages that don't exist here.
func (s *System) showSession(c Call) (wire.Object, error) {
	if !c.Has("SessionID") {
		return nil, wire.Reject("SessionGet", "MissingParameter", "SessionID is missing!")
	}
	current, ok := s.sessions[c.Text("SessionID")]
	if !ok {
		return nil, wire.Reject("SessionGet", "SessionInvalid", "SessionID is Invalid!")
	}
	values := map[string]any{
		"CreateTime": wire.Stamp(current.began), "ChangeTime": wire.Stamp(current.began), "SessionSource": "GenericInterface",
		"UserRemoteAddr": current.from, "UserRemoteUserAgent": "none", "ValidID": "1", "UserTitle": nil,
		"UserSessionStart": wire.Unix(current.began), "UserLastRequest": wire.Unix(s.Now()),
	}
	if current.IsCustomer() {
		who := s.Catalog.Customer(current.Customer)
		values["UserType"], values["UserLogin"], values["UserCustomerID"] = "Customer", who.Login, who.Company
	} else {
		who := s.Agent(current.ID)
		first, last := who.Names()
		values["UserType"], values["UserLogin"], values["UserID"] = "User", who.Name, wire.ID(who.ID)
		values["UserFullname"], values["UserFirstname"], values["UserLastname"] = who.FullName, first, last
		values["UserEmail"], values["UserLastLogin"] = who.Address, wire.Unix(current.began)
		values["UserLastLoginTimestamp"] = wire.Stamp(current.began)
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

// agentPreferences are the settings of an agent that a fresh installation keeps in each session.
var agentPreferences = map[string]string{
	"AdminCommunicationLogPageShown": "25", "AdminDynamicFieldsOverviewPageShown": "25", "UserCreateNextMask": "",
	"UserLastPwChangeTime": "0", "UserLastViewsLimit": "5", "UserLastViewsPosition": "Avatar", "UserLoginFailed": "0",
	"UserRefreshTime": "0", "UserTicketOverviewMediumPageShown": "20", "UserTicketOverviewPreviewPageShown": "15",
	"UserTicketOverviewSmallPageShown": "25",
}

// removeSession answers SessionRemove. Znuny 6.5.15 wants a password for that; the session to be ended doesn't count as a login. One
// that doesn't exist has ended.
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
