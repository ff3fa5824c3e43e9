package operation

import (
	"cmp"
	"slices"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// create answers TicketCreate: a ticket with its first article.
func (s *System) create(who store.Actor, in Call) (wire.Object, error) {
	const op = "TicketCreate"
	asked, ok := in.Object("Ticket")
	if !ok {
		return nil, wire.Reject(op, "MissingParameter", "Ticket parameter is missing or not valid!")
	}
	first, ok := in.Object("Article")
	if !ok {
		return nil, wire.Reject(op, "MissingParameter", "Article parameter is missing or not valid!")
	}
	if err := optionalLists(op, in.Values); err != nil {
		return nil, err
	}
	asked = asked.Trimmed()
	for _, key := range []string{"Title", "CustomerUser"} {
		if !asked.Has(key) {
			return nil, wire.Reject(op, "MissingParameter", "Ticket->"+key+" parameter is missing!")
		}
	}
	var c change
	if err := s.planTicket(op, asked, nil, &c); err != nil {
		return nil, err
	}
	if known, ok := s.Catalog.CustomerByAddress(c.customer.Login); ok && !s.Catalog.KnowsCustomer(c.customer.Login) {
		known.Company = cmp.Or(c.customer.Company, known.Company)
		c.customer = &known
	}
	n := s.newTicket(c)
	if s.QueueAccess(who, &n.queue) != store.AccessFull && !who.IsCustomer() {
		return nil, wire.Reject(op, "AccessDenied", "Can not create tickets in given Queue or QueueID!")
	}
	d, err := s.readArticle(op, who, first)
	if err != nil {
		return nil, err
	}
	values, err := s.planFields(op, in.Values["DynamicField"])
	if err != nil {
		return nil, err
	}
	files, err := s.readFiles(op, in.Values)
	if err != nil {
		return nil, err
	}
	d.Files = append(d.Files, files...)
	return s.createTicket(n, c, d, values, who, in)
}

// initial is what a new ticket begins with. Unlike in an update, the name always goes before the id.
type initial struct {
	queue    store.Queue
	state    store.State
	priority store.Entry
	kind     store.Entry
}

// newTicket returns what a new ticket begins with; what the request gets wrong has the id 0.
func (s *System) newTicket(c change) initial {
	none := store.Entry{}
	n := initial{kind: s.Catalog.Types[0]}
	n.queue, _, _ = c.queue.new(none)
	n.state, _, _ = c.state.new(none)
	n.priority, _, _ = c.priority.new(none)
	if c.kind.given() {
		n.kind, _, _ = c.kind.new(none)
	}
	return n
}

// orSelf is who makes the ticket, unless the request names somebody.
func (s *System) orSelf(ref reference[store.Agent], who store.Actor) reference[store.Agent] {
	if !ref.given() {
		ref.id = wire.ID(who.ID)
	}
	return ref
}

// createTicket writes the ticket, step by step.
func (s *System) createTicket(n initial, c change, d store.Draft, values []fieldValue, who store.Actor, in Call) (wire.Object, error) {
	if n.queue.ID == 0 || n.state.ID == 0 || n.priority.ID == 0 || n.kind.ID == 0 {
		return nil, wire.KernelError("Ticket could not be created, please contact the system administrator") // a wrong name beside a good id
	}
	var t *store.Ticket
	var e edit
	var a *store.Article
	d.From = cmp.Or(d.From, c.customer.Address)
	d.To = cmp.Or(d.To, n.queue.Name)
	d.Event = cmp.Or(d.Event, "NewTicket")
	d.Comment = cmp.Or(d.Comment, "%%GenericInterface Create")
	steps := []step{
		{StepTicket, func() error {
			t = s.Open(c.title, n.queue.ID, n.priority, n.state, n.kind, *c.customer, who.ID)
			e = edit{s, "TicketCreate", t, who.ID}
			if err := e.setLock(c.lock); err != nil {
				return err
			}
			if n.state.Pending() && !c.pendingUntil.IsZero() {
				e.setPendingTime(c.pendingUntil)
			}
			return nil
		}},
		{StepField, func() error { e.setFields(values); return nil }},
		{StepArticle, func() (err error) {
			a, err = s.AddArticle(t, d, who.ID)
			return err
		}},
		{StepOwner, func() error { return e.setOwner(s.orSelf(c.owner, who)) }},
		{StepResponsible, func() error {
			if s.mode == wire.ModeOTOBO {
				return e.setResponsible(c.responsible)
			}
			return e.setResponsible(s.orSelf(c.responsible, who))
		}},
	}
	if len(values) == 0 {
		steps = slices.Delete(steps, 1, 2)
	}
	if err := take(steps, in.Stop); err != nil {
		return nil, err
	}
	out := wire.Object{"TicketID": wire.ID(t.ID), "TicketNumber": t.Number, "ArticleID": a.ID}
	if d.Sender.Name != "agent" {
		// In Perl the id is a number only if it has been used as one, which happens for an agent's article.
		out["ArticleID"] = wire.ID(a.ID)
	}
	if in.TicketData {
		data := s.ticketAnswer(t)
		if all := s.dynamicFieldAnswer(t); all != nil {
			data["DynamicField"] = all
		}
		data["Article"] = []wire.Object{s.newArticleAnswer(t, a)}
		out["Ticket"] = data
	}
	return out, nil
}
