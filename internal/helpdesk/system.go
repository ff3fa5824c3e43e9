package helpdesk

// System is what the operations work on: the tickets and who is logged in. It is not safe for concurrent use.
type System struct {
	*store
	mode     Mode
	login    string // of the agent of Open Ticket AI
	sessions map[string]session
}

func newSystem(mode Mode, login string, st *store) *System {
	return &System{store: st, mode: mode, login: login, sessions: map[string]session{}}
}

// Stop says how many of a write's steps, whose names it gets, are done before the write fails; nil lets it go on to its end.
type Stop func(steps []string) int

// addSession makes id a valid SessionID of the agent.
func (s *System) addSession(id string) {
	s.sessions[id] = session{actor: actor{id: loginID, login: s.login}, began: s.now()}
}

// endSessions makes all SessionIDs invalid.
func (s *System) endSessions() { clear(s.sessions) }
