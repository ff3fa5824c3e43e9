package trial_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/open-ticket-ai/otai/internal/trial"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// 30 tickets in one queue.
func incoming() (all []api.Ticket) {
	for i := range 30 {
		all = append(all, ticket(101+i, "Incoming", "new"))
	}
	return all
}

func openIn(name string) map[string]any {
	search := queue(name)
	search["fields"] = map[string]any{"StateType": []any{"new", "open"}}
	return search
}

func finish(state string) any {
	return pipe("close", "base:UpdateTicketPipe", map[string]any{"ticket_id": "{{ get_parent_param('item').id }}", "updated_ticket": map[string]any{"state": map[string]any{"name": state}}})
}

// Two runners whose searches find the same tickets: which of them gets one must not be chance.
func TestTheFirstRunnerOfTheConfigurationGetsATicketFirst(t *testing.T) {
	tests := map[string]struct {
		runners []any
		each    []string // of each ticket
	}{
		"both move":                 {[]any{runner("b", queue("Incoming"), move("IT")), runner("a", queue("Incoming"), move("HR"))}, []string{"b applied Incoming>IT"}},
		"the first closes":          {[]any{runner("z", openIn("Incoming"), finish("closed successful")), runner("a", openIn("Incoming"), note)}, []string{"z applied new>closed successful"}},
		"the first writes a note":   {[]any{runner("z", openIn("Incoming"), note), runner("a", openIn("Incoming"), move("IT"))}, []string{"a applied Incoming>IT", "z applied note"}},
		"the last brings it back":   {[]any{runner("c", queue("HR"), note), runner("b", queue("Incoming"), move("IT")), runner("a", queue("IT"), move("HR"))}, []string{"a applied IT>HR", "b applied Incoming>IT", "c applied note"}},
		"one without a loop":        {[]any{one("b", queue("Incoming"), pipe("move", "base:UpdateTicketPipe", map[string]any{"ticket_id": "{{ get_pipe_result('item').id }}", "updated_ticket": map[string]any{"queue": map[string]any{"name": "IT"}}})), runner("a", queue("Incoming"), note)}, []string{"b applied Incoming>IT"}},
		"one that searches nothing": {[]any{map[string]any{"id": "0", "use": "base:ExpressionPipe", "params": map[string]any{"expression": "1"}}, runner("b", queue("Incoming"), move("IT")), runner("a", queue("Incoming"), note)}, []string{"b applied Incoming>IT"}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			var want []string
			for i := range 30 {
				for _, line := range c.each {
					want = append(want, strconv.Itoa(101+i)+" "+line)
				}
			}
			for range 3 {
				newWorld(t, incoming()...).run(c.runners...).want(want...)
			}
			w := newWorld(t, incoming()...) // as a dry run searches
			w.options.Source = trial.Source{}
			w.run(c.runners...).want(want...)
		})
	}
}

// A runner that gave up keeps no other one waiting, nor does one that writes without a search.
func TestATurnEnds(t *testing.T) {
	fixed := pipe("fixed", "base:AddNotePipe", map[string]any{"ticket_id": "101", "note": map[string]any{"subject": "s", "body": "b"}})
	w := newWorld(t, ticket(101, "Incoming", "new"), ticket(102, "Incoming", "new"))
	w.run(fixed, pipe("bad", "base:ExpressionPipe", map[string]any{"expression": "{{ 1 // 0 }}"}), runner("a", queue("Incoming"), move("IT")))
	got := map[string]int{}
	for _, p := range w.predictions {
		got[p.Ticket+" "+p.Runner+" "+string(p.Action)]++
	}
	if got["101 a applied"] != 1 || got["102 a applied"] != 1 || len(w.errs) != 1 {
		t.Errorf("predicted %v, errors %v", got, w.errs)
	}
}

func TestAStopEndsTheWaitForATurn(t *testing.T) {
	stop := make(chan struct{})
	tried := trial.New(trial.Options{InTurns: true, Stop: stop})
	a, b := &orchestrator.Place{Runner: "a"}, &orchestrator.Place{Runner: "b"}
	if err := tried.Open(t.Context(), []*orchestrator.Place{a, b}); err != nil {
		t.Fatal(err)
	}
	waited := make(chan error)
	go func() {
		_, err := tried.Begin(b, nil).Step(t.Context(), orchestrator.Step{}, func(context.Context) (api.PipeResult, error) {
			return api.PipeResult{}, errors.New("it was its turn")
		})
		waited <- err
	}()
	close(stop)
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
