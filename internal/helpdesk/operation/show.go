package operation

import (
	"strconv"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// ticketAnswer shows a ticket as TicketGet and TicketUpdate do, without articles.
func (s *System) ticketAnswer(t *store.Ticket) wire.Object {
	now := s.Now()
	q := s.Catalog.Queue(t.Queue)
	var pending, until int64
	if t.State.Pending() {
		pending = t.PendingUntil.Unix()
		until = pending - now.Unix()
	}
	return wire.Object{
		"Age":                    now.Unix() - t.Created.Unix(),
		"ArchiveFlag":            "n",
		"ChangeBy":               t.ChangedBy,
		"Changed":                wire.Stamp(t.Changed),
		"CreateBy":               t.CreatedBy,
		"Created":                wire.Stamp(t.Created),
		"CustomerID":             t.Company,
		"CustomerUserID":         t.Customer,
		"EscalationResponseTime": 0,
		"EscalationSolutionTime": 0,
		"EscalationTime":         0,
		"EscalationUpdateTime":   0,
		"GroupID":                q.Group,
		"Lock":                   t.Lock.Name,
		"LockID":                 t.Lock.ID,
		"Owner":                  t.Owner.Name,
		"OwnerID":                t.Owner.ID,
		"Priority":               t.Priority.Name,
		"PriorityID":             t.Priority.ID,
		"Queue":                  q.Name,
		"QueueID":                q.ID,
		"RealTillTimeNotUsed":    pending,
		"Responsible":            t.Responsible.Name,
		"ResponsibleID":          t.Responsible.ID,
		"SLAID":                  "",
		"ServiceID":              "",
		"State":                  t.State.Name,
		"StateID":                t.State.ID,
		"StateType":              t.State.Type,
		"TicketID":               t.ID,
		"TicketNumber":           t.Number,
		"Title":                  t.Title,
		"Type":                   t.Type.Name,
		"TypeID":                 t.Type.ID,
		"UnlockTimeout":          t.UnlockTimeout,
		"UntilTime":              until,
	}
}

// dynamicFieldAnswer lists the ticket's dynamic fields by name. Znuny leaves out empty ones, OTOBO shows them as null.
func (s *System) dynamicFieldAnswer(t *store.Ticket) []wire.Object {
	var all []wire.Object
	for _, f := range s.Catalog.Fields {
		value, set := t.Fields[f.Name]
		if set || s.mode == wire.ModeOTOBO {
			all = append(all, wire.Object{"Name": f.Name, "Value": value})
		}
	}
	return all
}

// articleAnswer shows an article; one that was stored without its text (see [store.Store.AddArticle]) has only the first half.
func (s *System) articleAnswer(t *store.Ticket, a *store.Article) wire.Object {
	head := s.articleHead(t, a)
	if a.Orphan {
		return head
	}
	for key, value := range (wire.Object{
		"Bcc":                  a.Bcc,
		"Body":                 a.Body,
		"Cc":                   a.Cc,
		"Charset":              a.Charset,
		"CommunicationChannel": a.Channel.Name,
		"ContentCharset":       a.Charset,
		"ContentType":          a.MIMEType + "; charset=" + a.Charset,
		"From":                 a.From,
		"InReplyTo":            "",
		"IncomingTime":         a.Created.Unix(),
		"MessageID":            "",
		"MimeType":             a.MIMEType,
		"References":           "",
		"ReplyTo":              "",
		"Subject":              a.Subject,
		"To":                   a.To,
	}) {
		head[key] = value
	}
	if s.mode == wire.ModeOTOBO {
		delete(head, "CommunicationChannel")
		head["IsDeleted"], head["IsEdited"] = 0, 0
	}
	return head
}

func (s *System) articleHead(t *store.Ticket, a *store.Article) wire.Object {
	visible := 0
	if a.Visible {
		visible = 1
	}
	return wire.Object{
		"ArticleID":              a.ID,
		"ArticleNumber":          a.Number,
		"ChangeBy":               a.CreatedBy,
		"ChangeTime":             wire.Stamp(a.Created),
		"CommunicationChannelID": a.Channel.ID,
		"CreateBy":               a.CreatedBy,
		"CreateTime":             wire.Stamp(a.Created),
		"IsVisibleForCustomer":   visible,
		"SenderType":             a.Sender.Name,
		"SenderTypeID":           strconv.FormatInt(a.Sender.ID, 10),
		"TicketID":               t.ID,
	}
}
