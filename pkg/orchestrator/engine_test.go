package orchestrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAWrongConfigurationIsFoundBeforeAnythingRuns(t *testing.T) {
	service := func(id, use string, params map[string]any, injects map[string]string) orchestrator.Service {
		return orchestrator.Service{ID: id, Use: use, Params: params, Injects: injects, Path: "services." + id}
	}
	for name, c := range map[string]struct {
		services []orchestrator.Service
		root     map[string]any
		want     string
	}{
		"a use that nothing offers":     {root: root(step("a", "t:Nope", nil)), want: `root.params.steps[0].use: nothing offers "t:Nope"`},
		"a service as a pipe":           {root: root(step("a", "t:Store", nil)), want: `root.params.steps[0].use: "t:Store" is a service, not a pipe`},
		"a pipe as a service":           {services: []orchestrator.Service{service("a", "t:Step", nil, nil)}, want: `services.a.use: "t:Step" is a pipe, not a service`},
		"a pipe without use":            {root: root(map[string]any{"id": "a"}), want: "root.params.steps[0]: has no `use`"},
		"an unknown key of a pipe":      {root: root(map[string]any{"use": "t:Step", "steps": 1}), want: "root.params.steps[0].steps: unknown key"},
		"an unknown param":              {root: root(step("a", "t:Step", map[string]any{"valu": 1})), want: "root.params.steps[0].params.valu: unknown key"},
		"a wrong type deep inside":      {root: root(step("a", "t:Step", map[string]any{"do": []any{step("b", "t:Step", map[string]any{"need": "x"})}})), want: "root.params.steps[0].params.do[0].params.need: "},
		"a missing required param":      {services: []orchestrator.Service{service("a", "t:Store", nil, nil)}, want: "services.a.params.name: is required"},
		"a build function that objects": {services: []orchestrator.Service{service("a", "t:Store", map[string]any{"name": "bad"}, nil)}, want: "services.a.params.name: is a bad name"},
		"an injected service that is not there": {
			root: root(map[string]any{"use": "t:Step", "injects": map[string]any{"keeper": "nope"}}),
			want: `root.params.steps[0].injects.keeper: there is no service "nope"`,
		},
		"two renderers": {
			services: []orchestrator.Service{service("a", "t:Renderer", nil, nil), service("b", "t:Renderer", nil, nil)},
			want:     "services.b: is a second template renderer beside services.a",
		},
		"services in a circle": {
			services: []orchestrator.Service{
				service("a", "t:Store", map[string]any{"name": "a"}, map[string]string{"other": "b"}),
				service("b", "t:Store", map[string]any{"name": "b"}, map[string]string{"other": "a"}),
			},
			want: "the services need each other in a circle",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.root == nil {
				c.root = root()
			}
			_, err := newEngine(t, &world{}, orchestrator.Definition{Services: c.services, Root: c.root, RootPath: "root"}, orchestrator.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got error %v, want one with %q", err, c.want)
			}
			if !errors.As(err, new(*orchestrator.ConfigError)) {
				t.Errorf("%T is not a ConfigError", err)
			}
		})
	}
}

func TestServicesAreBuiltOnceStartedInOrderAndClosedInReverse(t *testing.T) {
	w := &world{}
	e, err := newEngine(t, w, orchestrator.Definition{
		Services: []orchestrator.Service{
			{ID: "one", Use: "t:Store", Params: map[string]any{"name": "one"}, Injects: map[string]string{"other": "two"}},
			{ID: "two", Use: "t:Store", Params: map[string]any{"name": "two"}},
		},
		Root: root(
			map[string]any{"id": "a", "use": "t:Step", "injects": map[string]any{"keeper": "one"}, "params": map[string]any{"value": 1}},
			map[string]any{"id": "b", "use": "t:Step", "injects": map[string]any{"keeper": "one"}, "params": map[string]any{"value": 2}},
		),
	}, orchestrator.Options{Once: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"build two", "build one", "start two", "start one",
		"one keeps 1", "a succeeded ", "one keeps 2", "b succeeded ",
		"close one", "close two",
	}
	if diff := cmp.Diff(want, w.seen()); diff != "" {
		t.Error(diff)
	}
}

func once(t *testing.T, w *world, steps ...any) error {
	t.Helper()
	e, err := newEngine(t, w, orchestrator.Definition{Root: root(steps...), RootPath: "root"}, orchestrator.Options{Once: true})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Run(t.Context())
	if closeErr := e.Close(); closeErr != nil {
		t.Error(closeErr)
	}
	return err
}

func TestTemplatesSeeEarlierResultsAndTheParentsParams(t *testing.T) {
	w := &world{}
	outer := step("outer", "t:Step", map[string]any{"text": "blue", "do": []any{
		step("a", "t:Step", map[string]any{"value": "{{ parent text }}"}),
		step("b", "t:Step", map[string]any{"value": "{{ result a }}", "text": "{{ fail stop }}"}),
	}})
	if err := once(t, w, outer); err != nil {
		t.Fatal(err)
	}
	want := []string{"a succeeded ", "b failed stop", "outer succeeded "}
	if diff := cmp.Diff(want, w.seen()); diff != "" {
		t.Error(diff)
	}
}

func TestAnErrorNamesItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a panic":                {"panic", "root.params.steps[0].params.do[0]: panicked: out of order"},
		"data that is not plain": {"unplain", "root.params.steps[0].params.do[0]: its answer can't be handed on"},
		"a wrong template":       {"{{ result nope }}", "root.params.steps[0].params.do[0].params.text: 1:4: no result of nope"},
	} {
		t.Run(name, func(t *testing.T) {
			err := once(t, &world{}, step("a", "t:Step", map[string]any{"do": []any{step("b", "t:Step", map[string]any{"text": c.text})}}))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestAPipeKeepsItsStateAtItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		e, err := newEngine(t, w, orchestrator.Definition{Root: root(step("a", "t:Counter", nil), step("b", "t:Counter", nil))}, orchestrator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		if err := e.Run(ctx); err != nil {
			t.Fatal(err)
		}
		want := []string{"a succeeded 1", "b succeeded 1", "a succeeded 2", "b succeeded 2", "a succeeded 3", "b succeeded 3"}
		if diff := cmp.Diff(want, w.seen()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnErrorOfOneChildLeavesTheOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		e, err := newEngine(t, w, orchestrator.Definition{Root: root(
			step("bad", "t:Step", map[string]any{"text": "bad"}), step("good", "t:Step", nil),
		)}, orchestrator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w.fail("bad", api.ErrTemporary)
		time.AfterFunc(60*time.Second, func() { w.fail("bad", nil) })
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Second)
		defer cancel()
		if err := e.Run(ctx); err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, event := range w.seen() {
			count[strings.Join(strings.Fields(event)[:2], " ")]++
		}
		if count["good succeeded"] < 195 {
			t.Errorf("the good step ran %d times in 200 s", count["good succeeded"])
		}
		if n := count["bad failed"]; n < 3 || n > 15 {
			t.Errorf("the bad step was tried %d times in a minute, want a few with growing pauses", n)
		}
		if count["bad succeeded"] < 50 {
			t.Errorf("the bad step worked again only %d times", count["bad succeeded"])
		}
		if n := w.logged("level=ERROR"); n != 1 {
			t.Errorf("the outage was logged %d times, want once", n)
		}
		if n := w.logged("works again"); n != 1 {
			t.Errorf("its end was logged %d times, want once", n)
		}
	})
}

func TestOneCycleDoesNotPromiseAnotherAttempt(t *testing.T) {
	w := &world{}
	e, err := newEngine(t, w, orchestrator.Definition{
		Root: root(step("bad", "t:Step", map[string]any{"text": "bad"})),
	}, orchestrator.Options{Once: true})
	if err != nil {
		t.Fatal(err)
	}
	w.fail("bad", api.ErrTemporary)
	if err := e.Run(t.Context()); !errors.Is(err, api.ErrTemporary) {
		t.Errorf("got %v, want the step's error", err)
	}
	if n := w.logged("tried again"); n != 0 {
		t.Errorf("the log speaks of another attempt %d times", n)
	}
}

func TestALogLineHasEachKeyOnce(t *testing.T) {
	// A pipe's own message must not stand under the keys of the line itself.
	w := &world{}
	e, err := newEngine(t, w, orchestrator.Definition{
		Root: root(step("a", "t:Step", map[string]any{"text": "{{ fail enough }}"})),
	}, orchestrator.Options{Once: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.logged("reason=enough"); n != 1 {
		t.Errorf("the pipe's message is logged %d times as its reason, want once", n)
	}
}

func TestAnErrorSaysWhenToTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		e, err := newEngine(t, w, orchestrator.Definition{Root: root(step("a", "t:Step", map[string]any{"text": "a"}))}, orchestrator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w.fail("a", &api.RetryError{After: 100 * time.Second, Err: errors.New("later")})
		ctx, cancel := context.WithTimeout(t.Context(), 99*time.Second)
		defer cancel()
		if err := e.Run(ctx); err != nil {
			t.Fatal(err)
		}
		failed := 0
		for _, event := range w.seen() {
			if strings.HasPrefix(event, "a failed") {
				failed++
			}
		}
		if failed != 1 {
			t.Errorf("tried %d times within the time to wait, want once", failed)
		}
	})
}

func TestARunThatDoesNotKeepOnEndsWithTheError(t *testing.T) {
	w := &world{}
	definition := root(step("a", "t:Step", map[string]any{"text": "panic"}))
	definition["params"].(map[string]any)["keep"] = false
	e, err := newEngine(t, w, orchestrator.Definition{Root: definition, RootPath: "root"}, orchestrator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("got %v", err)
	}
}

func TestAStartThatFailsIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		e, err := newEngine(t, w, orchestrator.Definition{
			Services: []orchestrator.Service{{ID: "s", Use: "t:Store", Params: map[string]any{"name": "s"}}},
			Root:     root(step("a", "t:Step", nil)),
		}, orchestrator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w.fail("start s", api.ErrTemporary)
		time.AfterFunc(20*time.Second, func() { w.fail("start s", nil) })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		if err := e.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(strings.Join(w.seen(), "\n"), "a succeeded"); n < 30 {
			t.Errorf("after the start succeeded the step ran %d times", n)
		}
		if n := w.logged("level=ERROR"); n != 1 {
			t.Errorf("the outage was logged %d times, want once", n)
		}
	})
}

func TestAStop(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		within  time.Duration
		last    string
		warning int
	}{
		"lets a short step finish with its context alive": {"slow", 1100 * time.Millisecond, "finished <nil>", 0},
		"cancels a step after the grace":                  {"hang", 2100 * time.Millisecond, "canceled", 0},
		"leaves a deaf step behind within 5 s":            {"deaf", 4500 * time.Millisecond, "hangs", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{}
				e, err := newEngine(t, w, orchestrator.Definition{Root: root(
					step("a", "t:Step", map[string]any{"text": c.text}), step("never", "t:Step", map[string]any{"text": "hang"}),
				)}, orchestrator.Options{})
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- e.Run(ctx) }()
				synctest.Wait()
				stopped := time.Now()
				stop()
				if err := <-ended; err != nil {
					t.Errorf("a stop is not an error, got %v", err)
				}
				if took := time.Since(stopped); took > c.within {
					t.Errorf("it took %s to stop, want at most %s", took, c.within)
				}
				var last string
				for _, event := range w.seen() {
					if !strings.HasPrefix(event, "a ") && !strings.HasPrefix(event, "never ") {
						last = event
					}
				}
				if last != c.last {
					t.Errorf("last event %q, want %q", last, c.last)
				}
				if n := w.logged("left behind"); n != c.warning {
					t.Errorf("%d warnings, want %d", n, c.warning)
				}
				close(w.hang)
			})
		})
	}
}

func TestSecretsOfServicesAreRedacted(t *testing.T) {
	var secrets []string
	_, err := newEngine(t, &world{}, orchestrator.Definition{
		Services: []orchestrator.Service{{ID: "s", Use: "t:Store", Params: map[string]any{"name": "s", "password": "hunter22"}}},
		Root:     root(),
	}, orchestrator.Options{Redact: func(s string) { secrets = append(secrets, s) }})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"hunter22"}, secrets); diff != "" {
		t.Error(diff)
	}
	// A value of the wrong kind is a secret as well.
	secrets = nil
	_, err = newEngine(t, &world{}, orchestrator.Definition{
		Services: []orchestrator.Service{{ID: "s", Use: "t:Store", Params: map[string]any{"name": "s", "password": []any{"hunter22", map[string]any{"b": 12345, "a": true}}}}},
		Root:     root(),
	}, orchestrator.Options{Redact: func(s string) { secrets = append(secrets, s) }})
	if err == nil {
		t.Error("a list is taken for a password")
	}
	if diff := cmp.Diff([]string{"hunter22", "12345"}, secrets); diff != "" {
		t.Error(diff)
	}
}
