package helpdesk

import "github.com/open-ticket-ai/otai/internal/helpdesk/store"

// AddQueue adds queues, except those that exist. The parent of "A::B" need not exist.
func (s *Server) AddQueue(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.system.Catalog.AddQueue(name)
	}
}

// SetAccess sets what the agent may do in a queue, which is added if it doesn't exist.
func (s *Server) SetAccess(queue string, access store.Access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.Catalog.Queue(s.system.Catalog.AddQueue(queue)).Access = access
}

// AddDynamicField adds a dynamic field to all tickets, or replaces the one with its name.
func (s *Server) AddDynamicField(f store.DynamicField) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.Catalog.SetField(f)
}

// AddAgent adds an agent without any access, see [Server.SetAccessOf]. Its login counts in the web services besides that
// of Open Ticket AI, which takes every login for its own agent's.
func (s *Server) AddAgent(login, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.Catalog.AddAgent(login, password)
}

// SetAccessOf sets what an agent may do in a queue; both are added if they don't exist.
func (s *Server) SetAccessOf(login, queue string, access store.Access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.system.Catalog
	id := c.AddQueue(queue)
	if _, ok := store.ByName(c.Agents, login); !ok {
		c.AddAgent(login, "")
	}
	for i := range c.Agents {
		if a := &c.Agents[i]; a.Name == login {
			if a.Access == nil {
				a.Access = map[int64]store.Access{}
			}
			a.Access[id] = access
		}
	}
}

// AddCustomer adds a customer user, or sets the password of one. Customers see their own tickets and those of their company.
func (s *Server) AddCustomer(login, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.Catalog.AddCustomer(login, password)
}

// AddSession makes id a valid SessionID of the agent, as if another web service of the same system had handed it out.
func (s *Server) AddSession(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.AddSession(id)
}

// EndSessions makes all SessionIDs invalid, as time does.
func (s *Server) EndSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.EndSessions()
}
