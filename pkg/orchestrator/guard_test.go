package orchestrator_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// evil is an error of a plugin whose text can't be had.
type evil struct{ text string }

func (e *evil) Error() string { return e.text } // panics where e is nil

// endless has a map that contains itself, in two ways.
func endless() map[string]any {
	m := map[string]any{}
	m["a"], m["b"] = m, m
	return m
}

type behaviorParams struct {
	Kind string `otai:"kind"`
}

// behave does what a plugin must not do.
func behave(kind string) (api.PipeResult, error) {
	switch kind {
	case "typed nil":
		var e *evil
		return api.PipeResult{}, e
	case "nil of the contract's":
		return api.PipeResult{}, (*api.RetryError)(nil)
	case "goexit":
		runtime.Goexit()
	case "panic with an evil value":
		panic((*evil)(nil))
	case "itself":
		return api.Success(map[string]any{"data": endless()}), nil
	case "status":
		return api.PipeResult{Status: "ok"}, nil
	case "long message":
		return api.Failure("%s", strings.Repeat("x", 32<<20)), nil
	}
	return api.Success(map[string]any{"kind": kind}), nil
}

// worker is a service of a plugin.
type worker interface{ Work(kind string) error }

type service struct {
	start, end func(context.Context) error
	work       func()
}

func (s *service) Work(kind string) error {
	if s.work != nil {
		s.work()
	}
	_, err := behave(kind)
	return err
}

func (s *service) Start(ctx context.Context) error {
	if s.start == nil {
		return nil
	}
	return s.start(ctx)
}

func (s *service) Close() error {
	if s.end == nil {
		return nil
	}
	return s.end(context.Background())
}

type witnessParams struct {
	Work worker `inject:"work,optional"`
	Kind string `otai:"kind"`
}

// guarded is an engine with two children of the root: one that a test is about, and a witness.
func guarded(t *testing.T, w *world, about map[string]any, services map[string]*service, o orchestrator.Options) (e *orchestrator.Engine, witnessed *atomic.Int64, err error) {
	t.Helper()
	witnessed = new(atomic.Int64)
	list := []api.Injectable{
		api.NewService("Renderer", "", func(struct{}, api.Host) (renderer, error) { return renderer{}, nil }),
		api.NewService("Service", "", func(_ struct{}, h api.Host) (*service, error) {
			return services[strings.TrimPrefix(h.Path(), "services.")], nil
		}),
		api.NewPipeFunc("Root", "", func(context.Context, rootParams, api.Scope) (api.PipeResult, error) { return api.Success(nil), nil }).
			WithLabel("children", "separate"),
		api.NewPipeFunc("Behave", "", func(_ context.Context, p behaviorParams, _ api.Scope) (api.PipeResult, error) { return behave(p.Kind) }),
		api.NewPipeFunc("Ask", "", func(_ context.Context, p witnessParams, _ api.Scope) (api.PipeResult, error) {
			return api.Success(nil), p.Work.Work(p.Kind)
		}),
		api.NewPipeFunc("Deaf", "", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
			<-w.hang
			return api.Success(nil), nil
		}),
		api.NewPipe("Never", "", func(api.Host) (api.PipeFunc[struct{}], error) { <-w.hang; return nil, errors.New("late") }),
		api.NewPipeFunc("Witness", "", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
			witnessed.Add(1)
			return api.Success(nil), nil
		}),
	}
	w.hang = make(chan struct{})
	r := registry.New(":")
	if err := r.Register("otai-bad", "t", api.AppConfig{}, list); err != nil {
		t.Fatal(err)
	}
	d := orchestrator.Definition{RootPath: "root", Root: map[string]any{"use": "t:Root", "params": map[string]any{"steps": []any{about, step("witness", "t:Witness", nil)}}}}
	for id := range services {
		d.Services = append(d.Services, orchestrator.Service{ID: id, Use: "t:Service", Path: "services." + id})
	}
	o.Registry, o.DefaultRenderer, o.Logger = r, "t:Renderer", slog.New(slog.NewTextHandler(w, nil))
	e, err = orchestrator.New(d, o)
	return e, witnessed, err
}

func TestWhatAPluginAnswersStopsItsOwnRunnerOnly(t *testing.T) {
	for kind, want := range map[string]string{
		"typed nil":                "Error of an error of type *github.com/open-ticket-ai/otai/pkg/orchestrator_test.evil, which is a nil pointer",
		"nil of the contract's":    "which is a nil pointer",
		"goexit":                   "ended its goroutine by runtime.Goexit",
		"panic with an evil value": "root.params.steps[0]: panicked: ",
		"itself":                   "its answer can't be handed on: data.a: contains itself",
		"status":                   "its answer has the status ok, which is not one of",
	} {
		for _, use := range []string{"t:Behave", "t:Ask"} {
			if use == "t:Ask" && (kind == "itself" || kind == "status") {
				continue // these are of a result
			}
			t.Run(use+" "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := &world{}
					about := map[string]any{"id": "bad", "use": use, "injects": map[string]any{"work": "s"}, "params": map[string]any{"kind": kind}}
					if use == "t:Behave" {
						delete(about, "injects")
					}
					e, witnessed, err := guarded(t, w, about, map[string]*service{"s": {}}, orchestrator.Options{})
					if err != nil {
						t.Fatal(err)
					}
					runFor(t, e, 10*time.Second)
					if n := witnessed.Load(); n < 10 {
						t.Errorf("the other runner ran %d times", n)
					}
					line := w.line("a part of the work fails")
					for _, text := range []string{want, "plugin=otai-bad", "step=bad", "root.params.steps[0]"} {
						if !strings.Contains(line, text) {
							t.Errorf("the line lacks %q: %s", text, line)
						}
					}
					if err := e.Close(); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// line is the first line of the log with a text.
func (w *world) line(text string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(w.log.String()) {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

func TestALongMessageIsCutOff(t *testing.T) {
	w := &world{}
	e, _, err := guarded(t, w, step("bad", "t:Behave", map[string]any{"kind": "long message"}), nil, orchestrator.Options{Once: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Run(t.Context()), e.Close()); err != nil || w.log.Len() > 100<<10 {
		t.Errorf("%v, with a log of %d bytes", err, w.log.Len())
	}
}

func TestAStartThatBlocksIsNamedAndItsUsersAloneWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		starts := 0
		end := make(chan struct{})
		blocks := &service{start: func(context.Context) error { starts++; <-end; return nil }}
		e, witnessed, err := guarded(t, w,
			map[string]any{"id": "user", "use": "t:Ask", "injects": map[string]any{"work": "s"}},
			map[string]*service{"s": blocks}, orchestrator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- e.Run(ctx) }()
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if n := witnessed.Load(); n < 179 {
			t.Errorf("the other runner ran %d times", n)
		}
		for _, want := range []string{"starting services.s: Start of the plugin otai-bad did not come to an end within 1m0s", "plugin=otai-bad", "step=s"} {
			if line := w.line("a part of the work fails"); !strings.Contains(line, want) {
				t.Errorf("the line lacks %q: %s", want, line)
			}
		}
		if starts != 1 {
			t.Errorf("it was started %d times beside itself", starts)
		}
		stop()
		stopped := time.Now()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(stopped); took > 4*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if line := w.line("left behind"); !strings.Contains(line, "plugin=otai-bad") || !strings.Contains(line, "method=Start") {
			t.Errorf("the stop says %q", line)
		}
		close(end)
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAStartThatReturnsLateCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		started := ""
		slow := &service{start: func(ctx context.Context) error {
			time.Sleep(90 * time.Second)
			return nil
		}}
		e, _, err := guarded(t, w, map[string]any{"id": "user", "use": "t:Ask", "injects": map[string]any{"work": "s"}},
			map[string]*service{"s": slow}, orchestrator.Options{Around: func(a orchestrator.Activity, plugin string) func() {
				return func() { started += string(a) + " " + plugin }
			}})
		if err != nil {
			t.Fatal(err)
		}
		runFor(t, e, 3*time.Minute)
		if started != "starting otai-bad" || w.logged("works again") != 1 {
			t.Errorf("it started %q:\n%s", started, w.log.String())
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Whoever hears what the engine does may be slow. A call that ends the process must not count as a start.
func TestThatTheWorkBeginsIsSaidBeforeAnythingCallsWhatWasStartedLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now atomic.Value
		calls, asStart := 0, 0
		s := &service{start: func(context.Context) error { time.Sleep(time.Second); return nil }, work: func() {
			calls++
			if now.Load() != orchestrator.Working {
				asStart++
			}
		}}
		e, _, err := guarded(t, &world{}, map[string]any{"id": "user", "use": "t:Ask", "injects": map[string]any{"work": "s"}},
			map[string]*service{"s": s}, orchestrator.Options{Doing: func(a orchestrator.Activity, _, _ string) {
				time.Sleep(100 * time.Millisecond)
				now.Store(a)
			}})
		if err != nil {
			t.Fatal(err)
		}
		runFor(t, e, time.Minute)
		if calls == 0 || asStart > 0 {
			t.Errorf("%d of %d calls while it is said that something starts", asStart, calls)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A process whose reload has failed runs again: what is said then holds, too.
func TestASecondRunSaysThatTheWorkBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said atomic.Value
		down := &service{start: func(context.Context) error { return errors.New("down") }}
		e, witnessed, err := guarded(t, &world{}, map[string]any{"id": "user", "use": "t:Ask", "injects": map[string]any{"work": "s"}},
			map[string]*service{"s": down, "works": {start: func(context.Context) error { return nil }}}, orchestrator.Options{Doing: func(a orchestrator.Activity, _, _ string) { said.Store(a) }})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 2 {
			before := witnessed.Load()
			runFor(t, e, time.Minute)
			if now := said.Load(); now != orchestrator.Working || witnessed.Load() == before {
				t.Errorf("run %d: it is said to be %v", n+1, now)
			}
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestACloseThatBlocksIsNamedAndTheOthersAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		end := make(chan struct{})
		blocks := func(context.Context) error { <-end; return nil }
		closed := false
		// They are closed in reverse order of the ids, or in another one: two block, one doesn't.
		e, _, err := guarded(t, w, step("a", "t:Behave", nil), map[string]*service{
			"one": {end: blocks}, "two": {end: func(context.Context) error { closed = true; return nil }}, "three": {end: blocks}, "four": {end: blocks},
		}, orchestrator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err = e.Close()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		if err == nil || !strings.Contains(err.Error(), "Close of the plugin otai-bad did not come to an end within 5s") {
			t.Errorf("got %v", err)
		}
		if n := w.logged("could not be closed"); n != 2 {
			t.Errorf("%d lines", n)
		}
		if !closed && !strings.Contains(err.Error(), "services.two: it was not closed") {
			t.Errorf("the one that ends was neither closed nor named: %v", err)
		}
		close(end)
	})
}

func TestABuildFunctionThatBlocksIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		_, _, err := guarded(t, w, step("a", "t:Never", nil), nil, orchestrator.Options{})
		if err == nil || !strings.Contains(err.Error(), "root.params.steps[0]: the build function of the plugin otai-bad did not come to an end within 1m0s") {
			t.Errorf("got %v", err)
		}
		close(w.hang)
	})
}

func TestAStopEndsABuildFunctionThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		stop, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		closed := false
		services := map[string]*service{"s": {end: func(context.Context) error { closed = true; return nil }}}
		began := time.Now()
		_, _, err := guarded(t, w, step("a", "t:Never", nil), services, orchestrator.Options{Stop: stop.Done()})
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took != 3*time.Second {
			t.Errorf("got %v after %v", err, took)
		}
		if line := w.line("left behind"); !strings.Contains(line, "plugin=otai-bad") || !strings.Contains(line, "root.params.steps[0]") || !closed {
			t.Errorf("said %q, what was built before is closed: %v", line, closed)
		}
		close(w.hang)
	})
}

// What a stop finds at work needs services yet.
func TestAStopLeavesTimeToWhatIsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		stop := make(chan struct{})
		e, _, err := guarded(t, w, map[string]any{"id": "user", "use": "t:Ask", "injects": map[string]any{"work": "s"}}, map[string]*service{"s": {}},
			orchestrator.Options{Stop: stop, Once: true, Wrap: func(_ orchestrator.Service, instance any) any { return instance }})
		if err != nil {
			t.Fatal(err)
		}
		close(stop)
		if err := errors.Join(e.Run(t.Context()), e.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatIsAskedOfAServiceOutsideOfRunsIsGuarded(t *testing.T) {
	for _, kind := range []string{"typed nil", "nil of the contract's", "goexit", "panic with an evil value", "never ends"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := &world{}, &service{}
				e, _, err := guarded(t, w, step("a", "t:Behave", nil), map[string]*service{"s": s}, orchestrator.Options{})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err = e.Ask(ctx, "s", func() error {
					if kind == "never ends" {
						<-w.hang
					}
					return s.Work(kind)
				})
				broken := errors.As(err, new(*orchestrator.PanicError)) || errors.As(err, new(*orchestrator.StuckError))
				if !broken || !strings.Contains(err.Error(), "plugin otai-bad") {
					t.Errorf("got %T: %v", err, err)
				}
				close(w.hang)
				if err := errors.Join(e.Ask(ctx, "s", func() error { return nil }), e.Close()); err != nil {
					t.Error(err)
				}
				if err := e.Ask(ctx, "no such", nil); err == nil {
					t.Error("a service was asked that there is not")
				}
			})
		})
	}
}

// longs is a Runs that keeps which steps have not ended.
type longs struct {
	*ledger
	mu   sync.Mutex
	seen []orchestrator.LongCall
}

func (l *longs) KeepLong(_ context.Context, calls []orchestrator.LongCall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = calls
}

func (l *longs) last() []orchestrator.LongCall {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

func TestWhichStepsHaveNotEndedIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := &world{}, &longs{ledger: newLedger()}
		e, _, err := guarded(t, w, step("deaf", "t:Deaf", nil), nil, orchestrator.Options{Runs: l, Locate: func(string, error) string { return "config.yml:3:5" }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- e.Run(ctx) }()
		time.Sleep(58 * time.Second)
		synctest.Wait()
		if n := len(l.last()); n != 0 {
			t.Errorf("%d are kept before they are long", n)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		want := orchestrator.LongCall{Path: "root.params.steps[0]", At: "config.yml:3:5", Use: "t:Deaf", Plugin: "otai-bad", Step: "deaf", Took: time.Minute + 5*time.Second}
		if last := l.last(); len(last) != 1 || last[0] != want {
			t.Errorf("kept %+v", last)
		}
		close(w.hang)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(l.last()); n != 0 {
			t.Errorf("%d are kept after their end", n)
		}
		stop()
		if err := errors.Join(<-ended, e.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestAStepThatNeverEndsIsNamedWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		e, witnessed, err := guarded(t, w, step("deaf", "t:Deaf", nil), nil, orchestrator.Options{Locate: func(string, error) string { return "config.yml:3:5" }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- e.Run(ctx) }()
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		if n := witnessed.Load(); n < 600 {
			t.Errorf("the other runner ran %d times", n)
		}
		if n := w.logged("a step has not ended yet"); n != 4 { // after 1, 2, 4 and 8 minutes
			t.Errorf("it was named %d times:\n%s", n, w.log.String())
		}
		for _, want := range []string{"level=WARN", "plugin=otai-bad", "use=t:Deaf", "step=deaf", "path=root.params.steps[0]", "at=config.yml:3:5", "after=1m"} {
			if line := w.line("a step has not ended yet"); !strings.Contains(line, want) {
				t.Errorf("the line lacks %q: %s", want, line)
			}
		}
		close(w.hang)
		time.Sleep(time.Second)
		if n := w.logged("a step that took long has ended"); n != 1 {
			t.Errorf("its end was said %d times", n)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
