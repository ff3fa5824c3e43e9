package orchestrator_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

type benchParams struct {
	Ticket string           `otai:"ticket_id,required"`
	Update api.TicketUpdate `otai:"updated_ticket"`
	Limit  int              `otai:"limit" default:"10" min:"1"`
}

type benchRoot struct {
	Steps []api.ChildPipe `otai:"steps"`
}

// BenchmarkPipe measures what the engine adds to one run of a pipe with params of
// a usual size: render, decode, call, plain values. Renderer and pipe are fakes.
func BenchmarkPipe(b *testing.B) {
	r := registry.New(":")
	list := []api.Injectable{
		api.NewService("Renderer", "", func(struct{}, api.Host) (renderer, error) { return renderer{}, nil }),
		api.NewPipeFunc("Bench", "", func(ctx context.Context, p benchRoot, s api.Scope) (api.PipeResult, error) {
			for b.Loop() {
				if _, err := p.Steps[0].Run(ctx, s); err != nil {
					b.Error(err)
				}
			}
			return api.Success(nil), nil
		}),
		api.NewPipeFunc("Pipe", "", func(context.Context, benchParams, api.Scope) (api.PipeResult, error) {
			return api.Success(map[string]any{"value": int64(1), "ticket": api.Ticket{ID: "1", Subject: "Printer"}}), nil
		}),
	}
	if err := r.Register("otai-t", "t", api.AppConfig{}, list); err != nil {
		b.Fatal(err)
	}
	e, err := orchestrator.New(orchestrator.Definition{
		Root: map[string]any{"use": "t:Bench", "params": map[string]any{"steps": []any{step("a", "t:Pipe", map[string]any{
			"ticket_id": "12",
			"updated_ticket": map[string]any{
				"queue": map[string]any{"name": "IT"}, "priority": map[string]any{"name": "3 normal"},
				"notes": []any{map[string]any{"subject": "Sorted", "body": "by otai"}},
			},
		})}}},
	}, orchestrator.Options{Registry: r, DefaultRenderer: "t:Renderer", Once: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	if err := e.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
}
