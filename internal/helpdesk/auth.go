package helpdesk

// Who sends a request proves it by a SessionID or by a password. Which login the password belongs to doesn't matter: the web
// service definition maps every UserLogin to the one of Open Ticket AI. A bad SessionID is not saved by a good password.

func (s *Server) authenticated(in fields) bool {
	if in.has("SessionID") {
		return s.sessions[in.text("SessionID")]
	}
	return in.has("UserLogin") && in.text("Password") == s.password
}

func allowReader(op string) func(*Server, fields) error {
	return func(s *Server, in fields) error {
		if !s.authenticated(in) {
			return refusal(op, "AuthFail", "Authorization failing!")
		}
		return nil
	}
}

func allowWriter(op string) func(*Server, fields) error {
	return func(s *Server, in fields) error {
		login := in.has("UserLogin") || in.has("CustomerUserLogin")
		switch {
		case !login && !in.has("SessionID"):
			return refusal(op, "MissingParameter", "UserLogin, CustomerUserLogin or SessionID is required!")
		case login && !in.has("SessionID") && !in.has("Password"):
			return refusal(op, "MissingParameter", "Password or SessionID is required!")
		case !s.authenticated(in):
			return refusal(op, "AuthFail", "User could not be authenticated!")
		}
		return nil
	}
}
