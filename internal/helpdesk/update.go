package helpdesk

import (
	"net/mail"
	"strconv"
	"time"
)

// update answers TicketUpdate. All names and values are checked before anything is written; what fails later (a queue the agent
// may not move into, a pending state without a time) leaves the changes before it in place.
func (s *store) update(in fields, at *stop) (object, error) {
	const op = "TicketUpdate"
	t, err := s.ticketToUpdate(op, in)
	if err != nil {
		return nil, err
	}
	change, err := s.planUpdate(op, t, in)
	if err != nil {
		return nil, err
	}
	articles, err := s.apply(op, t, change, at)
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
