package base

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestAnItemEndsAsItsStepsDo(t *testing.T) {
	down := errors.New("the help desk is down")
	for name, c := range map[string]struct {
		steps   []api.ChildPipe
		status  api.Status
		message string
		err     error
	}{
		"well":          {[]api.ChildPipe{child("a", ok(1), nil), child("b", ok(2), nil)}, api.Succeeded, "", nil},
		"left alone":    {[]api.ChildPipe{child("a", api.Failure("not sure"), nil), child("b", ok(2), nil)}, api.Failed, "stopped at a: not sure", nil},
		"with an error": {[]api.ChildPipe{child("a", api.PipeResult{}, down)}, "", "", down},
	} {
		t.Run(name, func(t *testing.T) {
			p := &forEachParams{Steps: c.steps}
			got, err := p.Item(t.Context(), api.Scope{})
			if !errors.Is(err, c.err) || got.Status != c.status || got.Message != c.message {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestALoopSaysWhatTheEngineAsks(t *testing.T) {
	for name, c := range map[string]struct {
		raw  map[string]any
		want string
	}{
		"by default":     {map[string]any{}, "[1] item  4"},
		"another name":   {map[string]any{"as": "ticket"}, "[1] ticket  4"},
		"all its params": {map[string]any{"as": "t", "key": "t.number", "workers": 2}, "[1] t t.number 2"},
	} {
		t.Run(name, func(t *testing.T) {
			c.raw["items"], c.raw["steps"] = []any{1}, []any{map[string]any{}}
			items, as, key, workers := decoded[forEachParams](t, c.raw).Loop()
			if got := fmt.Sprint(items, " ", as, " ", key, " ", workers); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestARunnerSaysWhatTheEngineAsks(t *testing.T) {
	pipe := map[string]any{}
	p := decoded[runnerParams](t, map[string]any{"on": pipe, "run": pipe})
	workers, repeat := p.Runs()
	first, longest, attempts := p.Retries()
	if got := fmt.Sprint(workers, repeat, first, longest, attempts); got != "1 false 1m0s 6h0m0s 6" {
		t.Errorf("by default %s", got)
	}
	p = decoded[runnerParams](t, map[string]any{"on": pipe, "run": pipe, "workers": 3, "repeat": true, "retry": map[string]any{"first": "PT1S", "max_attempts": 2}})
	workers, repeat = p.Runs()
	first, longest, attempts = p.Retries()
	if got := fmt.Sprint(workers, repeat, first, longest, attempts); got != "3 true 1s 6h0m0s 2" {
		t.Errorf("as configured %s", got)
	}
}

func decoded[P any](t *testing.T, raw map[string]any) *P {
	t.Helper()
	spec, err := params.Describe(reflect.TypeFor[P]())
	if err != nil {
		t.Fatal(err)
	}
	p, err := params.Decode(spec, raw, params.Binder{Child: func(params.Path, any) (api.ChildPipe, error) { return child("a", ok(1), nil), nil }})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*P)
}

// claiming is a ticket system at which a search says whether it claims.
type claiming struct {
	api.TicketSystem
	said []string
}

type claimKey struct{}

func (c *claiming) WithClaim(ctx context.Context, claim bool) context.Context {
	return context.WithValue(ctx, claimKey{}, claim)
}

func (c *claiming) FindTickets(ctx context.Context, _ api.SearchCriteria) ([]api.Ticket, error) {
	c.said = append(c.said, fmt.Sprint(ctx.Value(claimKey{})))
	return nil, nil
}

func TestAFetchSaysWhetherItClaims(t *testing.T) {
	c := &claiming{}
	yes, no := true, false
	for _, claim := range []*bool{nil, &yes, &no} {
		if _, err := fetchTickets(t.Context(), fetchParams{Tickets: c, Claim: claim}, api.Scope{}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"<nil>", "true", "false"}, c.said); diff != "" {
		t.Error(diff)
	}
}
