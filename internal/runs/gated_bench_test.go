package runs

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/sqlite"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func used() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// One ticket through engine, gate and SQLite, with every intent on the disk before it is
// sent; the help desk costs nothing.
func BenchmarkATicket(b *testing.B) {
	for name, f := range map[string]form{"three pipes": threePipes, "one update": oneUpdate} {
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(costOf(b, f, false), "cpu-ms/ticket")
		})
	}
}

// BenchmarkARecord is what the record of a decision costs: made and stored with the end of a
// run, and kept of what its steps said before, against a store that is given none of both.
func BenchmarkARecord(b *testing.B) {
	for name, f := range map[string]form{"three pipes": threePipes, "one update": oneUpdate} {
		b.Run(name, func(b *testing.B) {
			var with, without float64
			for range 3 { // in turn, as the machine isn't the same from one moment to the next
				without += costOf(b, f, true) / 3
				with += costOf(b, f, false) / 3
			}
			b.ReportMetric(with, "cpu-ms/ticket")
			b.ReportMetric(with/without, "x-without")
		})
	}
}

// unrecorded is a store that is given no decisions.
type unrecorded struct{ store.Store }

func (u unrecorded) Commit(ctx context.Context, b store.Batch) (*store.Cause, error) {
	b.Decisions = nil
	b.Steps = slices.DeleteFunc(slices.Clone(b.Steps), func(s store.Step) bool { return s.Key == store.StepSaid })
	return u.Store.Commit(ctx, b)
}

// costOf is the CPU time of a ticket, in milliseconds.
func costOf(b *testing.B, f form, forgets bool) float64 {
	opened, err := sqlite.Open(b.Context(), sqlite.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	var s store.Store = opened
	if forgets {
		s = unrecorded{opened}
	}
	place := &orchestrator.Place{Runner: "sort", Path: "run", Hash: "h1", Workers: 1}
	h := newHelpDesk(b.N)
	g := gate.New(gate.Options{Store: s, Clock: BootClock})
	system := g.Wrap("desk", h).(api.TicketSystem)
	e := New(Options{Store: s, Logger: slog.New(slog.DiscardHandler), Host: store.Host{Instance: "here"}, Keep: time.Hour, Redact: func(s string) string { return s }, Finish: g.Finish, Clock: BootClock})
	if err := e.Open(b.Context(), []*orchestrator.Place{place}); err != nil {
		b.Fatal(err)
	}
	ids := make([]string, 0, b.N)
	for i := range b.N {
		ids = append(ids, fmt.Sprintf("%04d", i+1))
	}
	start := used()
	b.ResetTimer()
	for _, id := range ids {
		r := e.Begin(place, nil)
		step := func(key string, do func(ctx context.Context) (api.PipeResult, error)) {
			if _, err := r.Step(b.Context(), orchestrator.Step{Key: key, Path: key, Name: key, Params: "p"}, do); err != nil {
				b.Fatal(err)
			}
		}
		step("fetch", func(ctx context.Context) (api.PipeResult, error) {
			h.only = id
			found, err := system.FindTickets(ctx, api.SearchCriteria{Queue: &api.Entity{Name: "in"}, Limit: 1})
			if len(found) != 1 || found[0].ID != id {
				b.Fatal(found, err)
			}
			return api.Success(map[string]any{"fetched_tickets": []any{map[string]any{"id": id, "body": "b"}}}), err
		})
		step("classify", func(ctx context.Context) (api.PipeResult, error) {
			decisions.Classified(ctx, decisions.Classification{
				Label: "IT", Confidence: 0.93, Model: "queue", SHA256: strings.Repeat("5f", 32),
				Scores: []decisions.Score{{Label: "IT", Confidence: 0.93}, {Label: "HR", Confidence: 0.04}, {Label: "Facilities", Confidence: 0.03}},
			})
			return api.Success(map[string]any{"label": "IT", "confidence": 0.93}), nil
		})
		for i, write := range f(b.Context(), system, id) {
			step(fmt.Sprint("write", i), func(ctx context.Context) (api.PipeResult, error) { return api.Success(nil), write(ctx) })
		}
		if err := stored(r, r.End(b.Context(), api.Success(nil), nil)); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	cost := float64((used() - start).Microseconds()) / 1000 / float64(b.N)
	if err := e.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return cost
}
