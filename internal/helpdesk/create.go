package helpdesk

import "strconv"

// create answers TicketCreate: a ticket with its first article.
func (s *store) create(in fields, at *stop) (object, error) {
	const op = "TicketCreate"
	wanted, ok := in.object("Ticket")
	if !ok {
		return nil, refusal(op, "MissingParameter", "Ticket parameter is missing or not valid!")
	}
	first, ok := in.object("Article")
	if !ok {
		return nil, refusal(op, "MissingParameter", "Article parameter is missing or not valid!")
	}
	wanted = wanted.trimmed()
	c, err := s.planCreate(op, wanted)
	if err != nil {
		return nil, err
	}
	d, err := s.catalog.readArticle(op, first)
	if err != nil {
		return nil, err
	}
	values, err := s.planFields(op, in)
	if err != nil {
		return nil, err
	}
	files, err := readFiles(op, in)
	if err != nil {
		return nil, err
	}
	d.files = append(d.files, files...)
	if c.queue.access != AccessFull {
		return nil, refusal(op, "AccessDenied", "Can not create tickets in given Queue or QueueID!")
	}
	return s.createTicket(c, d, values, at)
}

// planCreate checks the ticket's fields; unlike an update, a new ticket needs some of them.
func (s *store) planCreate(op string, in fields) (change, error) {
	var c change
	for _, key := range []string{"Title", "CustomerUser"} {
		if !in.has(key) {
			return c, refusal(op, "MissingParameter", "Ticket->"+key+" parameter is missing!")
		}
	}
	if err := s.planTicket(op, in, &c); err != nil {
		return c, err
	}
	for _, needed := range []struct {
		key     string
		missing bool
	}{{"Queue", c.queue == nil}, {"State", c.state == nil}, {"Priority", c.priority == nil}} {
		if needed.missing {
			return c, refusal(op, "MissingParameter",
				"Ticket->"+needed.key+"ID or Ticket->"+needed.key+" parameter is required!")
		}
	}
	if c.state.pending() && c.pendingUntil.IsZero() {
		return c, refusal(op, "MissingParameter", "Ticket->PendingTime parameter is required!")
	}
	if c.kind == nil {
		c.kind = &s.catalog.types[0]
	}
	return c, nil
}

func (s *store) createTicket(c change, d draft, values []fieldValue, at *stop) (object, error) {
	var t *ticket
	var a *article
	if d.from == "" {
		d.from = c.customer.address
	}
	if d.to == "" {
		d.to = c.queue.name
	}
	if d.event == "" {
		d.event = "NewTicket"
	}
	steps := []step{
		{stepTicket, func() error {
			t = s.open(c.title, c.queue.id, *c.priority, *c.state, *c.kind, c.customer.login, loginID)
			t.pendingUntil = c.pendingUntil
			if c.lock != nil {
				t.lock = *c.lock
			}
			s.setOwner(t, c.owner)
			s.setResponsible(t, c.responsible)
			return nil
		}},
		{stepArticle, func() (err error) {
			a, err = s.addArticle(t, d, loginID)
			return err
		}},
	}
	if len(values) > 0 {
		steps = append(steps, step{stepField, func() error { s.setFields(t, values); return nil }})
	}
	if err := take(steps, at); err != nil {
		return nil, err
	}
	out := object{"TicketID": strconv.FormatInt(t.id, 10), "TicketNumber": t.number, "ArticleID": a.id}
	if d.sender.name != "agent" {
		// Perl's idea of the id: only for an agent's article it has been used as a number before.
		out["ArticleID"] = strconv.FormatInt(a.id, 10)
	}
	return out, nil
}
