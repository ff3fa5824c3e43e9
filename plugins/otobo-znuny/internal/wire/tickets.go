package wire

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// ReadOptions say which articles to read, and what of them besides their plain text.
type ReadOptions struct {
	FirstArticle bool // only the first article
	Attachments  string
	HTML         bool
}

// Message is the request for tickets with their articles and dynamic fields. The
// servers send an article's HTML as an attachment, so HTML requires contents, too.
func (r ReadOptions) Message() Message {
	m := Message{"AllArticles": 1, "DynamicFields": 1}
	contents := r.HTML || r.Attachments == AttachmentsContents
	switch {
	case contents:
		m["Attachments"], m["GetAttachmentContents"] = 1, 1
	case r.Attachments == AttachmentsNames:
		m["Attachments"], m["GetAttachmentContents"] = 1, 0
	default:
		m["Attachments"] = 0
	}
	if r.FirstArticle {
		m["ArticleLimit"], m["ArticleOrder"] = 1, "ASC"
	}
	if r.HTML {
		m["HTMLBodyAsAttachment"] = 1
	}
	return m
}

// The values of the param attachments.
const (
	AttachmentsNone     = "none"
	AttachmentsNames    = "names"
	AttachmentsContents = "contents"
)

// ticketKeys are the keys of a ticket that have a field in the contract.
var ticketKeys = map[string]bool{
	"TicketID": true, "TicketNumber": true, "Title": true, "Created": true, "Changed": true,
	"Queue": true, "QueueID": true, "Priority": true, "PriorityID": true, "State": true, "StateID": true,
	"Owner": true, "OwnerID": true, "CustomerUserID": true,
	"Article": true, "Articles": true, "DynamicField": true,
}

// articleKeys are those of an article, and Attachment, which may be large.
var articleKeys = map[string]bool{
	"ArticleID": true, "Subject": true, "Body": true, "ContentType": true, "IsVisibleForCustomer": true,
	"From": true, "CreateTime": true, "TicketID": true, "Attachment": true, "DynamicField": true,
}

// Ticket is a record as templates see it.
func (r Record) Ticket(zone *time.Location, what ReadOptions) api.Ticket {
	t := api.Ticket{
		ID:       r.Text("TicketID"),
		Number:   r.Text("TicketNumber"),
		Subject:  r.Text("Title"),
		Queue:    r.entity("QueueID", "Queue"),
		Priority: r.entity("PriorityID", "Priority"),
		State:    r.entity("StateID", "State"),
		Owner:    r.entity("OwnerID", "Owner"),
		// A customer user's only id is the login.
		Customer: r.entity("CustomerUserID", "CustomerUserID"),
		Created:  r.Time("Created", zone),
		Changed:  r.Time("Changed", zone),
		Fields:   r.fields(ticketKeys),
	}
	articles := r.Articles()
	if what.FirstArticle && len(articles) > 1 {
		articles = articles[:1] // in a batch OTOBO sends all articles of tickets after one without any
	}
	for _, a := range articles {
		t.Notes = append(t.Notes, a.note(zone, what))
	}
	if len(t.Notes) > 0 {
		t.Body = t.Notes[0].Body
	}
	return t
}

func (r Record) note(zone *time.Location, what ReadOptions) api.Note {
	n := api.Note{
		ID:                r.Text("ArticleID"),
		Subject:           r.Text("Subject"),
		Body:              cmp.Or(r.Text("Body"), r.chat()),
		ContentType:       r.Text("ContentType"),
		VisibleToCustomer: Truth(r["IsVisibleForCustomer"]),
		Author:            r.Text("From"),
		Created:           r.Time("CreateTime", zone),
		Fields:            r.fields(articleKeys),
	}
	// IncomingTime is in seconds since 1970, independent of zones.
	if s := r.Number("IncomingTime"); s > 0 {
		n.Created = time.Unix(s, 0).In(zone)
	}
	files, html := r.files(what.Attachments == AttachmentsContents)
	if what.Attachments != AttachmentsNone && what.Attachments != "" && files != nil {
		n.Fields["Attachments"] = files
	}
	if what.HTML && html != "" {
		n.Fields["HTML"] = html
	}
	return n
}

// chat is the text of an article of the channel Chat, which has messages, not a body.
func (r Record) chat() string {
	var b strings.Builder
	for _, m := range records(r["ChatMessageList"]) {
		fmt.Fprintf(&b, "%s: %s\n", cmp.Or(m.Text("ChatterName"), m.Text("ChatterType")), m.Text("MessageText"))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// fields are all keys except the known ones, and the dynamic fields.
func (r Record) fields(known map[string]bool) map[string]any {
	out := make(map[string]any)
	for k, v := range r {
		if !known[k] {
			out[k] = templateValue(v)
		}
	}
	for name, v := range r.DynamicFields() {
		out[DynamicPrefix+name] = templateValue(v)
	}
	return out
}

// htmlBody is the name under which the servers send an article's HTML; its plain
// rendering is the body.
const htmlBody = "file-2"

// files are an article's attachments as templates see them, and the HTML of its body
// if the servers sent it among them.
func (r Record) files(withContent bool) (list []any, html string) {
	for _, f := range records(r["Attachment"]) {
		kind := strings.ToLower(f.Text("ContentType"))
		if f.Text("Filename") == htmlBody && f.Text("Disposition") == "inline" && strings.HasPrefix(kind, "text/html") {
			if b, err := base64.StdEncoding.DecodeString(f.Text("Content")); err == nil {
				html = string(b)
			}
			continue
		}
		file := map[string]any{
			"Filename": f.Text("Filename"), "ContentType": f.Text("ContentType"),
			"Size": f.Number("FilesizeRaw"), "Disposition": f.Text("Disposition"), "ContentID": f.Text("ContentID"),
		}
		if withContent {
			file["Content"] = f.Text("Content")
		}
		list = append(list, file)
	}
	return list, html
}
