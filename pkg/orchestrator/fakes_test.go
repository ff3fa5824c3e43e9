package orchestrator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// world is what the pipes of a test share.
type world struct {
	mu     sync.Mutex
	events []string
	errs   map[string]error // by name, what a "step" answers next
	hang   chan struct{}
	log    bytes.Buffer
}

func (w *world) note(event string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, event)
}

func (w *world) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.events...)
}

func (w *world) fail(name string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errs[name] = err
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.log.String(), text)
}

// renderer knows {{ result ID }}, {{ parent NAME }} and {{ fail TEXT }}.
type renderer struct{}

type template struct{ source string }

func (renderer) Parse(source string) (api.Template, error) {
	return template{source}, nil
}

func (t template) Render(_ context.Context, s api.Scope) (api.Rendered, error) {
	words := strings.Fields(strings.Trim(t.source, "{} "))
	if !strings.HasPrefix(t.source, "{{") {
		return api.Rendered{Text: t.source, Value: t.source}, nil
	}
	var value any
	switch words[0] {
	case "result":
		r, ok := s.Result(words[1])
		if !ok {
			return api.Rendered{}, &api.TemplateError{Line: 1, Column: 4, Err: fmt.Errorf("no result of %s", words[1])}
		}
		value = r.Data["value"]
	case "parent":
		value = s.ParentParams()[words[1]]
	case "fail":
		return api.Rendered{}, &api.FailError{Message: words[1]}
	}
	return api.Rendered{Text: fmt.Sprint(value), Value: value}, nil
}

type store struct {
	world  *world
	params storeParams
}

type storeParams struct {
	Name     string `otai:"name,required"`
	Password string `otai:"password,secret"`
	Other    Keeper `inject:"other,optional"`
}

// Keeper is what the pipes of the tests want injected.
type Keeper interface{ Keep(text string) }

func (s *store) Keep(text string) { s.world.note(s.params.Name + " keeps " + text) }
func (s *store) Start(context.Context) error {
	s.world.note("start " + s.params.Name)
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	return s.world.errs["start "+s.params.Name]
}
func (s *store) Close() error { s.world.note("close " + s.params.Name); return nil }

type rootParams struct {
	Steps []api.ChildPipe `otai:"steps"`
	Pause time.Duration   `otai:"pause" default:"1s"`
	Retry time.Duration   `otai:"retry" default:"5s"`
	Keep  bool            `otai:"keep" default:"true"`
	Color string          `otai:"color"`
}

func (p *rootParams) Pace() (time.Duration, time.Duration, bool) { return p.Pause, p.Retry, p.Keep }

type stepParams struct {
	Value any             `otai:"value"`
	Text  string          `otai:"text"`
	Do    []api.ChildPipe `otai:"do"`
	Keep  Keeper          `inject:"keeper,optional"`
	Need  int             `otai:"need"`
}

type counter struct{ n int }

func newEngine(t *testing.T, w *world, d orchestrator.Definition, o orchestrator.Options) (*orchestrator.Engine, error) {
	t.Helper()
	w.errs, w.hang = map[string]error{}, make(chan struct{})
	runSteps := func(ctx context.Context, steps []api.ChildPipe, scope api.Scope) (api.PipeResult, error) {
		for _, step := range steps {
			r, err := step.Run(ctx, scope)
			if err != nil {
				return api.PipeResult{}, err
			}
			scope = scope.WithResult(step.ID(), r)
			w.note(fmt.Sprintf("%s %s %s", step.ID(), r.Status, r.Message))
		}
		return api.Success(nil), nil
	}
	list := []api.Injectable{
		api.NewService("Renderer", "", func(struct{}, api.Host) (renderer, error) { return renderer{}, nil }),
		api.NewService("Store", "", func(p storeParams, _ api.Host) (*store, error) {
			w.note("build " + p.Name)
			if p.Name == "bad" {
				return nil, &api.FieldError{Field: "name", Err: errors.New("is a bad name")}
			}
			return &store{world: w, params: p}, nil
		}),
		api.NewPipeFunc("Root", "", func(ctx context.Context, p rootParams, s api.Scope) (api.PipeResult, error) {
			return runSteps(ctx, p.Steps, s)
		}),
		api.NewPipeFunc("Step", "", func(ctx context.Context, p stepParams, s api.Scope) (api.PipeResult, error) {
			if p.Keep != nil {
				p.Keep.Keep(fmt.Sprint(p.Value))
			}
			w.mu.Lock()
			err := w.errs[p.Text]
			w.mu.Unlock()
			if err != nil {
				return api.PipeResult{}, err
			}
			switch p.Text {
			case "panic":
				panic("out of order")
			case "hang":
				w.note("hangs")
				<-ctx.Done()
				w.note("canceled")
				return api.PipeResult{}, ctx.Err()
			case "deaf":
				w.note("hangs")
				<-w.hang
			case "slow":
				w.note("hangs")
				time.Sleep(time.Second)
				w.note("finished " + fmt.Sprint(ctx.Err()))
			case "unplain":
				return api.Success(map[string]any{"value": make(chan int)}), nil
			}
			if len(p.Do) > 0 {
				return runSteps(ctx, p.Do, s)
			}
			return api.Success(map[string]any{"value": p.Value}), nil
		}),
		api.NewPipe("Counter", "", func(api.Host) (*counter, error) { return &counter{}, nil }),
	}
	r := registry.New(":")
	if err := r.Register("otai-t", "t", api.AppConfig{}, list); err != nil {
		t.Fatal(err)
	}
	o.Registry, o.DefaultRenderer = r, "t:Renderer"
	o.Logger = slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return orchestrator.New(d, o)
}

func (c *counter) Process(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
	c.n++
	return api.PipeResult{Status: api.Succeeded, Message: strconv.Itoa(c.n)}, nil
}

func step(id, use string, params map[string]any) map[string]any {
	return map[string]any{"id": id, "use": use, "params": params}
}

func root(steps ...any) map[string]any {
	return map[string]any{"use": "t:Root", "params": map[string]any{"steps": steps}}
}
