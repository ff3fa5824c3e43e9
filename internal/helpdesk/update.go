package helpdesk

import (
	"cmp"
	"strconv"
	"time"
)

// update answers TicketUpdate. All names and values are checked before anything is written; what fails later (a queue the agent
// may not move into, a pending state without a time) leaves the changes before it in place.
func (s *System) update(who actor, in call) (object, error) {
	const op = "TicketUpdate"
	t, err := s.ticketToUpdate(op, who, in)
	if err != nil {
		return nil, err
	}
	change, err := s.planUpdate(op, t, who, in.fields)
	if err != nil {
		return nil, err
	}
	if s.mode == ModeOTOBO {
		if err := mayWrite(op, s.accessTo(who, t), change); err != nil {
			return nil, err
		}
	}
	articles, err := edit{s, op, t, who.id}.apply(change, in.stop)
	if err != nil {
		return nil, err
	}
	out := object{"TicketID": in.fields["TicketID"], "TicketNumber": t.number}
	if in.has("TicketNumber") {
		out["TicketID"] = idText(t.id)
	}
	if in.ticketData {
		s.addTicketData(out, t, articles)
	} else {
		addArticleIDs(out, articles)
	}
	return out, nil
}

// ticketToUpdate finds the ticket by its number before its id. Znuny demands "rw" in its queue for whatever shall be done with it,
// OTOBO looks what that is; see mayWrite.
func (s *System) ticketToUpdate(op string, who actor, in call) (*ticket, error) {
	t := s.numbers[in.text("TicketNumber")]
	if !in.has("TicketNumber") {
		t = s.findText(in.text("TicketID"))
	}
	if t == nil || s.accessTo(who, t) == AccessNone || s.mode == ModeZnuny && s.accessTo(who, t) != AccessFull {
		return nil, refusal(op, "AccessDenied", "User does not have access to the ticket!")
	}
	return t, nil
}

// mayWrite is how OTOBO judges an update of a ticket that the agent can see: by the rights for what it changes. For title, lock,
// type, customer and an open state it asks for none.
func mayWrite(op string, access Access, c change) error {
	for _, need := range []struct {
		wanted bool
		most   Access
		text   string
	}{
		{len(c.articles) > 0, AccessDocumented, "create new articles"},
		{len(c.fields) > 0, AccessFull, "update dynamic fields"},
		{c.queue.given(), AccessDocumented, "update queue"},
		{c.owner.given(), AccessFull, "update owner"},
		{c.responsible.given(), AccessFull, "update responsibe"},
		{c.priority.given(), AccessDocumented, "update priority"},
		{c.endsWork, AccessFull, "update state"},
	} {
		if need.wanted && access > need.most {
			return refusal(op, "AccessDenied", "Does not have permissions to "+need.text+"!")
		}
	}
	return nil
}

// change is a checked request for an update; what isn't given stays as it is.
type change struct {
	title              string
	queue              wanted[queue]
	lock, kind         wanted[named]
	state              wanted[state]
	endsWork           bool // the state is a closed or a pending one
	pendingUntil       time.Time
	customer           *customer
	priority           wanted[named]
	owner, responsible wanted[agent]
	articles           []draft
	fields             []fieldValue
}

type fieldValue struct {
	name  string
	value any
}

// planUpdate checks the parts of an update in the order of the servers: their structure first, then what is in them.
func (s *System) planUpdate(op string, t *ticket, who actor, in fields) (change, error) {
	var c change
	for _, key := range []string{"Ticket", "Article"} {
		if key == "Article" && s.mode == ModeZnuny {
			continue // it takes lists, and looks at them later
		}
		if _, ok := in.object(key); in[key] != nil && !ok {
			return c, refusal(op, "InvalidParameter", key+" parameter is not valid!")
		}
	}
	if err := optionalLists(op, in); err != nil {
		return c, err
	}
	if in["Ticket"] != nil {
		asked, _ := in.object("Ticket")
		if err := s.planTicket(op, asked.trimmed(), t, &c); err != nil {
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
		return c, refusal(op, "MissingParameter", "To create an attachment an article is needed!")
	}
	last := &c.articles[len(c.articles)-1]
	last.files = append(last.files, files...)
	return c, nil
}

// optionalLists refuses what is neither an object nor a list with something in it.
func optionalLists(op string, in fields) error {
	for _, key := range []string{"DynamicField", "Attachment"} {
		list, isList := in[key].([]any)
		_, isObject := in.object(key)
		if in[key] != nil && !isObject && (!isList || len(list) == 0) {
			return refusal(op, "MissingParameter", key+" parameter is missing or not valid!")
		}
	}
	return nil
}

// planTicket checks the fields of the ticket itself; t is nil for a new one.
func (s *System) planTicket(op string, in fields, t *ticket, c *change) error {
	c.title = untilNUL(in.text("Title"))
	if err := s.planCustomer(op, in, t, c); err != nil {
		return err
	}
	for _, err := range []error{
		pick(op, in, "Queue", s.catalog.queues, &c.queue, t == nil),
		pick(op, in, "Lock", s.catalog.locks, &c.lock, false),
		pick(op, in, "Type", s.catalog.types, &c.kind, false),
		pick(op, in, "Service", nil, new(wanted[named]), false),
		pick(op, in, "SLA", nil, new(wanted[named]), false),
		pick(op, in, "State", s.catalog.states, &c.state, t == nil),
		pick(op, in, "Priority", s.catalog.priorities, &c.priority, t == nil),
		pick(op, in, "Owner", s.catalog.agents, &c.owner, false),
		pick(op, in, "Responsible", s.catalog.agents, &c.responsible, false),
	} {
		if err != nil {
			return err
		}
	}
	c.endsWork = c.state.aim().closed() || c.state.aim().pending()
	if in.has("PendingTime") {
		until, ok := pendingTime(in, s.now())
		if !ok {
			return refusal(op, "InvalidParameter", "Ticket->PendingTime parameter is invalid!")
		}
		c.pendingUntil = until
	}
	return nil
}

// planCustomer checks a customer user, who needs not be known when the login is an address, and takes the company as it is given.
// A company without a customer user takes the ticket away from the one it had.
func (s *System) planCustomer(op string, in fields, t *ticket, c *change) error {
	if !in.has("CustomerUser") && (t == nil || !in.has("CustomerID")) {
		return nil
	}
	who := customer{}
	if in.has("CustomerUser") {
		who = s.catalog.customer(in.text("CustomerUser"))
		if !s.catalog.knowsCustomer(who.login) && !validAddresses(who.login) {
			return refusal(op, "InvalidParameter", "Ticket->CustomerUser parameter is invalid!")
		}
	}
	if in.has("CustomerID") {
		who.company = in.text("CustomerID")
	}
	c.customer = &who
	return nil
}

// pick reads an entry that the request names or gives the id of.
func pick[E interface{ entry() named }](op string, in fields, key string, entries []E, to *wanted[E], required bool) error {
	*to = wanted[E]{known: entries}
	if in.has(key) {
		to.name = in.text(key)
	}
	if in.has(key + "ID") {
		to.id = in.text(key + "ID")
	}
	what := "Ticket->" + key + "ID or Ticket->" + key + " parameter is "
	switch {
	case !in.has(key) && !in.has(key+"ID") && required:
		return refusal(op, "MissingParameter", what+"required!")
	case (in.has(key) || in.has(key+"ID")) && !to.valid():
		return refusal(op, "InvalidParameter", what+"invalid!")
	}
	return nil
}

// pendingTime reads {"Diff": minutes} or {"Year", "Month", "Day", "Hour", "Minute"}.
func pendingTime(in fields, now time.Time) (time.Time, bool) {
	at, ok := in.object("PendingTime")
	if !ok {
		return time.Time{}, false
	}
	at = at.trimmed()
	if at["Diff"] != nil {
		minutes, err := strconv.ParseUint(at.text("Diff"), 10, 31)
		return now.Add(time.Duration(minutes) * time.Minute), err == nil && len(at) == 1
	}
	var parts [5]int
	for i, key := range []string{"Year", "Month", "Day", "Hour", "Minute"} {
		n, err := strconv.Atoi(at.text(key))
		if err != nil {
			return time.Time{}, false
		}
		parts[i] = n
	}
	until := time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], 0, 0, time.UTC)
	// A date such as the 31st of June is moved on by time.Date and refused by the servers.
	same := until.Day() == parts[2] && int(until.Month()) == parts[1] && until.Hour() == parts[3] && until.Minute() == parts[4]
	return until, same
}

// planArticles checks the article, or on Znuny the list of them. There an article may bring dynamic fields of its own.
func (s *System) planArticles(op string, who actor, in fields, c *change) ([]draft, error) {
	all, ok := in.objects("Article")
	if !ok {
		return nil, refusal(op, "InvalidParameter", "Article parameter is not valid!")
	}
	drafts := make([]draft, 0, len(all))
	for _, a := range all {
		d, err := s.readArticle(op, who, a)
		if err != nil {
			return nil, err
		}
		if d.from == "" {
			d.from = s.fullName(who)
		}
		d.event = cmp.Or(d.event, "AddNote")
		d.comment = cmp.Or(d.comment, "%%GenericInterface Note")
		if s.mode == ModeZnuny {
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

// fullName is who an article is from that doesn't say it.
func (s *System) fullName(who actor) string {
	if who.isCustomer() {
		return s.catalog.customer(who.customer).address
	}
	return s.agent(who.id).fullName
}

func (s *System) planFields(op string, given any) ([]fieldValue, error) {
	var list []any
	switch v := given.(type) {
	case nil:
	case []any:
		list = v
	default:
		list = []any{v}
	}
	values := make([]fieldValue, 0, len(list))
	for _, each := range list {
		f, ok := each.(map[string]any)
		if !ok || len(f) == 0 {
			return nil, fault(op + ": Ticket->DynamicField parameter is invalid!")
		}
		in := fields(f).trimmed()
		for _, key := range []string{"Name", "Value"} {
			_, isObject := in[key].(map[string]any)
			if in[key] == nil || isObject {
				return nil, refusal(op, "MissingParameter", "DynamicField->"+key+" parameter is missing!")
			}
		}
		field, known := s.catalog.field(in.text("Name"))
		if !known {
			return nil, refusal(op, "InvalidParameter", "DynamicField->Name parameter is invalid!")
		}
		value, ok := readFieldValue(field, in["Value"])
		if !ok {
			return nil, refusal(op, "InvalidParameter", "DynamicField->Value parameter is invalid!")
		}
		values = append(values, fieldValue{field.Name, value})
	}
	return values, nil
}

func addArticleIDs(out object, articles []*article) {
	switch len(articles) {
	case 0:
	case 1:
		out["ArticleID"] = articles[0].id
	default:
		ids := make([]int64, len(articles))
		for i, a := range articles {
			ids[i] = a.id
		}
		out["ArticleIDs"] = ids
	}
}

// addTicketData adds what IncludeTicketData 1 promises. OTOBO shows the latest article even when the request brought none.
func (s *System) addTicketData(out object, t *ticket, articles []*article) {
	data := s.ticketAnswer(t)
	if all := s.dynamicFieldAnswer(t); all != nil {
		data["DynamicField"] = all
	}
	out["Ticket"] = data
	addArticleIDs(out, articles)
	switch {
	case len(articles) == 1:
		data["Article"] = s.newArticleAnswer(t, articles[0])
	case len(articles) > 1:
		shown := make([]object, len(articles))
		for i, a := range articles {
			shown[i] = s.newArticleAnswer(t, a)
		}
		data["Articles"] = shown
	case s.mode == ModeOTOBO && len(t.articles) > 0:
		latest := t.articles[len(t.articles)-1]
		out["ArticleID"], data["Article"] = latest.id, s.articleHead(t, latest)
	}
}

func (s *System) newArticleAnswer(t *ticket, a *article) object {
	out := s.articleAnswer(t, a)
	if files := fileAnswers(a, true, true); len(files) > 0 {
		for _, f := range files {
			delete(f, "FileID")
		}
		out["Attachment"] = files
	}
	return out
}
