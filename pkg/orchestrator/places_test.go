package orchestrator_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func TestStepsAreKnownByTheirPlaceAndTheirCall(t *testing.T) {
	l := newLedger()
	twice := seq("twice", do("in", "", 2))
	twice["params"].(map[string]any)["times"] = 2
	e := newHooked(t, nil, nil, root(when("r", do("on", "", true), seq("run",
		do("a", "", 1), twice, seq("deep", seq("er", do("b", "", 3))),
	))), orchestrator.Options{Once: true, Runs: l})
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"run/a", "run/twice/in", "run/twice/in#2", "run/deep/er/b"}
	if diff := cmp.Diff(want, l.keys); diff != "" {
		t.Error(diff)
	}
	if l.effects["run/a"] != "once" {
		t.Errorf("the effect of the step is %q", l.effects["run/a"])
	}
}

func TestStepsWithoutIDsAreKnownByWhatTheyDo(t *testing.T) {
	keys := func(steps ...any) []string {
		l := newLedger()
		e := newHooked(t, nil, nil, root(when("r", do("", "", true), seq("run", steps...))), orchestrator.Options{Once: true, Runs: l})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return l.keys
	}
	one, two := do("", "", "one"), do("", "", "two")
	before := keys(one, one, two)
	if before[0] == before[1] || before[0] == before[2] {
		t.Errorf("different places have one key: %v", before)
	}
	after := keys(do("new", "", 0), one, one, two)
	if diff := cmp.Diff(before, after[1:]); diff != "" {
		t.Errorf("a step inserted above changed the others:\n%s", diff)
	}
	if changed := keys(one, one, do("", "", "TWO")); changed[2] == before[2] || changed[0] != before[0] {
		t.Errorf("after a change of the last step: %v, before: %v", changed, before)
	}
}

func TestRenderedParamsHaveAHashOfTheirOwn(t *testing.T) {
	hash := func(value any) string {
		l := newLedger()
		e := newHooked(t, nil, nil, root(seq("s", do("v", "", value), do("a", "", "{{ result v }}"))), orchestrator.Options{Once: true, Runs: l})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return l.params["s/a"]
	}
	seen := map[string]any{}
	for _, value := range []any{"2", int64(2), 2.0, true, nil, []any{}, map[string]any{}, map[string]any{"a": nil}, []any{"a", "b"}, []any{"ab"}, 2.5} {
		h := hash(value)
		if h != hash(value) {
			t.Errorf("%#v has two hashes", value)
		}
		if other, taken := seen[h]; taken {
			t.Errorf("%#v and %#v have one hash", value, other)
		}
		seen[h] = value
	}
}

func TestARunnerIsKnownByItsIDElseByWhatItSearchesElseByWhatItDoes(t *testing.T) {
	on := do("", "", true)
	search := func(limit int) map[string]any {
		return step("", "t:Search", map[string]any{"criteria": map[string]any{"limit": limit}})
	}
	first := when("", on, seq("", search(1), do("", "", 1)))
	second := when("", on, seq("", search(2), do("", "", 1)))
	names := func(children ...any) []string {
		var list []string
		for _, p := range opened(t, root(children...)) {
			list = append(list, p.Runner)
		}
		return list
	}
	got := names(when("r", on, seq("s")), when("", on, seq("s2")), first, second, do("", "", "x"), first)
	if got[0] != "r" || got[1] != "s2" {
		t.Errorf("named by ids: %v", got[:2])
	}
	unique := slices.Clone(got)
	slices.Sort(unique)
	if len(slices.Compact(unique)) != len(got) {
		t.Errorf("two runners have one name: %v", got)
	}
	if again := names(when("new", on, seq("n")), first, second); !cmp.Equal(again[1:], got[2:4]) {
		t.Errorf("a runner inserted above: %v, want %v", again[1:], got[2:4])
	}
	note := when("", on, seq("", search(1), do("", "", "another note")))
	if changed := names(note); changed[0] != got[2] {
		t.Errorf("a changed note made it another runner: %s, want %s", changed[0], got[2])
	}
	if same := names(when("", on, seq("s")), when("", on, seq("s"))); same[0] == "s" || same[0] == same[1] {
		t.Errorf("an id of two: %v", same)
	}
}

func TestAPlaceIsAnotherOneWhenItsValuesChange(t *testing.T) {
	place := func(on any, value any, more ...any) *orchestrator.Place {
		return opened(t, root(when("r", do("", "", on), seq("s", do("a", "", value)), more...)))[0]
	}
	p := place(true, 1)
	for name, c := range map[string]struct {
		got  *orchestrator.Place
		same bool
	}{
		"the same":        {place(true, 1), true},
		"another trigger": {place("x", 1), true},
		"more workers":    {place(true, 1, "workers", 3), true},
		"another retry":   {place(true, 1, "retry", "PT5M"), true},
		"another value":   {place(true, 2), false},
		"a float":         {place(true, 1.0), false},
		"a repeat":        {place(true, 1, "repeat", true), false},
	} {
		if same := c.got.Hash == p.Hash; same != c.same {
			t.Errorf("%s: the same hash: %v, want %v", name, same, c.same)
		}
	}
	more := place(true, 1, "workers", 3, "retry", "PT5M", "repeat", true)
	want := orchestrator.Place{
		Runner: "r", Path: "root.params.steps[0].params.run", Hash: more.Hash, Workers: 3, Repeat: true,
		Retry: orchestrator.Retry{First: 5 * time.Minute, Longest: time.Hour, Attempts: 6},
		Steps: map[string]bool{"s": true, "s/a": true},
	}
	if diff := cmp.Diff(want, *more); diff != "" {
		t.Error(diff)
	}
}

func TestAnyOtherRootIsAPlaceOfItsOwn(t *testing.T) {
	l := newLedger()
	e := newHooked(t, nil, nil, seq("all", do("a", "", 1), do("b", "", 2)), orchestrator.Options{Once: true, Runs: l})
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(l.places) != 1 || l.places[0].Path != "root" || l.begun != 1 {
		t.Errorf("%d runs at %d places", l.begun, len(l.places))
	}
	if diff := cmp.Diff([]string{"all/a", "all/b"}, l.keys); diff != "" {
		t.Error(diff)
	}
}

func TestAResumedRunGoesOnAtItsFirstStepWithoutAResult(t *testing.T) {
	l := newLedger()
	l.kept = map[string]any{"run/a": "kept"}
	var seen []string
	note := func(text string) func(context.Context, api.Scope) (any, error) {
		return func(_ context.Context, s api.Scope) (any, error) {
			r, _ := s.Result("a")
			seen = append(seen, text)
			if v, ok := r.Data["value"].(string); ok {
				seen = append(seen, v)
			}
			return nil, nil
		}
	}
	asked := 0
	e := newHooked(t, hooks{"a": note("a"), "b": note("b"), "on": func(context.Context, api.Scope) (any, error) { asked++; return false, nil }}, nil,
		root(when("r", do("", "on", nil), seq("run", do("a", "a", 1), do("b", "b", 2)))), orchestrator.Options{Once: true, Runs: l})
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b", "kept"}, seen); diff != "" {
		t.Error(diff)
	}
	if asked != 1 || l.begun != 0 {
		t.Errorf("the trigger was asked %d times, want once, for a new run; %d runs were begun", asked, l.begun)
	}
}

func TestARunThatBeginsAnewCallsItsPlaceOnceMore(t *testing.T) {
	l := newLedger()
	l.again = 1
	asked := 0
	e := newHooked(t, hooks{"on": func(context.Context, api.Scope) (any, error) { asked++; return true, nil }}, nil,
		root(when("r", do("", "on", nil), seq("run", do("a", "", 1)))), orchestrator.Options{Once: true, Runs: l})
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"run/a", "run/a"}, l.keys); diff != "" || asked != 1 || len(l.ends) != 1 {
		t.Errorf("%s the trigger was asked %d times; %d ends", diff, asked, len(l.ends))
	}
}

func TestARunErrorSaysWhetherThePipeWasCalled(t *testing.T) {
	for name, c := range map[string]struct {
		step map[string]any
		want bool
	}{
		"params that can't be rendered": {do("a", "", "{{ result nope }}"), true},
		"params that can't be read":     {step("a", "t:For", map[string]any{"workers": "{{ result v }}", "steps": []any{}}), true},
		"an error of the pipe":          {do("a", "bad", nil), false},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "params that can't be read" {
				c.step = step("a", "t:Seq", map[string]any{"times": "{{ result v }}", "steps": []any{}})
			}
			e := newHooked(t, hooks{"bad": func(context.Context, api.Scope) (any, error) { return nil, api.ErrTemporary }}, nil,
				root(seq("s", do("v", "", "x"), c.step)), orchestrator.Options{Once: true, Runs: newLedger()})
			var run *orchestrator.RunError
			if err := e.Run(t.Context()); !errors.As(err, &run) || run.Params != c.want {
				t.Errorf("got %v, %+v", err, run)
			}
		})
	}
}
