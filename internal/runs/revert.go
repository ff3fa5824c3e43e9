package runs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/counted"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/revert"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// What otai wrote is put back by runs without a runner, one for each ticket: every process can
// carry them out, paused runners or not. Which writes those are says the range of the request,
// and is looked up when no other run can work at the ticket any more.

const (
	// RevertPlace is where the runs are that put tickets back.
	RevertPlace   = "otai revert"
	revertHash    = "revert"
	revertID      = "revert-"
	stepRevert    = "~revert" // has, as its params, what a run puts back
	revertWorkers = 4
	revertPage    = 1000
)

// reversal is the place of these runs.
func reversal() *orchestrator.Place {
	return &orchestrator.Place{Path: RevertPlace, Hash: revertHash, Workers: revertWorkers, Repeat: true}
}

// revertJob is what one of them is to do.
type revertJob struct {
	store.Range
	System string `json:"system"`
	Ticket string `json:"ticket"`
}

type ticketAt struct{ system, ticket string }

// revert makes the runs of a request. Called again, as after a crash, it makes none twice.
func (e *Engine) revert(ctx context.Context, r store.Request, args store.RequestArgs) (string, error) {
	if args.Range == nil {
		return "", errors.New("the request doesn't say what is to be put back")
	}
	if err := WithItems(ctx, e.o.Store, args.Range); err != nil {
		return "", err
	}
	given, err := e.giveUp(ctx, *args.Range)
	if err != nil {
		return "", err
	}
	tickets, err := e.written(ctx, *args.Range)
	if err != nil {
		return "", err
	}
	for at, runs := range given {
		tickets[at] = append(tickets[at], runs...)
	}
	for at, runs := range tickets {
		job := revertJob{*args.Range, at.system, at.ticket}
		if len(job.Runs) > 0 {
			job.Runs = runs
		}
		if err := e.revertTicket(ctx, RevertPrefix(r.ID), job); err != nil {
			return "", fmt.Errorf("ticket %s: %w", at.ticket, err)
		}
	}
	if len(tickets) == 0 {
		return "nothing was written there", nil
	}
	e.logger.InfoContext(ctx, "what otai wrote is put back", "tickets", len(tickets), "request", r.ID)
	e.places.of(e.reverting).wake()
	return counted.Of(len(tickets), "ticket is", "tickets are") + " looked at", nil
}

// RevertPrefix is what the ids of the runs of a request begin with.
func RevertPrefix(request int64) string { return fmt.Sprintf("%s%d-", revertID, request) }

// RequestOf is the request that a run is of which puts a ticket back.
func RequestOf(run string) (request int64, ok bool) {
	text, begins := strings.CutPrefix(run, revertID)
	text, _, ends := strings.Cut(text, "-")
	request, err := strconv.ParseInt(text, 10, 64)
	return request, begins && ends && err == nil
}

// WithItems adds the items of the loops of the runs that a range names.
func WithItems(ctx context.Context, s store.Store, in *store.Range) error {
	for _, id := range slices.Clone(in.Runs) {
		items, err := s.Runs(ctx, store.Filter{Parent: id})
		if err != nil {
			return err
		}
		for _, item := range items {
			in.Runs = append(in.Runs, item.ID)
		}
	}
	return nil
}

// giveUp ends the unended runs of a range that have written something, or begun to: what
// their requests may still do is waited for, and nothing further is sent. It returns
// those of each ticket.
func (e *Engine) giveUp(ctx context.Context, in store.Range) (map[ticketAt][]string, error) {
	unended, err := UnendedIn(ctx, e.o.Store, in)
	if err != nil {
		return nil, err
	}
	tickets := make(map[ticketAt][]string)
	for id, effects := range unended {
		for _, f := range effects {
			at := ticketAt{f.System, f.Ticket}
			tickets[at] = append(tickets[at], id)
		}
		_, err = e.o.Store.Cancel(ctx, id, store.VerbDiscard, func(l store.Loaded) []store.Decision {
			return e.o.Records.Canceled(l, "what it wrote is put back")
		})
		if err != nil && !errors.Is(err, store.ErrMissing) {
			return nil, fmt.Errorf("run %s: %w", id, err)
		}
	}
	e.canceled(ctx)
	return tickets, nil
}

// UnendedIn are the runs that have not ended and have written something in a range, or begun
// to: by id, with what they wrote there.
func UnendedIn(ctx context.Context, s store.Store, in store.Range) (map[string][]store.Effect, error) {
	rows, err := s.Runs(ctx, store.Filter{Ticket: in.Ticket, States: []store.State{store.Ready, store.Running, store.Waiting}})
	if err != nil {
		return nil, err
	}
	runs := make(map[string][]store.Effect)
	for _, row := range rows {
		if row.Runner == "" && row.Hash == revertHash {
			continue
		}
		l, err := s.Load(ctx, row.ID)
		if errors.Is(err, store.ErrMissing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, f := range l.Effects {
			wrote := f.State == store.Done || f.State == store.Intent && f.Begun != 0
			if wrote && in.Has(row.ID, f.System, f.Ticket, max(f.Begun, f.Changed)) {
				runs[row.ID] = append(runs[row.ID], f)
			}
		}
	}
	return runs, nil
}

// written are the tickets that records of a range say something was written to, each with
// the runs.
func (e *Engine) written(ctx context.Context, in store.Range) (map[ticketAt][]string, error) {
	tickets := make(map[ticketAt][]string)
	err := RecordsIn(ctx, e.o.Store, in, store.DecisionFilter{}, func(r decisions.Record) {
		if p := revert.Of([]decisions.Record{r}); len(p.Fields)+len(p.Kept) > 0 {
			at := ticketAt{r.System, r.Ticket}
			tickets[at] = append(tickets[at], r.Run)
		}
	})
	return tickets, err
}

// RecordsIn calls do with the records of a range that f lets through, oldest first.
func RecordsIn(ctx context.Context, s store.Store, in store.Range, f store.DecisionFilter, do func(decisions.Record)) error {
	f.Oldest, f.Limit = true, revertPage
	if f.Since, f.Until = in.Since, in.Until; in.Ticket != "" {
		f.Ticket = in.Ticket
	}
	for {
		page, err := s.Decisions(ctx, f)
		if err != nil {
			return err
		}
		for _, d := range page {
			if !in.Has(d.Run, d.System, d.Ticket, d.Made) {
				continue
			}
			r, err := decisions.Decode(d.Body, time.UnixMicro(d.Made).UTC(), d.End)
			if err != nil {
				return err
			}
			do(r)
		}
		if len(page) < revertPage {
			return nil
		}
		f.After = &page[len(page)-1]
	}
}

func (e *Engine) revertTicket(ctx context.Context, prefix string, job revertJob) error {
	sum := sha256.Sum256([]byte(job.System + "\x00" + job.Ticket))
	row := store.Run{
		ID: prefix + hex.EncodeToString(sum[:8]), Place: e.reverting.Path, Hash: e.reverting.Hash,
		State: store.Running, Owner: e.hostID(), Fence: 1,
	}
	switch _, err := e.o.Store.Load(ctx, row.ID); {
	case err == nil:
		return nil
	case !errors.Is(err, store.ErrMissing):
		return err
	}
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
	_, err = e.o.Store.Commit(ctx, store.Batch{
		Held: store.Held{Run: row.ID, Host: row.Owner, Fence: row.Fence}, Create: &row,
		Steps: []store.Step{{Key: stepRevert, Params: string(text)}}, End: &store.End{State: store.Ready, DueAt: e.now()},
	})
	if err != nil {
		if _, bad := e.o.Store.Load(ctx, row.ID); bad == nil { // another host took up the same request
			return nil
		}
	}
	return err
}

// serveReverts carries these runs out until ctx ends.
func (e *Engine) serveReverts(ctx context.Context) {
	for {
		next, ok, err := e.Next(ctx, e.reverting)
		if r, is := next.(*run); err == nil && ok && is {
			err = e.carryBack(ctx, r)
		}
		if err != nil && ctx.Err() == nil {
			e.logger.DebugContext(ctx, "a ticket that is to be put back waits on", "err", err.Error())
		}
		if ok {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-e.Ready(e.reverting):
		}
	}
}

func (e *Engine) carryBack(ctx context.Context, r *run) error {
	var job revertJob
	if err := json.Unmarshal([]byte(r.steps[stepRevert].Params), &job); err != nil {
		return r.End(ctx, api.PipeResult{}, fmt.Errorf("reading what is to be put back: %w", err))
	}
	r.concern = job.Ticket // it has no claim by which it could be known
	s := orchestrator.Step{Key: "revert", Path: e.reverting.Path, Name: "revert", Params: "-"}
	ctx = gate.WithoutBounds(ctx)
	result, err := r.Step(ctx, s, func(ctx context.Context) (api.PipeResult, error) { return e.putBack(ctx, job) })
	return r.End(ctx, result, err)
}

func (e *Engine) putBack(ctx context.Context, job revertJob) (api.PipeResult, error) {
	plan, done, err := e.o.Revert(ctx, gate.Reverting{
		System: job.System, Ticket: job.Ticket,
		Plan: func(ctx context.Context) (revert.Plan, error) {
			var records []decisions.Record
			err := RecordsIn(ctx, e.o.Store, job.Range, store.DecisionFilter{System: job.System, Ticket: job.Ticket}, func(r decisions.Record) { records = append(records, r) })
			return revert.Of(records), err
		},
		Note: revertNote,
	})
	if err != nil {
		return api.PipeResult{}, err
	}
	decisions.Decided(ctx, decisions.Pipe{Action: revertAction(done), Target: targetOf(plan, done), Reason: sayPutBack(plan, done)})
	return api.Success(nil), nil
}

func revertAction(b gate.PutBack) decisions.Action {
	if len(b.Done) == 0 {
		return decisions.Left
	}
	return decisions.Reverted
}

func targetOf(plan revert.Plan, b gate.PutBack) map[string]decisions.Value {
	target := make(map[string]decisions.Value, len(b.Done))
	for _, name := range b.Done {
		target[name] = plan.Fields[name].Back
	}
	return target
}

// sayPutBack says what was not put back, and why.
func sayPutBack(plan revert.Plan, b gate.PutBack) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(b.Kept)) {
		parts = append(parts, name+": "+revert.ChangedSince(b.Kept[name]))
	}
	if parts = append(parts, revert.Reasons(plan.Kept)...); len(parts)+len(b.Done) == 0 {
		return "it is as it was before"
	}
	return revert.NotPutBack(parts)
}

// revertNote says on the ticket what was put back.
func revertNote(plan revert.Plan, done []string) api.Note {
	var lines []string
	for _, name := range done {
		f := plan.Fields[name]
		lines = append(lines, fmt.Sprintf("%s: %s, was %s", name, f.Back, f.Was))
	}
	return api.Note{Subject: "Put back by otai revert", Body: strings.Join(lines, "\n")}
}
