package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// NotDone is what the answer to a request begins with that could not be carried out.
const NotDone = "not done: "

// requests does what people asked for, but for what they want put back.
func (e *Engine) requests(ctx context.Context) error {
	asked, err := e.answer(ctx, func(r store.Request) bool { return r.Verb != store.VerbRevert })
	if err != nil || !asked {
		return err
	}
	if err := e.lookForPauses(ctx); err != nil {
		return err
	}
	return e.unknownRunners(ctx) // nobody else ends those
}

// reverts makes the runs of what people want put back.
func (e *Engine) reverts(ctx context.Context) error {
	_, err := e.answer(ctx, func(r store.Request) bool { return r.Verb == store.VerbRevert })
	return err
}

// answer carries out the requests that are its own, and reports whether there were any.
func (e *Engine) answer(ctx context.Context, own func(store.Request) bool) (were bool, err error) {
	asked, err := e.o.Store.Requests(ctx)
	if err != nil {
		return false, err
	}
	asked = slices.DeleteFunc(asked, func(r store.Request) bool { return !own(r) })
	for _, r := range asked {
		answer, err := e.execute(ctx, r)
		if err != nil {
			if ctx.Err() != nil {
				return false, err
			}
			answer = NotDone + e.o.Redact(err.Error())
		}
		if err := e.o.Store.Answer(ctx, r.ID, answer); err != nil {
			return false, err
		}
		e.canceled(ctx)
		e.places.wakeAll()
	}
	return len(asked) > 0, nil
}

// execute is [Execute] with what only whoever works can do.
func (e *Engine) execute(ctx context.Context, r store.Request) (string, error) {
	if r.Verb != store.VerbRevert {
		return Execute(ctx, e.o.Store, e.o.Records, r)
	}
	var args store.RequestArgs
	if err := json.Unmarshal(r.Args, &args); err != nil {
		return "", fmt.Errorf("reading the request: %w", err)
	}
	return e.revert(ctx, r, args)
}

// Execute does what a request asks for, and returns the answer for people. Whoever works
// calls it, or a command that holds the store itself. records makes the records of runs that
// end by it.
func Execute(ctx context.Context, s store.Store, records record.Maker, r store.Request) (string, error) {
	var args store.RequestArgs
	if err := json.Unmarshal(r.Args, &args); err != nil {
		return "", fmt.Errorf("reading the request: %w", err)
	}
	switch r.Verb {
	case store.VerbRetry:
		n, err := s.Retry(ctx, args)
		if err != nil {
			return "", err
		}
		left, err := leftInDoubt(ctx, s, args)
		return fmt.Sprintf("%d tried again", n) + nothing(n, args) + left, err
	case store.VerbDiscard:
		return discard(ctx, s, records, args)
	case store.VerbPause:
		return pause(ctx, s, args.Runner)
	case store.VerbResume:
		return resume(ctx, s, args.Runner)
	default:
		return "", fmt.Errorf("%q is unknown here: the command is of another version than the service", r.Verb)
	}
}

func discard(ctx context.Context, s store.Store, records record.Maker, args store.RequestArgs) (string, error) {
	ids := args.Runs
	for _, ticket := range args.Tickets {
		of, err := s.Runs(ctx, store.Filter{Ticket: ticket, Runner: args.Runner, States: []store.State{store.Ready, store.Running, store.Waiting}})
		if err != nil {
			return "", err
		}
		for _, run := range of {
			ids = append(ids, run.ID)
		}
	}
	ended, before, later := 0, 0, 0
	for _, id := range ids {
		run, err := s.Cancel(ctx, id, store.VerbDiscard, func(l store.Loaded) []store.Decision { return records.Canceled(l, "given up by a person") })
		switch {
		case err != nil:
			return "", fmt.Errorf("run %s: %w", id, err)
		case run.State == store.Ended && run.Outcome != store.Canceled:
			before++
		case run.State == store.Ended:
			ended++
		default:
			later++
		}
	}
	answer := fmt.Sprintf("%d ended", ended)
	if later > 0 {
		answer += fmt.Sprintf(", %d end as soon as nothing of them can be under way any more", later)
	}
	if before > 0 {
		answer += fmt.Sprintf(", %d had ended before and stay as they are", before)
	}
	return answer, nil
}

// leftInDoubt says that what is in doubt wasn't tried again: a person decides about each.
func leftInDoubt(ctx context.Context, s store.Store, args store.RequestArgs) (string, error) {
	if !args.All {
		return "", nil
	}
	doubts, err := s.Runs(ctx, store.Filter{InDoubt: true})
	if err != nil || len(doubts) == 0 {
		return "", err
	}
	return fmt.Sprintf("; %d in doubt stay as they are: `otai runs waiting` names them, and what to type for each", len(doubts)), nil
}

// nothing says why nothing was tried again.
func nothing(n int, args store.RequestArgs) string {
	switch {
	case n > 0:
		return ""
	case args.Handled:
		return ": no such ticket stands as handled"
	case len(args.Runs) > 0:
		return ": what is named isn't set aside, dead, or waiting for a cause; --handled takes up tickets that were handled"
	}
	return ": nothing of that is set aside, dead, or waits for a cause"
}

// canceled stops the steps of runs that people canceled while this process works at
// them.
func (e *Engine) canceled(ctx context.Context) {
	active := e.running()
	if len(active) == 0 {
		return
	}
	rows, err := e.o.Store.Runs(ctx, store.Filter{States: []store.State{store.Running}})
	if err != nil {
		return // the fence will say it
	}
	by := make(map[string]store.Run, len(rows))
	for _, row := range rows {
		by[row.ID] = row
	}
	for _, r := range active {
		if by[r.row.ID].Cancel != "" {
			r.canceled.Store(true)
		}
	}
}
