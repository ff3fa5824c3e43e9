package helpdesk

import (
	"cmp"
	"slices"
)

// create answers TicketCreate: a ticket with its first article.
func (s *System) create(who actor, in call) (object, error) {
	const op = "TicketCreate"
	asked, ok := in.object("Ticket")
	if !ok {
		return nil, refusal(op, "MissingParameter", "Ticket parameter is missing or not valid!")
	}
	first, ok := in.object("Article")
	if !ok {
		return nil, refusal(op, "MissingParameter", "Article parameter is missing or not valid!")
	}
	if err := optionalLists(op, in.fields); err != nil {
		return nil, err
	}
	asked = asked.trimmed()
	for _, key := range []string{"Title", "CustomerUser"} {
		if !asked.has(key) {
			return nil, refusal(op, "MissingParameter", "Ticket->"+key+" parameter is missing!")
		}
	}
	var c change
	if err := s.planTicket(op, asked, nil, &c); err != nil {
		return nil, err
	}
	if known, ok := s.catalog.customerByAddress(c.customer.login); ok && !s.catalog.knowsCustomer(c.customer.login) {
		known.company = cmp.Or(c.customer.company, known.company)
		c.customer = &known
	}
	n := s.newTicket(c)
	if s.queueAccess(who, &n.queue) != AccessFull && !who.isCustomer() {
		return nil, refusal(op, "AccessDenied", "Can not create tickets in given Queue or QueueID!")
	}
	d, err := s.readArticle(op, who, first)
	if err != nil {
		return nil, err
	}
	values, err := s.planFields(op, in.fields["DynamicField"])
	if err != nil {
		return nil, err
	}
	files, err := s.readFiles(op, in.fields)
	if err != nil {
		return nil, err
	}
	d.files = append(d.files, files...)
	return s.createTicket(n, c, d, values, who, in)
}

// fresh is what a new ticket begins with: here, other than in a change, the name goes before the id in all cases.
type fresh struct {
	queue    queue
	state    state
	priority named
	kind     named
}

func (s *System) newTicket(c change) fresh {
	none := named{}
	n := fresh{kind: s.catalog.types[0]}
	n.queue, _, _ = c.queue.new(none)
	n.state, _, _ = c.state.new(none)
	n.priority, _, _ = c.priority.new(none)
	if c.kind.given() {
		n.kind, _, _ = c.kind.new(none)
	}
	return n
}

// orActor is who makes the ticket, when nobody else is to have it.
func (s *System) orActor(w wanted[agent], who actor) wanted[agent] {
	if !w.given() {
		w.id = idText(who.id)
	}
	return w
}

func (s *System) createTicket(n fresh, c change, d draft, values []fieldValue, who actor, in call) (object, error) {
	if n.queue.id == 0 || n.state.id == 0 || n.priority.id == 0 || n.kind.id == 0 {
		return nil, fault("Ticket could not be created, please contact the system administrator") // a name is wrong beside a good id
	}
	var t *ticket
	var e edit
	var a *article
	d.from = cmp.Or(d.from, c.customer.address)
	d.to = cmp.Or(d.to, n.queue.name)
	d.event = cmp.Or(d.event, "NewTicket")
	d.comment = cmp.Or(d.comment, "%%GenericInterface Create")
	steps := []step{
		{stepTicket, func() error {
			t = s.open(c.title, n.queue.id, n.priority, n.state, n.kind, *c.customer, who.id)
			e = edit{s, "TicketCreate", t, who.id}
			if err := e.setLock(c.lock); err != nil {
				return err
			}
			if n.state.pending() && !c.pendingUntil.IsZero() {
				e.setPendingTime(c.pendingUntil)
			}
			return nil
		}},
		{stepField, func() error { e.setFields(values); return nil }},
		{stepArticle, func() (err error) {
			a, err = s.addArticle(t, d, who.id)
			return err
		}},
		{stepOwner, func() error { return e.setOwner(s.orActor(c.owner, who)) }},
		{stepResponsible, func() error {
			if s.mode == ModeOTOBO {
				return e.setResponsible(c.responsible)
			}
			return e.setResponsible(s.orActor(c.responsible, who))
		}},
	}
	if len(values) == 0 {
		steps = slices.Delete(steps, 1, 2)
	}
	if err := take(steps, in.stop); err != nil {
		return nil, err
	}
	out := object{"TicketID": idText(t.id), "TicketNumber": t.number, "ArticleID": a.id}
	if d.sender.name != "agent" {
		// Perl's idea of the id: only for an agent's article it has been used as a number before.
		out["ArticleID"] = idText(a.id)
	}
	if in.ticketData {
		data := s.ticketAnswer(t)
		if all := s.dynamicFieldAnswer(t); all != nil {
			data["DynamicField"] = all
		}
		data["Article"] = []object{s.newArticleAnswer(t, a)}
		out["Ticket"] = data
	}
	return out, nil
}
