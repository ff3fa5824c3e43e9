package main

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// reading is which articles to read, and what of them beyond their plain text.
type reading struct {
	first       bool // the first article alone
	attachments string
	html        bool
}

// ask is a request for tickets with their articles and dynamic fields. The servers
// send the HTML of an article as an attachment, so that contents are asked for when
// only HTML is wanted.
func (r reading) ask() message {
	m := message{"AllArticles": 1, "DynamicFields": 1}
	contents := r.html || r.attachments == attachmentsContents
	switch {
	case contents:
		m["Attachments"], m["GetAttachmentContents"] = 1, 1
	case r.attachments == attachmentsNames:
		m["Attachments"], m["GetAttachmentContents"] = 1, 0
	default:
		m["Attachments"] = 0
	}
	if r.first {
		m["ArticleLimit"], m["ArticleOrder"] = 1, "ASC"
	}
	if r.html {
		m["HTMLBodyAsAttachment"] = 1
	}
	return m
}

// The values of the param attachments.
const (
	attachmentsNone     = "none"
	attachmentsNames    = "names"
	attachmentsContents = "contents"
)

// ticketKeys are the keys of a ticket that have a field of their own.
var ticketKeys = map[string]bool{
	"TicketID": true, "TicketNumber": true, "Title": true, "Created": true, "Changed": true,
	"Queue": true, "QueueID": true, "Priority": true, "PriorityID": true, "State": true, "StateID": true,
	"Owner": true, "OwnerID": true, "CustomerUserID": true,
	"Article": true, "Articles": true, "DynamicField": true,
}

// articleKeys are the same of an article; Attachment may be large.
var articleKeys = map[string]bool{
	"ArticleID": true, "Subject": true, "Body": true, "ContentType": true, "IsVisibleForCustomer": true,
	"From": true, "CreateTime": true, "TicketID": true, "Attachment": true, "DynamicField": true,
}

// ticket turns a record into the form that templates see.
func (r record) ticket(zone *time.Location, what reading) api.Ticket {
	t := api.Ticket{
		ID:       r.text("TicketID"),
		Number:   r.text("TicketNumber"),
		Subject:  r.text("Title"),
		Queue:    r.entity("QueueID", "Queue"),
		Priority: r.entity("PriorityID", "Priority"),
		State:    r.entity("StateID", "State"),
		Owner:    r.entity("OwnerID", "Owner"),
		// A customer user has no other id than the login.
		Customer: r.entity("CustomerUserID", "CustomerUserID"),
		Created:  r.time("Created", zone),
		Changed:  r.time("Changed", zone),
		Fields:   r.fields(ticketKeys),
	}
	articles := r.articles()
	if what.first && len(articles) > 1 {
		articles = articles[:1] // OTOBO sends them all of those behind a ticket without any
	}
	for _, a := range articles {
		t.Notes = append(t.Notes, a.note(zone, what))
	}
	if len(t.Notes) > 0 {
		t.Body = t.Notes[0].Body
	}
	return t
}

func (r record) note(zone *time.Location, what reading) api.Note {
	n := api.Note{
		ID:                r.text("ArticleID"),
		Subject:           r.text("Subject"),
		Body:              cmp.Or(r.text("Body"), r.chat()),
		ContentType:       r.text("ContentType"),
		VisibleToCustomer: truth(r["IsVisibleForCustomer"]),
		Author:            r.text("From"),
		Created:           r.time("CreateTime", zone),
		Fields:            r.fields(articleKeys),
	}
	// IncomingTime counts seconds since 1970 and so needs no zone.
	if s := r.number("IncomingTime"); s > 0 {
		n.Created = time.Unix(s, 0).In(zone)
	}
	files, html := r.files(what.attachments == attachmentsContents)
	if what.attachments != attachmentsNone && what.attachments != "" && files != nil {
		n.Fields["Attachments"] = files
	}
	if what.html && html != "" {
		n.Fields["HTML"] = html
	}
	return n
}

// chat is the text of an article of the channel Chat, which has messages for a body.
func (r record) chat() string {
	var b strings.Builder
	for _, m := range records(r["ChatMessageList"]) {
		fmt.Fprintf(&b, "%s: %s\n", cmp.Or(m.text("ChatterName"), m.text("ChatterType")), m.text("MessageText"))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// fields are all keys but the known ones, and the dynamic fields.
func (r record) fields(known map[string]bool) map[string]any {
	out := make(map[string]any)
	for k, v := range r {
		if !known[k] {
			out[k] = plain(v)
		}
	}
	for name, v := range r.dynamicFields() {
		out[dynamicPrefix+name] = plain(v)
	}
	return out
}

// htmlBody is the name under which the servers send an article's HTML; its plain
// rendering is the body.
const htmlBody = "file-2"

// files are an article's attachments as templates see them, and the HTML of its
// body where the servers sent it among them.
func (r record) files(withContent bool) (list []any, html string) {
	for _, f := range records(r["Attachment"]) {
		kind := strings.ToLower(f.text("ContentType"))
		if f.text("Filename") == htmlBody && f.text("Disposition") == "inline" && strings.HasPrefix(kind, "text/html") {
			if b, err := base64.StdEncoding.DecodeString(f.text("Content")); err == nil {
				html = string(b)
			}
			continue
		}
		file := map[string]any{
			"Filename": f.text("Filename"), "ContentType": f.text("ContentType"),
			"Size": f.number("FilesizeRaw"), "Disposition": f.text("Disposition"), "ContentID": f.text("ContentID"),
		}
		if withContent {
			file["Content"] = f.text("Content")
		}
		list = append(list, file)
	}
	return list, html
}
