package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// ids are identifiers. Servers send them as numbers, as strings, one alone or in
// a list, and in different forms within one answer.
type ids []string

// UnmarshalJSON accepts every form.
func (l *ids) UnmarshalJSON(data []byte) error {
	v, err := decodeJSON(data)
	if err != nil {
		return err
	}
	*l = nil
	for _, e := range list(v) {
		if s := text(e); s != "" {
			*l = append(*l, s)
		}
	}
	return nil
}

// decodeJSON keeps numbers as they were written, so that a long id stays whole.
func decodeJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// list is a list in any of its forms: none, one value alone, several.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// text is a scalar as text; "" for null and for what is no scalar.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "1"
		}
		return "0"
	default:
		return ""
	}
}

// truth is a boolean in any of its forms: 1, "1", true, "yes".
func truth(v any) bool {
	switch strings.ToLower(canonical(v)) {
	case "", "0", "no", "false":
		return false
	default:
		return true
	}
}

// plain is a value as templates see it.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil && !math.IsInf(f, 0) {
			return f
		}
		return v.String()
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	default:
		return v
	}
}

// record is a ticket or an article as it was received.
type record map[string]any

func (r record) text(key string) string { return text(r[key]) }

// entity is nil when the record has neither.
func (r record) entity(idKey, nameKey string) *api.Entity {
	e := &api.Entity{ID: r.text(idKey), Name: r.text(nameKey)}
	if e.Validate() != nil {
		return nil
	}
	return e
}

// number is 0 for what is no whole number.
func (r record) number(key string) int64 {
	n, err := strconv.ParseInt(r.text(key), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// records reads one record or a list of them.
func records(v any) []record {
	var out []record
	for _, e := range list(v) {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// articles are a ticket's articles, oldest first. Updates answer with "Article",
// one object, or with "Articles".
func (r record) articles() []record {
	all := append(records(r["Article"]), records(r["Articles"])...)
	sort.SliceStable(all, func(i, j int) bool { return all[i].number("ArticleID") < all[j].number("ArticleID") })
	return all
}

// newestArticle is the highest article id, 0 without articles.
func (r record) newestArticle() int64 {
	var newest int64
	for _, a := range r.articles() {
		newest = max(newest, a.number("ArticleID"))
	}
	return newest
}

// dynamicFields are the dynamic fields by name.
func (r record) dynamicFields() map[string]any {
	fields := make(map[string]any)
	for _, f := range records(r["DynamicField"]) {
		if name := f.text("Name"); name != "" {
			fields[name] = f["Value"]
		}
	}
	return fields
}

// timeLayouts are the forms of a time: the servers' own first, which names no zone.
var timeLayouts = []string{time.DateTime, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly}

// parseTime reads a time in any form. One that names no zone is of the help desk's.
func parseTime(s string, zone *time.Location) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// time is zero for what is no time.
func (r record) time(key string, zone *time.Location) time.Time {
	t, _ := parseTime(r.text(key), zone)
	return t
}

// dynamicPrefix stands before a dynamic field's name wherever it stands among
// other names: in searches the servers want it so, and we use the same name in
// the Fields of tickets and updates.
const dynamicPrefix = "DynamicField_"

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

// canonical is a field's value in the one form in which two values are compared:
// null and "" are the same, a number and its digits too.
func canonical(v any) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = canonical(e)
		}
		return fmt.Sprintf("%q", parts)
	case []string:
		return fmt.Sprintf("%q", v)
	case nil, string, json.Number, bool:
		return strings.TrimSpace(text(v))
	default:
		return strings.TrimSpace(fmt.Sprint(v))
	}
}
