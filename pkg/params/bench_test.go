package params_test

import (
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

type updateParams struct {
	TicketID string           `otai:"ticket_id,required"`
	Update   api.TicketUpdate `otai:"updated_ticket,required"`
	Wait     time.Duration    `otai:"wait" default:"30s"`
	Tickets  api.TicketSystem `inject:"ticket_system"`
	Steps    []api.ChildPipe  `otai:"steps"`
	Rest     map[string]any   `otai:",rest"`
}

// BenchmarkPipe is all that a run of a pipe costs in this package: rendering,
// decoding, and making its params and its answer plain.
func BenchmarkPipe(b *testing.B) {
	s := describe[updateParams](b)
	raw := m{
		"ticket_id": "{{ id }}", "threshold": 0.8, "steps": []any{m{"use": "base:X"}, m{"use": "base:Y"}},
		"updated_ticket": m{
			"subject": "{{ s }}", "queue": m{"name": "{{ q }}"}, "priority": m{"name": "{{ p }}"},
			"notes": []any{m{"subject": "{{ n }}", "body": "{{ t }}"}},
		},
	}
	text := func(source string, _ bool) (any, error) { return source, nil }
	child := api.NewChildPipe("a", "base:X", nil)
	binder := params.Binder{
		Child:  func(params.Path, any) (api.ChildPipe, error) { return child, nil },
		Inject: func(*params.Spec) (any, error) { return struct{ api.TicketSystem }{}, nil },
	}
	tickets := make([]api.Ticket, 3)
	b.ReportAllocs()
	for b.Loop() {
		rendered, err := params.Render(s, raw, text)
		if err != nil {
			b.Fatal(err)
		}
		p, err := params.Decode(s, rendered, binder)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := params.PlainParams(s, p); err != nil {
			b.Fatal(err)
		}
		if _, err := params.Plain(m{"fetched_tickets": tickets}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlainOfPlain(b *testing.B) {
	v := m{"value": []any{m{"id": "1", "queue": m{"name": "Raw"}}, m{"id": "2"}}, "n": int64(1)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := params.Plain(v); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSmallPipe is the same for a pipe with one param and one value.
func BenchmarkSmallPipe(b *testing.B) {
	s := describe[struct {
		Expression any `otai:"expression,required"`
	}](b)
	raw := m{"expression": "{{ x }}"}
	text := func(source string, _ bool) (any, error) { return source, nil }
	b.ReportAllocs()
	for b.Loop() {
		rendered, err := params.Render(s, raw, text)
		if err != nil {
			b.Fatal(err)
		}
		p, err := params.Decode(s, rendered, params.Binder{})
		if err != nil {
			b.Fatal(err)
		}
		own, err := params.PlainParams(s, p)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := params.Plain(m{"value": own["expression"]}); err != nil {
			b.Fatal(err)
		}
	}
}
