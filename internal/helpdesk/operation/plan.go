package operation

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// change is a checked request for an update; what isn't given stays as it is.
type change struct {
	title              string
	queue              reference[store.Queue]
	lock, kind         reference[store.Entry]
	state              reference[store.State]
	endsWork           bool // the state is closed or pending
	pendingUntil       time.Time
	customer           *store.Customer
	priority           reference[store.Entry]
	owner, responsible reference[store.Agent]
	articles           []store.Draft
	fields             []fieldValue
}

type fieldValue struct {
	name  string
	value any
}

// planUpdate checks an update in the order of the servers: first its structure, then what is in it.
func (s *System) planUpdate(op string, t *store.Ticket, who store.Actor, in wire.Values) (change, error) {
	var c change
	for _, key := range []string{"Ticket", "Article"} {
		if key == "Article" && s.mode == wire.ModeZnuny {
			continue // it takes lists, and checks them later
		}
		if _, ok := in.Object(key); in[key] != nil && !ok {
			return c, wire.Reject(op, "InvalidParameter", key+" parameter is not valid!")
		}
	}
	if err := optionalLists(op, in); err != nil {
		return c, err
	}
	if in["Ticket"] != nil {
		asked, _ := in.Object("Ticket")
		if err := s.planTicket(op, asked.Trimmed(), t, &c); err != nil {
			return c, err
		}
	}
	if in["Article"] != nil {
		drafts, err := s.planArticles(op, who, in, &c)
		if err != nil {
			return c, err
		}
		c.articles = drafts
	}
	values, err := s.planFields(op, in["DynamicField"])
	if err != nil {
		return c, err
	}
	c.fields = append(c.fields, values...)
	files, err := s.readFiles(op, in)
	if err != nil || len(files) == 0 {
		return c, err
	}
	if len(c.articles) == 0 {
		return c, wire.Reject(op, "MissingParameter", "To create an attachment an article is needed!")
	}
	last := &c.articles[len(c.articles)-1]
	last.Files = append(last.Files, files...)
	return c, nil
}

// optionalLists rejects what is neither a list nor an object, or is empty.
func optionalLists(op string, in wire.Values) error {
	for _, key := range []string{"DynamicField", "Attachment"} {
		list, isList := in[key].([]any)
		_, isObject := in.Object(key)
		if in[key] != nil && !isObject && (!isList || len(list) == 0) {
			return wire.Reject(op, "MissingParameter", key+" parameter is missing or not valid!")
		}
	}
	return nil
}

// planTicket checks the fields of the ticket itself; t is nil for a new one.
func (s *System) planTicket(op string, in wire.Values, t *store.Ticket, c *change) error {
	c.title = store.UntilNUL(in.Text("Title"))
	if err := s.planCustomer(op, in, t, c); err != nil {
		return err
	}
	for _, err := range []error{
		pick(op, in, "Queue", s.Catalog.Queues, &c.queue, t == nil),
		pick(op, in, "Lock", s.Catalog.Locks, &c.lock, false),
		pick(op, in, "Type", s.Catalog.Types, &c.kind, false),
		pick(op, in, "Service", nil, new(reference[store.Entry]), false),
		pick(op, in, "SLA", nil, new(reference[store.Entry]), false),
		pick(op, in, "State", s.Catalog.States, &c.state, t == nil),
		pick(op, in, "Priority", s.Catalog.Priorities, &c.priority, t == nil),
		pick(op, in, "Owner", s.Catalog.Agents, &c.owner, false),
		pick(op, in, "Responsible", s.Catalog.Agents, &c.responsible, false),
	} {
		if err != nil {
			return err
		}
	}
	c.endsWork = c.state.target().Closed() || c.state.target().Pending()
	if in.Has("PendingTime") {
		until, ok := pendingTime(in, s.Now())
		if !ok {
			return wire.Reject(op, "InvalidParameter", "Ticket->PendingTime parameter is invalid!")
		}
		c.pendingUntil = until
	}
	return nil
}

// planCustomer checks the customer user, who need not be known if the login is a mail address. The company may be anything.
// A company without a customer user leaves the ticket without one.
func (s *System) planCustomer(op string, in wire.Values, t *store.Ticket, c *change) error {
	if !in.Has("CustomerUser") && (t == nil || !in.Has("CustomerID")) {
		return nil
	}
	who := store.Customer{}
	if in.Has("CustomerUser") {
		who = s.Catalog.Customer(in.Text("CustomerUser"))
		if !s.Catalog.KnowsCustomer(who.Login) && !validAddresses(who.Login) {
			return wire.Reject(op, "InvalidParameter", "Ticket->CustomerUser parameter is invalid!")
		}
	}
	if in.Has("CustomerID") {
		who.Company = in.Text("CustomerID")
	}
	c.customer = &who
	return nil
}

// pick reads the reference to an entry of a list.
func pick[E store.Listed](op string, in wire.Values, key string, entries []E, to *reference[E], required bool) error {
	*to = reference[E]{known: entries}
	if in.Has(key) {
		to.name = in.Text(key)
	}
	if in.Has(key + "ID") {
		to.id = in.Text(key + "ID")
	}
	what := "Ticket->" + key + "ID or Ticket->" + key + " parameter is "
	switch {
	case !in.Has(key) && !in.Has(key+"ID") && required:
		return wire.Reject(op, "MissingParameter", what+"required!")
	case (in.Has(key) || in.Has(key+"ID")) && !to.valid():
		return wire.Reject(op, "InvalidParameter", what+"invalid!")
	}
	return nil
}

// pendingTime reads {"Diff": minutes} or {"Year", "Month", "Day", "Hour", "Minute"}.
func pendingTime(in wire.Values, now time.Time) (time.Time, bool) {
	at, ok := in.Object("PendingTime")
	if !ok {
		return time.Time{}, false
	}
	at = at.Trimmed()
	if at["Diff"] != nil {
		minutes, err := strconv.ParseUint(at.Text("Diff"), 10, 31)
		return now.Add(time.Duration(minutes) * time.Minute), err == nil && len(at) == 1
	}
	var parts [5]int
	for i, key := range []string{"Year", "Month", "Day", "Hour", "Minute"} {
		n, err := strconv.Atoi(at.Text(key))
		if err != nil {
			return time.Time{}, false
		}
		parts[i] = n
	}
	until := time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], 0, 0, time.UTC)
	// time.Date turns June 31 into July 1; the servers reject it.
	same := until.Day() == parts[2] && int(until.Month()) == parts[1] && until.Hour() == parts[3] && until.Minute() == parts[4]
	return until, same
}

// planArticles checks the article, on Znuny also a list of them. There an article may bring dynamic fields of its own.
func (s *System) planArticles(op string, who store.Actor, in wire.Values, c *change) ([]store.Draft, error) {
	all, ok := in.Objects("Article")
	if !ok {
		return nil, wire.Reject(op, "InvalidParameter", "Article parameter is not valid!")
	}
	drafts := make([]store.Draft, 0, len(all))
	for _, a := range all {
		d, err := s.readArticle(op, who, a)
		if err != nil {
			return nil, err
		}
		if d.From == "" {
			d.From = s.fullName(who)
		}
		d.Event = cmp.Or(d.Event, "AddNote")
		d.Comment = cmp.Or(d.Comment, "%%GenericInterface Note")
		if s.mode == wire.ModeZnuny {
			values, err := s.planFields(op, a["DynamicField"])
			if err != nil {
				return nil, err
			}
			c.fields = append(c.fields, values...)
		}
		drafts = append(drafts, d)
	}
	return drafts, nil
}

// fullName is who an article is from if it doesn't say.
func (s *System) fullName(who store.Actor) string {
	if who.IsCustomer() {
		return s.Catalog.Customer(who.Customer).Address
	}
	return s.Agent(who.ID).FullName
}

// planFields checks the values of dynamic fields.
func (s *System) planFields(op string, given any) ([]fieldValue, error) {
	list := wire.Elements(given)
	values := make([]fieldValue, 0, len(list))
	for _, each := range list {
		f, ok := each.(map[string]any)
		if !ok || len(f) == 0 {
			return nil, wire.KernelError(op + ": Ticket->DynamicField parameter is invalid!")
		}
		in := wire.Values(f).Trimmed()
		for _, key := range []string{"Name", "Value"} {
			_, isObject := in[key].(map[string]any)
			if in[key] == nil || isObject {
				return nil, wire.Reject(op, "MissingParameter", "DynamicField->"+key+" parameter is missing!")
			}
		}
		field, known := s.Catalog.Field(in.Text("Name"))
		if !known {
			return nil, wire.Reject(op, "InvalidParameter", "DynamicField->Name parameter is invalid!")
		}
		value, ok := readFieldValue(field, in["Value"])
		if !ok {
			return nil, wire.Reject(op, "InvalidParameter", "DynamicField->Value parameter is invalid!")
		}
		values = append(values, fieldValue{field.Name, value})
	}
	return values, nil
}

// readFieldValue returns a value of a field in the form that answers show, nil to empty the field; ok is false for one that the field
// doesn't take.
func readFieldValue(f store.DynamicField, raw any) (value any, ok bool) {
	switch f.Kind {
	case store.FieldCheckbox:
		switch wire.Scalar(raw) {
		case "":
			return nil, true
		case "0":
			return int64(0), true
		case "1":
			return int64(1), true
		}
		return nil, false
	case store.FieldMultiselect:
		var chosen []string
		for _, v := range wire.ListOf(raw) {
			if v == "" {
				continue
			}
			if !slices.Contains(f.Values, v) {
				return nil, false
			}
			chosen = append(chosen, v)
		}
		if chosen == nil {
			return nil, true
		}
		return chosen, true
	case store.FieldDropdown:
		if v := wire.Scalar(raw); v != "" && !slices.Contains(f.Values, v) {
			return nil, false
		}
	}
	if _, isText := raw.(map[string]any); isText {
		return nil, false
	}
	if _, isList := raw.([]any); isList {
		return nil, false
	}
	if v := wire.Scalar(raw); v != "" {
		return v, true
	}
	return nil, true
}
