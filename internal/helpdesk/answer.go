package helpdesk

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// failure is a request that ends without doing, or without finishing, what it asks for.
type failure struct {
	status int
	code   string // set for an application error: "TicketUpdate.InvalidParameter"
	text   string // the message of an application error, else the whole body
}

func (f *failure) Error() string {
	if f.code != "" {
		return f.code + ": " + f.text
	}
	return f.text
}

// refusal is an application error: status 200 and an Error object.
func refusal(operation, code, message string) error {
	return &failure{status: http.StatusOK, code: operation + "." + code, text: operation + ": " + message}
}

// sentence is an error of the transport: status 500 and plain text.
func sentence(text string) error {
	return &failure{status: http.StatusInternalServerError, text: text}
}

// fault is an error in the servers' kernel: status 500 and JSON that is called plain text.
func fault(text string) error {
	body, _ := json.Marshal(struct { // two strings can always be encoded
		Code string `json:"faultcode"`
		Text string `json:"faultstring"`
	}{"Server", text})
	return &failure{status: http.StatusInternalServerError, text: string(body)}
}

// object is an answer, or a part of one. encoding/json writes its keys sorted, which is what Znuny does.
type object map[string]any

// errCancelled is what the servers answer when a change fails whose message they lose on the way.
var errCancelled = fault("OperationObject returned an error, cancelling Request")

// answerTo returns the answer to a request that ended with err.
func answerTo(err error) (status int, contentType string, body []byte) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{status: http.StatusInternalServerError, text: err.Error()}
	}
	if f.code == "" {
		return f.status, "text/plain; charset=UTF-8", []byte(f.text)
	}
	body = encode(object{"Error": object{"ErrorCode": f.code, "ErrorMessage": f.text}})
	return f.status, "application/json; charset=UTF-8", body
}

func encode(o object) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(o); err != nil {
		return []byte("{}")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func writeAnswer(w http.ResponseWriter, mode Mode, status int, contentType string, body []byte) {
	writeHead(w, mode, status, contentType, len(body))
	w.Write(body) // an error means that the client is gone
}

func writeHead(w http.ResponseWriter, mode Mode, status int, contentType string, length int) {
	header := w.Header()
	if contentType == "" {
		header["Content-Type"] = nil
	} else {
		header.Set("Content-Type", contentType)
	}
	header.Set("Content-Length", strconv.Itoa(length))
	if mode == ModeZnuny {
		// Its nph script writes the header itself: no Date, no Server.
		header["Date"] = nil
		header.Set("Connection", "Keep-Alive")
	}
	w.WriteHeader(status)
}

// stamp is a time as the servers write it: in their own zone, which is UTC here, and without naming it.
func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

const stampLayout = time.DateTime

func idText(id int64) string { return strconv.FormatInt(id, 10) }

func unixText(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// ticketAnswer shows a ticket as TicketGet and TicketUpdate do, without articles.
func (s *System) ticketAnswer(t *ticket) object {
	now := s.now()
	q := s.catalog.queue(t.queue)
	var pending, until int64
	if t.state.pending() {
		pending = t.pendingUntil.Unix()
		until = pending - now.Unix()
	}
	return object{
		"Age":                    now.Unix() - t.created.Unix(),
		"ArchiveFlag":            "n",
		"ChangeBy":               t.changedBy,
		"Changed":                stamp(t.changed),
		"CreateBy":               t.createdBy,
		"Created":                stamp(t.created),
		"CustomerID":             t.company,
		"CustomerUserID":         t.customer,
		"EscalationResponseTime": 0,
		"EscalationSolutionTime": 0,
		"EscalationTime":         0,
		"EscalationUpdateTime":   0,
		"GroupID":                q.group,
		"Lock":                   t.lock.name,
		"LockID":                 t.lock.id,
		"Owner":                  t.owner.name,
		"OwnerID":                t.owner.id,
		"Priority":               t.priority.name,
		"PriorityID":             t.priority.id,
		"Queue":                  q.name,
		"QueueID":                q.id,
		"RealTillTimeNotUsed":    pending,
		"Responsible":            t.responsible.name,
		"ResponsibleID":          t.responsible.id,
		"SLAID":                  "",
		"ServiceID":              "",
		"State":                  t.state.name,
		"StateID":                t.state.id,
		"StateType":              t.state.kind,
		"TicketID":               t.id,
		"TicketNumber":           t.number,
		"Title":                  t.title,
		"Type":                   t.kind.name,
		"TypeID":                 t.kind.id,
		"UnlockTimeout":          t.unlockTimeout,
		"UntilTime":              until,
	}
}

// dynamicFieldAnswer lists the ticket's dynamic fields by name. Znuny leaves out empty ones, OTOBO shows them as null.
func (s *System) dynamicFieldAnswer(t *ticket) []object {
	var all []object
	for _, f := range s.catalog.fields {
		value, set := t.fields[f.Name]
		if set || s.mode == ModeOTOBO {
			all = append(all, object{"Name": f.Name, "Value": value})
		}
	}
	return all
}

// articleAnswer shows an article; one that was stored without its text (see [store.addArticle]) has its first half only.
func (s *System) articleAnswer(t *ticket, a *article) object {
	head := s.articleHead(t, a)
	if a.orphan {
		return head
	}
	for key, value := range (object{
		"Bcc":                  a.bcc,
		"Body":                 a.body,
		"Cc":                   a.cc,
		"Charset":              a.charset,
		"CommunicationChannel": a.channel.name,
		"ContentCharset":       a.charset,
		"ContentType":          a.mimeType + "; charset=" + a.charset,
		"From":                 a.from,
		"InReplyTo":            "",
		"IncomingTime":         a.created.Unix(),
		"MessageID":            "",
		"MimeType":             a.mimeType,
		"References":           "",
		"ReplyTo":              "",
		"Subject":              a.subject,
		"To":                   a.to,
	}) {
		head[key] = value
	}
	if s.mode == ModeOTOBO {
		delete(head, "CommunicationChannel")
		head["IsDeleted"], head["IsEdited"] = 0, 0
	}
	return head
}

func (s *System) articleHead(t *ticket, a *article) object {
	visible := 0
	if a.visible {
		visible = 1
	}
	return object{
		"ArticleID":              a.id,
		"ArticleNumber":          a.number,
		"ChangeBy":               a.createdBy,
		"ChangeTime":             stamp(a.created),
		"CommunicationChannelID": a.channel.id,
		"CreateBy":               a.createdBy,
		"CreateTime":             stamp(a.created),
		"IsVisibleForCustomer":   visible,
		"SenderType":             a.sender.name,
		"SenderTypeID":           strconv.FormatInt(a.sender.id, 10),
		"TicketID":               t.id,
	}
}
