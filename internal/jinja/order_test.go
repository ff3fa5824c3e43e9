package jinja

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestMappingsIterateInTheirOrder(t *testing.T) {
	// The order of api.Ticket, as value.TestTheOrderOfFieldsIsThatOfTheContract proves.
	fields := strings.Split("id,number,subject,body,queue,priority,state,owner,customer,notes,created,changed,fields", ",")
	ticket := map[string]any{}
	for _, key := range fields {
		ticket[key] = nil
	}
	ordered := &value.Dict{}
	ordered.Set("z", int64(1))
	ordered.Set("a", int64(2))
	r := variables(map[string]any{"ticket": ticket, "data": map[string]any{"b": 1, "a": 2, "c": 3}, "ordered": ordered})
	for source, want := range map[string]string{
		"{{ ticket | join(',') }}":                                 strings.Join(fields, ","),
		"{{ ticket.items() | map('first') | join(',') }}":          strings.Join(fields, ","),
		"{% set t = ticket.copy() %}{{ t | first }}{{ t | last }}": "idfields",
		"{% set _ = ticket.pop('id') %}{{ ticket | join(',') }}":   strings.Join(fields[1:], ","),
		"{{ data | join(',') }}":                                   "a,b,c",
		"{{ ordered | join(',') }}":                                "z,a",
		"{{ {'z': 1, 'a': 2} | join(',') }}":                       "z,a",
	} {
		out, err := render(r, api.Scope{}, source)
		if err != nil || strings.TrimPrefix(out.Text, "None") != want {
			t.Errorf("%q = %q, %v; want %q", source, out.Text, err, want)
		}
	}
	if len(ticket) != len(fields) {
		t.Error("a template changed the ticket")
	}
}
