package jinja

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func tagged(v any) []string {
	var names []string
	for t, i := reflect.TypeOf(v), 0; i < t.NumField(); i++ {
		if name, ok := t.Field(i).Tag.Lookup("otai"); ok {
			names = append(names, name)
		}
	}
	return names
}

func TestTheOrderOfFieldsIsThatOfTheContract(t *testing.T) {
	for i, v := range []any{api.Ticket{}, api.Note{}} {
		if want := tagged(v); !slices.Equal(value.FieldOrders[i], want) {
			t.Errorf("%T has the fields %v, fieldOrders has %v", v, want, value.FieldOrders[i])
		}
	}
}

func TestMappingsIterateInTheirOrder(t *testing.T) {
	ticket := map[string]any{}
	for _, key := range value.FieldOrders[0] {
		ticket[key] = nil
	}
	ordered := &value.Dict{}
	ordered.Set("z", int64(1))
	ordered.Set("a", int64(2))
	r := variables(map[string]any{"ticket": ticket, "data": map[string]any{"b": 1, "a": 2, "c": 3}, "ordered": ordered})
	for source, want := range map[string]string{
		"{{ ticket | join(',') }}":                                 strings.Join(value.FieldOrders[0], ","),
		"{{ ticket.items() | map('first') | join(',') }}":          strings.Join(value.FieldOrders[0], ","),
		"{% set t = ticket.copy() %}{{ t | first }}{{ t | last }}": "idfields",
		"{% set _ = ticket.pop('id') %}{{ ticket | join(',') }}":   strings.Join(value.FieldOrders[0][1:], ","),
		"{{ data | join(',') }}":                                   "a,b,c",
		"{{ ordered | join(',') }}":                                "z,a",
		"{{ {'z': 1, 'a': 2} | join(',') }}":                       "z,a",
	} {
		out, err := render(r, api.Scope{}, source)
		if err != nil || strings.TrimPrefix(out.Text, "None") != want {
			t.Errorf("%q = %q, %v; want %q", source, out.Text, err, want)
		}
	}
	if len(ticket) != len(value.FieldOrders[0]) {
		t.Error("a template changed the ticket")
	}
}
