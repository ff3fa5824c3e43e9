package journal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// change is an update in the help desk's names.
type change struct {
	Ticket  map[string]any // attributes
	Dynamic map[string]any // dynamic fields, by name
	Notes   []note
}

// note is an article as it was sent.
type note struct {
	Subject, Body, ContentType, CommunicationChannel, SenderType string
	IsVisibleForCustomer                                         int

	From, TimeUnit, HistoryType, HistoryComment string
	NoAgentNotify                               int

	Once, Mark string
	Dynamic    []field
	Files      []file
	After      int64 // the article's id is above it
}

type field struct {
	Name  string
	Value any
}

type file struct{ Filename, ContentType, Content string }

// dynamicPrefix marks a dynamic field in an update.
const dynamicPrefix = "DynamicField_"

// update is the update that the change was made of. What the plugin does to it before
// it is sent does no more to what has undergone that before, except for the mark at a
// subject's end, which is taken away.
func (c change) update() (u api.TicketUpdate, lost []string) {
	entities := map[string]**api.Entity{"Queue": &u.Queue, "Priority": &u.Priority, "State": &u.State, "Owner": &u.Owner, "CustomerUser": &u.Customer}
	set := func(name string, v any) {
		if u.Fields == nil {
			u.Fields = make(map[string]any)
		}
		u.Fields[name] = plain(v)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Ticket)) {
		v := c.Ticket[key]
		text, isText := v.(string)
		entity, isEntity := entities[strings.TrimSuffix(key, "ID")]
		switch {
		case key == "Title" && isText:
			u.Subject = &text
		case isEntity && !isText, key == "Title":
			lost = append(lost, fmt.Sprintf("%s, which is not a text", key))
		case key == "CustomerUser": // its id is its name
			*entity = &api.Entity{ID: text, Name: text}
		case isEntity && strings.HasSuffix(key, "ID"):
			if *entity == nil {
				*entity = &api.Entity{}
			}
			(*entity).ID = text
		case isEntity:
			if *entity == nil {
				*entity = &api.Entity{}
			}
			(*entity).Name = text
		default:
			set(key, v)
		}
	}
	for name, v := range c.Dynamic {
		set(dynamicPrefix+name, v)
	}
	for _, n := range c.Notes {
		u.Notes = append(u.Notes, n.note())
	}
	return u, lost
}

// record is what the plugin of today keeps of an update that was begun.
func (c change) record() []byte {
	var r struct {
		After int64 `json:"after"`
	}
	for i, n := range c.Notes {
		// Notes had bounds of their own only where an earlier attempt had failed; a note
		// that is to be written once had none.
		if n.Once == "" && (i == 0 || r.After == 0 || n.After < r.After) {
			r.After = n.After
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil // which doesn't happen with a number
	}
	return text
}

func (n note) note() api.Note {
	out := api.Note{Subject: n.Subject, Body: n.Body, ContentType: n.ContentType, VisibleToCustomer: n.IsVisibleForCustomer != 0}
	fields := make(map[string]any)
	for name, v := range map[string]string{
		"From": n.From, "TimeUnit": n.TimeUnit, "HistoryType": n.HistoryType, "HistoryComment": n.HistoryComment, "Once": n.Once,
	} {
		if v != "" {
			fields[name] = v
		}
	}
	if n.CommunicationChannel != "Internal" {
		fields["CommunicationChannel"] = n.CommunicationChannel
	}
	if n.SenderType != "agent" {
		fields["SenderType"] = n.SenderType
	}
	if n.NoAgentNotify != 0 {
		fields["NoAgentNotify"] = true
	}
	for _, f := range n.Dynamic {
		if n.Mark == "" || f.Value != n.Mark {
			fields[dynamicPrefix+f.Name] = plain(f.Value)
		}
	}
	if len(n.Files) > 0 {
		files := make([]any, len(n.Files))
		for i, f := range n.Files {
			files[i] = map[string]any{"Filename": f.Filename, "ContentType": f.ContentType, "Content": f.Content}
		}
		fields["Attachments"] = files
	}
	if n.Mark != "" {
		out.Subject = strings.TrimSuffix(n.Subject, " [otai:"+n.Mark+"]")
	}
	if len(fields) > 0 {
		out.Fields = fields
	}
	return out
}

// plain is a value without json.Number.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		if f, err := v.Float64(); err == nil {
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
