package try

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/texts"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// readTickets reads the tickets in a table.
func readTickets(ctx context.Context, s app.Settings, file string) ([]api.Ticket, error) {
	given := []api.Ticket{}
	known := make(map[string]bool)
	for row := range texts.Rows(ctx, file, texts.Options{Dir: s.Dir, Stdin: s.Stdin}) {
		if row.Err != nil {
			return nil, fmt.Errorf("%s: %w", row.Place(), row.Err)
		}
		t, err := ticketOf(row.Fields)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row.Place(), err)
		}
		if t.ID == "" {
			t.ID = "row-" + strconv.Itoa(row.Row)
		}
		if known[t.ID] {
			return nil, fmt.Errorf("%s: there is a second ticket with the id %s", row.Place(), t.ID)
		}
		known[t.ID] = true
		given = append(given, t)
	}
	if len(given) == 0 {
		return nil, fmt.Errorf("%s: %w", file, errNoTickets)
	}
	return given, ctx.Err()
}

// columns are the names by which a column of a table is known.
var columns = map[string][]string{
	"id":       {"id", "ticket_id", "ticketid"},
	"number":   {"number", "ticket_number", "ticketnumber", "tn"},
	"subject":  {"subject", "title"},
	"body":     {"body", "text", "description"},
	"queue":    {"queue"},
	"priority": {"priority"},
	"state":    {"state", "status"},
	"owner":    {"owner"},
	"customer": {"customer", "customeruserid", "customer_user"},
	"created":  {"created"},
	"changed":  {"changed"},
	"fields":   {"fields"},
}

// ticketOf makes a ticket of a row. Columns of other names are its further fields.
func ticketOf(row map[string]any) (t api.Ticket, err error) {
	t.Fields = make(map[string]any)
	for name, v := range row {
		column := columnOf(name)
		switch column {
		case "":
			t.Fields[name] = plain(v)
			continue
		case "id":
			t.ID = word(v)
		case "number":
			t.Number = word(v)
		case "subject":
			t.Subject = word(v)
		case "body":
			t.Body = word(v)
		case "queue":
			t.Queue = entityOf(v)
		case "priority":
			t.Priority = entityOf(v)
		case "state":
			t.State = entityOf(v)
		case "owner":
			t.Owner = entityOf(v)
		case "customer":
			t.Customer = entityOf(v)
		case "created":
			t.Created, err = timeOf(v)
		case "changed":
			t.Changed, err = timeOf(v)
		case "fields":
			further, _ := v.(map[string]any)
			for key, value := range further {
				t.Fields[key] = plain(value)
			}
		}
		if err != nil {
			return t, fmt.Errorf("the column %q: %w", name, err)
		}
	}
	if t.Subject == "" && t.Body == "" {
		return t, fmt.Errorf("a ticket needs a text, in a column named %s or %s", strings.Join(columns["subject"], " or "), strings.Join(columns["body"], " or "))
	}
	if t.Body != "" {
		t.Notes = []api.Note{{Subject: t.Subject, Body: t.Body, VisibleToCustomer: true}}
	}
	return t, nil
}

func columnOf(name string) string {
	for column, names := range columns {
		if slices.Contains(names, strings.ToLower(name)) {
			return column
		}
	}
	return ""
}

func word(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// plain makes numbers of JSON those of Go.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key := range v {
			out[key] = plain(v[key])
		}
		return out
	}
	return v
}

// entityOf is a queue or the like, by its name, or with its id.
func entityOf(v any) *api.Entity {
	e := &api.Entity{}
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		e.ID, e.Name = word(v["id"]), word(v["name"])
	default:
		e.Name = word(v)
	}
	if e.Validate() != nil {
		return nil
	}
	return e
}

func timeOf(v any) (time.Time, error) {
	text := word(v)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write one as in 2026-11-22 15:20:00", text)
}
