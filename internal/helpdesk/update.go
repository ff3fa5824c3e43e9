package helpdesk

import (
	"net/http"
	"net/mail"
	"strconv"
	"time"
	"unicode/utf8"
)

// update answers TicketUpdate. All names and values are checked before anything is written; what fails later (a queue the agent
// may not move into, a pending state without a time) leaves the changes before it in place.
func (s *store) update(in fields) (object, error) {
	const op = "TicketUpdate"
	t, err := s.ticketToUpdate(op, in)
	if err != nil {
		return nil, err
	}
	change, err := s.planUpdate(op, t, in)
	if err != nil {
		return nil, err
	}
	articles, err := s.apply(op, t, change)
	if err != nil {
		return nil, err
	}
	out := object{"TicketID": in["TicketID"], "TicketNumber": t.number}
	if !in.has("TicketID") {
		out["TicketID"] = strconv.FormatInt(t.id, 10)
	}
	s.addTicketData(out, t, articles)
	return out, nil
}

func (s *store) ticketToUpdate(op string, in fields) (*ticket, error) {
	var t *ticket
	switch {
	case in.has("TicketID"):
		t = s.find(in.text("TicketID"))
	case in.has("TicketNumber"):
		t = s.findNumber(in.text("TicketNumber"))
	default:
		return nil, refusal(op, "MissingParameter", "TicketID or TicketNumber is required!")
	}
	if t == nil || !s.mayUpdate(t) {
		return nil, refusal(op, "AccessDenied", "User does not have access to the ticket!")
	}
	return t, nil
}

func (s *store) mayUpdate(t *ticket) bool {
	access := s.access(t)
	return access == AccessFull || (access == AccessDocumented && s.mode == ModeOTOBO)
}

// change is a checked request for an update; a nil field stays as it is.
type change struct {
	title              string
	queue              *queue
	lock               *named
	kind               *named
	state              *state
	pendingUntil       time.Time
	customer           *customer
	priority           *named
	owner, responsible *named
	articles           []draft
	fields             []fieldValue
}

type fieldValue struct {
	name  string
	value any
}

func (s *store) planUpdate(op string, t *ticket, in fields) (change, error) {
	var c change
	if in["Ticket"] != nil {
		wanted, ok := in.object("Ticket")
		if !ok {
			return c, refusal(op, "InvalidParameter", "Ticket parameter is not valid!")
		}
		if err := s.planTicket(op, wanted.trimmed(), &c); err != nil {
			return c, err
		}
	}
	if in["Article"] != nil {
		drafts, err := s.planArticles(op, in)
		if err != nil {
			return c, err
		}
		c.articles = drafts
	}
	values, err := s.planFields(op, in)
	c.fields = values
	return c, err
}

// planTicket checks the fields of the ticket itself.
func (s *store) planTicket(op string, in fields, c *change) error {
	c.title = untilNUL(in.text("Title"))
	if in.has("CustomerUser") {
		who := s.catalog.customer(in.text("CustomerUser"))
		if _, err := mail.ParseAddress(who.address); err != nil {
			return refusal(op, "InvalidParameter", "Ticket->CustomerUser parameter is invalid!")
		}
		c.customer = &who
	}
	var q *queue
	var st *state
	var owner, responsible *agent
	for _, err := range []error{
		pick(op, in, "Queue", s.catalog.queues, &q),
		pick(op, in, "Lock", s.catalog.locks, &c.lock),
		pick(op, in, "Type", s.catalog.types, &c.kind),
		pick(op, in, "Service", nil, new(*named)),
		pick(op, in, "SLA", nil, new(*named)),
		pick(op, in, "State", s.catalog.states, &st),
		pick(op, in, "Priority", s.catalog.priorities, &c.priority),
		pick(op, in, "Owner", s.catalog.agents, &owner),
		pick(op, in, "Responsible", s.catalog.agents, &responsible),
	} {
		if err != nil {
			return err
		}
	}
	c.queue, c.state = q, st
	if owner != nil {
		c.owner = &owner.named
	}
	if responsible != nil {
		c.responsible = &responsible.named
	}
	if in["PendingTime"] != nil {
		until, ok := pendingTime(in, s.now())
		if !ok {
			return refusal(op, "InvalidParameter", "Ticket->PendingTime parameter is invalid!")
		}
		c.pendingUntil = until
	}
	return nil
}

// pick reads an entry that the request names or gives the id of; to stays nil when it does neither.
func pick[E interface{ entry() named }](op string, in fields, key string, entries []E, to **E) error {
	chosen, given, known := choose(entries, in, key)
	if !given {
		return nil
	}
	if !known {
		return refusal(op, "InvalidParameter", "Ticket->"+key+"ID or Ticket->"+key+" parameter is invalid!")
	}
	*to = &chosen
	return nil
}

// pendingTime reads {"Diff": minutes} or {"Year", "Month", "Day", "Hour", "Minute"}.
func pendingTime(in fields, now time.Time) (time.Time, bool) {
	at, ok := in.object("PendingTime")
	if !ok {
		return time.Time{}, false
	}
	if at.has("Diff") {
		minutes, err := strconv.Atoi(at.text("Diff"))
		return now.Add(time.Duration(minutes) * time.Minute), err == nil
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

// planArticles checks the article, or on Znuny the list of them; attachments go to the last.
func (s *store) planArticles(op string, in fields) ([]draft, error) {
	all, ok := in.objects("Article")
	if _, isList := in["Article"].([]any); !ok || (isList && s.mode == ModeOTOBO) {
		return nil, refusal(op, "InvalidParameter", "Article parameter is not valid!")
	}
	drafts := make([]draft, 0, len(all))
	for _, a := range all {
		d, err := s.catalog.readArticle(op, a)
		if err != nil {
			return nil, err
		}
		if d.from == "" {
			d.from = s.fullName(loginID)
		}
		if d.event == "" {
			d.event = "AddNote"
		}
		drafts = append(drafts, d)
	}
	files, err := readFiles(op, in)
	last := &drafts[len(drafts)-1]
	last.files = append(last.files, files...)
	return drafts, err
}

func (s *store) fullName(id int64) string {
	for _, a := range s.catalog.agents {
		if a.id == id {
			return a.fullName
		}
	}
	return ""
}

func (s *store) planFields(op string, in fields) ([]fieldValue, error) {
	if in["DynamicField"] == nil {
		return nil, nil
	}
	all, ok := in.objects("DynamicField")
	if !ok {
		return nil, refusal(op, "InvalidParameter", "DynamicField parameter is not valid!")
	}
	values := make([]fieldValue, 0, len(all))
	for _, f := range all {
		f = f.trimmed()
		field, known := s.catalog.field(f.text("Name"))
		if !known {
			return nil, refusal(op, "InvalidParameter", "DynamicField->Name parameter is invalid!")
		}
		value, ok := field.value(f["Value"])
		if !ok {
			return nil, refusal(op, "InvalidParameter", "DynamicField->Value parameter is invalid!")
		}
		values = append(values, fieldValue{field.Name, value})
	}
	return values, nil
}

// apply writes a change in the order of the servers. A value that is there already is no change.
func (s *store) apply(op string, t *ticket, c change) ([]*article, error) {
	by := loginID
	if c.title != "" && c.title != t.title {
		if utf8.RuneCountInString(c.title) > maxTitle {
			return nil, fault("OperationObject returned an error, cancelling Request")
		}
		s.record(t, by, "TitleUpdate", t.title, c.title)
		t.title = c.title
	}
	if c.queue != nil && c.queue.id != t.queue {
		if c.queue.access > AccessDocumented {
			return nil, fault("Ticket queue could not be updated, please contact system administrator!")
		}
		old := s.catalog.queue(t.queue)
		s.record(t, by, "Move", c.queue.name, strconv.FormatInt(c.queue.id, 10), old.name, strconv.FormatInt(old.id, 10))
		t.queue = c.queue.id
	}
	if c.lock != nil && c.lock.id != t.lock.id {
		event := "Lock"
		if c.lock.name == "unlock" {
			event = "Unlock"
		} else {
			t.unlockTimeout = s.now().Unix()
		}
		s.record(t, by, event, c.lock.name)
		t.lock = *c.lock
	}
	if c.kind != nil && c.kind.id != t.kind.id {
		s.record(t, by, "TypeUpdate", c.kind.name, strconv.FormatInt(c.kind.id, 10), t.kind.name, strconv.FormatInt(t.kind.id, 10))
		t.kind = *c.kind
	}
	if err := s.applyState(op, t, c); err != nil {
		return nil, err
	}
	s.applyPeople(t, c)
	articles := make([]*article, 0, len(c.articles))
	for _, d := range c.articles {
		a, err := s.addArticle(t, d, by)
		if err != nil {
			return nil, err
		}
		articles = append(articles, a)
	}
	s.applyFields(t, c.fields)
	return articles, nil
}

func (s *store) applyState(op string, t *ticket, c change) error {
	if c.state == nil {
		if t.state.pending() && !c.pendingUntil.IsZero() {
			s.setPendingTime(t, c.pendingUntil)
		}
		return nil
	}
	if c.state.pending() {
		if c.pendingUntil.IsZero() {
			return &failure{
				status: http.StatusOK, code: op + ".MissingParameter",
				text: "Can't set a ticket on a pending state without pendig time!",
			}
		}
		s.setPendingTime(t, c.pendingUntil)
	}
	if c.state.id != t.state.id {
		s.record(t, loginID, "StateUpdate", t.state.name, c.state.name)
		t.state = *c.state
	}
	return nil
}

func (s *store) setPendingTime(t *ticket, until time.Time) {
	if t.pendingUntil.Equal(until) {
		return
	}
	t.pendingUntil = until
	s.record(t, loginID, "SetPendingTime", stamp(until))
}

// applyPeople writes the customer, the priority and those who work on the ticket, in this order.
func (s *store) applyPeople(t *ticket, c change) {
	by := loginID
	if c.customer != nil && c.customer.login != t.customer {
		t.customer, t.company = c.customer.login, c.customer.company
		s.record(t, by, "CustomerUpdate", "CustomerID="+t.company+";CustomerUser="+t.customer+";")
	}
	if c.priority != nil && c.priority.id != t.priority.id {
		s.record(t, by, "PriorityUpdate", t.priority.name, strconv.FormatInt(t.priority.id, 10), c.priority.name, strconv.FormatInt(c.priority.id, 10))
		t.priority = *c.priority
	}
	if c.owner != nil && c.owner.id != t.owner.id {
		s.record(t, by, "OwnerUpdate", c.owner.name, strconv.FormatInt(c.owner.id, 10))
		t.owner = *c.owner
	}
	if c.responsible != nil && c.responsible.id != t.responsible.id {
		s.record(t, by, "ResponsibleUpdate", c.responsible.name, strconv.FormatInt(c.responsible.id, 10))
		t.responsible = *c.responsible
	}
}

func (s *store) applyFields(t *ticket, values []fieldValue) {
	for _, f := range values {
		if sameValue(t.fields[f.name], f.value) {
			continue
		}
		if f.value == nil {
			delete(t.fields, f.name)
		} else {
			t.fields[f.name] = f.value
		}
		s.record(t, loginID, "TicketDynamicFieldUpdate", f.name)
	}
}

// addTicketData adds what IncludeTicketData 1 promises. OTOBO shows the latest article even when the request brought none.
func (s *store) addTicketData(out object, t *ticket, articles []*article) {
	data := s.ticketAnswer(t)
	if all := s.dynamicFieldAnswer(t); all != nil {
		data["DynamicField"] = all
	}
	out["Ticket"] = data
	switch {
	case len(articles) == 1:
		out["ArticleID"] = articles[0].id
		data["Article"] = s.newArticleAnswer(t, articles[0])
	case len(articles) > 1:
		ids, shown := make([]int64, len(articles)), make([]object, len(articles))
		for i, a := range articles {
			ids[i], shown[i] = a.id, s.newArticleAnswer(t, a)
		}
		out["ArticleIDs"], data["Articles"] = ids, shown
	case s.mode == ModeOTOBO && len(t.articles) > 0:
		latest := t.articles[len(t.articles)-1]
		out["ArticleID"], data["Article"] = latest.id, s.articleHead(t, latest)
	}
}

func (s *store) newArticleAnswer(t *ticket, a *article) object {
	out := s.articleAnswer(t, a)
	if files := fileAnswers(a, true, true); len(files) > 0 {
		for _, f := range files {
			delete(f, "FileID")
		}
		out["Attachment"] = files
	}
	return out
}
