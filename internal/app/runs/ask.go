package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Asked is the answer to a request. Its JSON form is stable.
type Asked struct {
	Verb   string `json:"verb"`
	Answer string `json:"answer"`
}

// How long the answer of whoever works is waited for. It is taken up within a second.
const (
	answerWithin = 5 * time.Second
	lookEvery    = 50 * time.Millisecond
)

// ask writes down a request and waits for its answer. Beginnings of ids are enough.
func (d *Desk) ask(ctx context.Context, verb string, args store.RequestArgs) (Asked, error) {
	for i, begun := range args.Runs {
		id, err := d.find(ctx, begun)
		if err != nil {
			return Asked{}, err
		}
		args.Runs[i] = id
	}
	data, err := json.Marshal(args)
	if err != nil {
		return Asked{}, app.ExitWith(app.CodeRun, err)
	}
	id, err := d.store.Ask(ctx, store.Request{Verb: verb, Args: data})
	if err != nil {
		return Asked{}, d.failed("writing the request", err)
	}
	answer, err := d.answer(ctx, id)
	return Asked{Verb: verb, Answer: d.redactor.Text(answer)}, err
}

// answer waits for whoever works; where nobody does, it does what was asked itself.
func (d *Desk) answer(ctx context.Context, id int64) (string, error) {
	waiting, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for began := time.Now(); ; {
		if time.Since(began) >= d.patience {
			if err := d.carryAlone(ctx); err != nil {
				return "", d.failed("doing what was asked", err)
			}
		}
		r, found, err := d.store.Asked(ctx, id)
		switch {
		case err != nil:
			return "", d.failed("waiting for the answer", err)
		case found && r.Answer != "":
			return r.Answer, nil
		}
		select {
		case <-waiting.Done():
			if ctx.Err() != nil {
				return "", app.ExitWith(app.CodeRun, errors.New("stopped before the answer; what was asked is written down and will be done"))
			}
			return "", app.ExitWith(app.CodeRun, fmt.Errorf("nobody answered within %s; it is written down, and is done as soon as `otai run` can", answerWithin))
		case <-time.After(lookEvery):
		}
	}
}

// RetryOptions say what is tried again beside the runs that are named.
type RetryOptions struct {
	Tickets  []string
	Cause    string
	All      bool
	Handled  bool
	SkipStep bool
}

// Check reports what can't be meant, before anything is opened. Behind --handled the
// arguments are runners, else runs.
func (o RetryOptions) Check(args []string) error {
	ways := 0
	for _, given := range []bool{!o.Handled && len(args) > 0, len(o.Tickets) > 0, o.Cause != "", o.All, o.Handled} {
		if given {
			ways++
		}
	}
	switch {
	case ways == 0:
		return errors.New("what is to be tried again? Name runs, or give --ticket, --all, --cause or --handled")
	case ways > 1:
		return errors.New("choose one of: runs, --ticket, --all, --cause, --handled")
	case o.SkipStep && len(args) == 0:
		return errors.New("--skip-step is for a run that you name")
	}
	return nil
}

// Retry makes due what o says, or the runs that args name.
func (d *Desk) Retry(ctx context.Context, o RetryOptions, args []string) (Asked, error) {
	a := store.RequestArgs{Tickets: o.Tickets, Cause: o.Cause, All: o.All, Handled: o.Handled, SkipStep: o.SkipStep}
	if !o.Handled {
		a.Runs = args
		return d.ask(ctx, store.VerbRetry, a)
	}
	if len(args) == 0 {
		return d.ask(ctx, store.VerbRetry, a)
	}
	var out Asked
	for _, runner := range args {
		a.Runner = runner
		one, err := d.ask(ctx, store.VerbRetry, a)
		if err != nil {
			return out, err
		}
		out.Verb, out.Answer = one.Verb, joined(out.Answer, one.Answer)
	}
	return out, nil
}

// Discard gives runs up, also those that are at work.
func (d *Desk) Discard(ctx context.Context, ids []string) (Asked, error) {
	return d.ask(ctx, store.VerbDiscard, store.RequestArgs{Runs: ids})
}

// Pause lets nothing of a runner begin, or of any with "", on all hosts.
func (d *Desk) Pause(ctx context.Context, runner string) (Asked, error) {
	return d.askRunner(ctx, store.VerbPause, runner)
}

// Resume ends a pause of a runner, or all with "".
func (d *Desk) Resume(ctx context.Context, runner string) (Asked, error) {
	return d.askRunner(ctx, store.VerbResume, runner)
}

func (d *Desk) askRunner(ctx context.Context, verb, runner string) (Asked, error) {
	names, err := d.runners(ctx)
	if err != nil {
		return Asked{}, d.failed("looking for the runner", err)
	}
	if runner != "" && !slices.Contains(names, runner) {
		hint := "none has an id; without one, all are meant"
		if len(names) > 0 {
			hint = "these are known: " + strings.Join(names, ", ")
		}
		if near := params.Near(runner, names); near != "" {
			hint = "did you mean " + near + "? " + strings.ToUpper(hint[:1]) + hint[1:]
		}
		return Asked{}, app.ExitWith(app.CodeUsage, fmt.Errorf("no runner with the id %q is in the configuration, or has run here; %s", runner, hint))
	}
	return d.ask(ctx, verb, store.RequestArgs{Runner: runner})
}

// runners are those that have run here, and those that the configuration has.
func (d *Desk) runners(ctx context.Context) ([]string, error) {
	names, err := d.store.Runners(ctx)
	if err != nil {
		return nil, err
	}
	names = append(names, d.configured...)
	slices.Sort(names)
	return slices.Compact(names), nil
}

// configuredRunners are the ids by which the children of a root pipe are known: their own, or
// that of what they run.
func configuredRunners(root map[string]any) (ids []string) {
	in := func(v any, key string) any {
		switch m := v.(type) {
		case map[string]any:
			return m[key]
		case interface{ Get(key string) (any, bool) }:
			inner, _ := m.Get(key)
			return inner
		}
		return nil
	}
	steps, _ := in(in(root, "params"), "steps").([]any)
	for _, step := range steps {
		id, _ := in(step, "id").(string)
		if id == "" {
			id, _ = in(in(in(step, "params"), "run"), "id").(string)
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// RunnerNames are the runners whose names complete what was begun in a shell; of those that are
// paused alone, if paused is set.
func (d *Desk) RunnerNames(ctx context.Context, begun string, paused bool) ([]string, error) {
	names, err := d.runners(ctx)
	if err != nil {
		return nil, err
	}
	pauses, err := d.store.Pauses(ctx)
	return slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(name, begun) || paused && !slices.ContainsFunc(pauses, func(p store.Pause) bool { return p.Runner == name })
	}), err
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}
