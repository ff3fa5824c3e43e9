package trial

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// run is one run of a trial.
type run struct {
	t       *Trial
	p       *orchestrator.Place
	claimed func() // nil once it was called
	item    *orchestrator.LoopItem
	loop    *loop
	parent  *run    // that the item is of
	turn    *inTurn // nil before its first step, and where there are no turns

	mu              sync.Mutex // a pipe may write from several goroutines
	searched        bool
	failing         error // of its search
	tickets         []*held
	classifications []decisions.Classification
	pipes           []decisions.Pipe
	failure         trouble // the last failed result
	refused         trouble // a write that is never sent
	bad             trouble // the last error of a step
}

// trouble is why a step has no good result.
type trouble struct {
	step string
	err  error
}

// held is a ticket that a run has to do with.
type held struct {
	system    *system
	id        string
	fetched   bool // by its search, or as an item
	handed    bool // to the items of a loop
	below     bool // it was written to by the items of a loop, to none of which it was handed
	before    api.Ticket
	notJudged []string
	writes    []decisions.Write
	suggested bool // only in steps that suggest
}

type stepKey struct{}

// step is one call of a step. It hears what the step has decided.
type step struct {
	*run
	s        orchestrator.Step
	suggests bool
}

func stepOf(ctx context.Context) *step {
	s, _ := ctx.Value(stepKey{}).(*step)
	return s
}

// at is the place of the step in the configuration.
func (s *step) at() string {
	if s.t.o.Locate == nil {
		return ""
	}
	return s.t.o.Locate(s.s.Path)
}

// Classified implements [decisions.Sink].
func (s *step) Classified(c decisions.Classification) {
	c.Step, c.At = s.s.Name, s.at()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.classifications = append(s.classifications, c)
}

// Decided implements [decisions.Sink].
func (s *step) Decided(p decisions.Pipe) {
	p.Step, p.At = s.s.Name, s.at()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pipes = append(s.pipes, p)
}

// Resumed implements [orchestrator.Run].
func (r *run) Resumed() bool { return false }

// Item implements [orchestrator.Run].
func (r *run) Item() (orchestrator.LoopItem, bool) {
	if r.item == nil {
		return orchestrator.LoopItem{}, false
	}
	return *r.item, true
}

// OnOverdue implements [orchestrator.Run].
func (r *run) OnOverdue(func(time.Time)) {}

// Again implements [orchestrator.Run].
func (r *run) Again() bool { return false }

// Found implements [orchestrator.Run].
func (r *run) Found() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.tickets) > 0
}

// Step implements [orchestrator.Run].
func (r *run) Step(ctx context.Context, s orchestrator.Step, do func(context.Context) (api.PipeResult, error)) (api.PipeResult, error) {
	if err := ctx.Err(); err != nil {
		return api.PipeResult{}, err
	}
	if t := r.t.turns; t != nil && r.item == nil && r.turn == nil {
		turn, err := t.enter(ctx, r.p)
		if err != nil {
			return api.PipeResult{}, err
		}
		r.turn = turn
	}
	r.takeItem()
	this := &step{run: r, s: s}
	result, err := do(decisions.With(context.WithValue(ctx, stepKey{}, this), this))
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil:
		r.bad = trouble{s.Name, err}
	case result.Failed():
		r.failure = trouble{s.Name, errors.New(result.Message)}
	}
	return result, err
}

// takeItem makes the ticket of an item the run's.
func (r *run) takeItem() {
	if r.item == nil || r.item.Ticket == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.tickets) > 0 {
		return
	}
	r.parent.known(r.item.Ticket, func(of *held) {
		own := *of
		own.handed, own.below, own.writes, own.suggested = false, false, nil, false
		r.tickets = append(r.tickets, &own)
	})
}

// known has done what is to be done with what the run, or one around it, knows of a ticket of its
// items: nothing if none knows it. Other items may ask for the same at the same time.
func (r *run) known(id string, do func(h *held)) {
	for ; r != nil; r = r.parent {
		if r.tell(id, do) {
			return
		}
	}
}

func (r *run) tell(id string, do func(h *held)) (known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.tickets, func(h *held) bool { return h.id == id })
	if i < 0 {
		return false
	}
	do(r.tickets[i])
	return true
}

// hand gives the tickets of the items to them.
func (r *run) hand(items []orchestrator.LoopItem) {
	r.takeItem()
	for _, item := range items {
		if item.Ticket != "" {
			r.known(item.Ticket, func(h *held) { h.handed = true })
		}
	}
}

// runner is by what predictions and searches know whose run it is.
func (r *run) runner() string { return r.p.Runner }

// root is the run that searched.
func (r *run) root() *run {
	for r.parent != nil {
		r = r.parent
	}
	return r
}

// wrote reports whether anything was shown.
func (r *run) wrote() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.tickets, func(h *held) bool { return len(h.writes) > 0 })
}

// End implements [orchestrator.Run].
func (r *run) End(_ context.Context, result api.PipeResult, err error) error {
	left := r.end(result, err)
	if t := r.t.turns; t != nil && r.item == nil {
		r.mu.Lock()
		found := slices.ContainsFunc(r.tickets, func(h *held) bool { return h.fetched })
		r.mu.Unlock()
		t.leave(r.turn, r.p, found, left != nil)
	}
	return left
}

func (r *run) end(result api.PipeResult, err error) error {
	r.takeItem()
	e := End{Runner: r.runner(), Found: r.Found()}
	if stopped := errors.Is(err, context.Canceled); !stopped {
		e.Err = err
		e.Predictions = r.predictions(result, err)
	}
	r.release()
	if n := len(e.Predictions); n > 0 {
		r.t.proceed(func(p *Progress) { p.Done += n; p.Found = max(p.Found, p.Done) })
	}
	if r.loop != nil {
		defer r.loop.ended(r, result, err)
	}
	if r.t.o.Ended == nil {
		return e.Err
	}
	r.t.ending.Lock()
	defer r.t.ending.Unlock()
	return r.t.o.Ended(e)
}

// predictions are those of the tickets that the run wrote to, else of the one that it was about.
func (r *run) predictions(result api.PipeResult, err error) []Prediction {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Prediction
	for _, h := range r.tickets {
		if len(h.writes) > 0 {
			all = append(all, r.prediction(h, result, err))
		}
	}
	subject := r.subject()
	if subject == nil || subject.handed || subject.below && len(subject.writes) == 0 {
		return append(all, r.leftOut()...)
	}
	if len(all) == 0 {
		all = append(all, r.prediction(subject, result, err))
	}
	return append(all, r.leftOut()...)
}

// subject is the ticket that the run is about: the item's, else the one that it wrote to last,
// else the first that it searched for.
func (r *run) subject() *held {
	for _, h := range slices.Backward(r.tickets) {
		if h.fetched && len(h.writes) > 0 {
			return h
		}
	}
	i := slices.IndexFunc(r.tickets, func(h *held) bool { return h.fetched })
	if i < 0 {
		return nil
	}
	return r.tickets[i]
}

// leftOut are tickets that were found and aren't among the items of the loop that follows.
func (r *run) leftOut() []Prediction {
	if !slices.ContainsFunc(r.tickets, func(h *held) bool { return h.handed }) {
		return nil
	}
	var all []Prediction
	for _, h := range r.tickets {
		if h.fetched && !h.handed && len(h.writes) == 0 {
			p := r.about(h)
			p.Action, p.Reason = decisions.Left, "it is not among the items of the loop"
			all = append(all, p)
		}
	}
	return all
}

func (r *run) about(h *held) Prediction {
	p := Prediction{NotJudged: h.notJudged}
	p.Time, p.Runner, p.Config = time.Now(), r.runner(), r.p.Hash
	p.System, p.Ticket, p.Number = h.system.name(), h.id, h.before.Number
	p.Read = readOf(h.before)
	p.Link = h.system.link(h.id)
	if r.t.o.KeepText {
		p.Title = h.before.Subject
	}
	return p
}

func (r *run) prediction(h *held, result api.PipeResult, err error) Prediction {
	p := r.about(h)
	p.Classifications, p.Pipes, p.Writes = slices.Clone(r.classifications), slices.Clone(r.pipes), h.writes
	not := (*orchestrator.NotTriedError)(nil)
	switch {
	case errors.As(err, &not):
		p.Action, p.Reason, p.Step = NotTried, not.Error(), stepNamed(err)
	case len(h.writes) > 0 && h.suggested:
		p.Action, p.Reason = decisions.Suggested, r.why(result, err)
	case len(h.writes) > 0:
		p.Action, p.Reason = decisions.Applied, r.why(result, err)
	case r.refused.err != nil:
		p.Action, p.Reason, p.Step = decisions.Refused, r.refused.err.Error(), r.refused.step
	case err != nil && isItsOwn(err):
		p.Action, p.Reason, p.Step = decisions.Refused, err.Error(), cmp.Or(stepNamed(err), r.bad.step)
		p.Impossible = true
	case err != nil:
		p.Action, p.Reason, p.Step = Failed, err.Error(), cmp.Or(stepNamed(err), r.bad.step)
	default:
		p.Action, p.Reason, p.Step = decisions.Left, cmp.Or(r.why(result, nil), "no step has anything to write"), r.failure.step
	}
	p.Record = p.Complete()
	return p
}

// why is the reason of an end, for people.
func (r *run) why(result api.PipeResult, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case r.refused.err != nil:
		return r.refused.err.Error()
	case len(r.pipes) > 0:
		return r.pipes[len(r.pipes)-1].Reason
	case r.failure.err != nil:
		return r.failure.err.Error()
	}
	return result.Message
}

// stepNamed is what people call the step in which an error began.
func stepNamed(err error) string {
	if at := (*orchestrator.RunError)(nil); errors.As(err, &at) {
		return at.Step
	}
	return ""
}

// isItsOwn reports whether an error would be the same the next time.
func isItsOwn(err error) bool {
	if at := (*orchestrator.RunError)(nil); errors.As(err, &at) && at.Params {
		return true
	}
	return errors.As(err, new(*orchestrator.PanicError)) || errors.Is(err, api.ErrInvalid) || errors.Is(err, api.ErrNotFound) || errors.Is(err, api.ErrDenied)
}

// release ends the run's work at its tickets. Those that it neither wrote to nor was about
// may be found again.
func (r *run) release() {
	r.mu.Lock()
	subject := r.subject()
	loops := slices.ContainsFunc(r.tickets, func(h *held) bool { return h.handed })
	again := make(map[*held]bool, len(r.tickets))
	for _, h := range r.tickets {
		again[h] = r.item == nil && h.fetched && h != subject && len(h.writes) == 0 && !loops
	}
	r.mu.Unlock()
	for h, again := range again {
		h.system.desk.release(r.runner(), h.id, r.root(), again)
	}
}
