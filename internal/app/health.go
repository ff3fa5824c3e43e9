package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/counted"
	judged "github.com/open-ticket-ai/otai/internal/health"
	"github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/internal/supervise"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// health are the parts of a worker that are asked how they are.
type health struct {
	mu       sync.Mutex
	engine   *orchestrator.Engine // nil: none works
	kept     *keptRuns
	plugins  []judged.Plugin
	lostAt   time.Time // since when the store can't be opened
	lostErr  error
	counted  time.Time
	pause    time.Duration // until it is counted again
	counts   store.Counts
	counting chan struct{} // closed when what counts has ended; nil: nothing does
	stop     func()        // ends that
}

// works names what works from now on. When it returns, nothing reads what worked before.
func (h *health) works(engine *orchestrator.Engine, kept *keptRuns) {
	h.mu.Lock()
	h.engine, h.kept = engine, kept
	stop, counting := h.stop, h.counting
	h.mu.Unlock()
	if counting != nil {
		stop()
		<-counting
	}
}

// lost says since when the store can't be opened; zero: it is open.
func (h *health) lost(since time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lostAt, h.lostErr = since, err
}

// openDoors has the supervisor let others in, and answers what it asks.
func (a *Setup) openDoors(state string) {
	w := a.settings.Worker
	w.Answer(judged.Question, func(ctx context.Context, _ []byte) ([]byte, error) {
		return json.Marshal(judged.Judge(a.facts(ctx, true)))
	})
	w.Answer(judged.QuestionProfile, profile)
	w.Answer(judged.QuestionMetrics, func(ctx context.Context, _ []byte) ([]byte, error) {
		var out bytes.Buffer
		err := a.measures.Write(&out, a.facts(ctx, true))
		return out.Bytes(), err
	})
	admin := a.Document.Admin
	to := supervise.Doors{Folder: state, Listen: admin.Listen, Token: admin.Token, MetricsOpen: admin.MetricsOpen}
	if admin.Cert != "" {
		to.Cert, to.Key = a.fileAt("infrastructure.admin.tls.cert_file", admin.Cert), a.fileAt("infrastructure.admin.tls.key_file", admin.Key)
	}
	w.Doors(to)
}

// fileAt is a file that the value at path names.
func (a *Setup) fileAt(path, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.ConfigDir(path), name)
}

// watchRunners has the log say which runners are stuck. It returns what ends that.
func (a *Setup) watchRunners(ctx context.Context, engine *orchestrator.Engine, o RunOptions) (end func()) {
	if o.Once || o.UntilEmpty || o.DryRun {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		judged.Watch(ctx, func(ctx context.Context) judged.Facts { return a.facts(ctx, false) }, engine)
	}()
	return func() {
		cancel()
		<-done
	}
}

// facts are collected within a moment: what the store isn't quick to say is left out. Tickets are counted anew
// only where somebody wants to know how many there are.
func (a *Setup) facts(ctx context.Context, count bool) judged.Facts {
	h := &a.health
	h.mu.Lock()
	defer h.mu.Unlock() // nothing is closed meanwhile
	f := judged.Facts{Now: time.Now(), Plugins: h.plugins, Store: judged.Store{Kind: "sqlite", Lost: h.lostAt}}
	if a.Document.Runs.Database != "" {
		f.Store.Kind = "postgresql"
	}
	if h.lostErr != nil {
		f.Store.Err = h.lostErr.Error()
	}
	if h.engine == nil {
		return f
	}
	state := h.engine.State()
	names := make(map[string]string) // of services and pipes, by path
	for _, s := range state.Services {
		names[s.Path] = cmp.Or(s.ID, s.Path)
		f.Services = append(f.Services, judged.Service{
			Name: names[s.Path], Use: s.Use, Plugin: s.Plugin, Since: s.Since, Took: s.Took, Started: s.Started, Failed: s.Failing.Attempts, Err: a.said(s.Failing.Err), Next: s.Failing.Next, GivenUp: s.GivenUp,
		})
	}
	if h.kept == nil {
		return f
	}
	kept := h.kept.engine.State()
	if !kept.Lost.IsZero() {
		f.Store.Lost, f.Store.Err = kept.Lost, a.said(kept.LostErr)
	}
	counts := h.counts
	if count {
		counts = h.count(ctx)
	}
	f.Tickets = tickets(counts.Standings)
	f.Overdue = counts.Overdue
	f.Tickets.Waiting = counts.Runs[store.Waiting] + counts.Runs[store.Ready]
	for _, r := range byRunner(state.Places) {
		f.Runners = append(f.Runners, a.runnerFacts(ctx, h.kept.engine, r, kept, counts, names))
	}
	return f
}

// said is the text of an error, without secrets.
func (a *Setup) said(err error) string {
	if err == nil {
		return ""
	}
	return a.Redactor.Text(err.Error())
}

// loaded says which plugins there are.
func (a *Setup) loaded() {
	var list []judged.Plugin
	for _, p := range a.Catalog.Plugins {
		fact := judged.Plugin{Name: p.Name, Version: p.Version, File: filepath.Base(p.Path), Loaded: p.Status == loader.Loaded}
		if p.Err != nil {
			fact.Why = a.said(p.Err)
		}
		list = append(list, fact)
	}
	a.health.mu.Lock()
	defer a.health.mu.Unlock()
	a.health.plugins = list
}

// byRunner puts the places of loops beside the place of their runner, which comes first.
func byRunner(places []orchestrator.PlaceState) (runners [][]orchestrator.PlaceState) {
	at := make(map[string]int)
	for _, p := range places {
		n, known := at[p.Place.Runner]
		if !known {
			n, at[p.Place.Runner] = len(runners), len(runners)
			runners = append(runners, nil)
		}
		runners[n] = append(runners[n], p)
	}
	return runners
}

func (a *Setup) runnerFacts(ctx context.Context, engine *runs.Engine, places []orchestrator.PlaceState, kept runs.State, counts store.Counts, names map[string]string) judged.Runner {
	name := places[0].Place.Runner
	r := judged.Runner{Name: name, Path: places[0].Place.Path, Good: kept.Good[name], Waits: a.Redactor.Text(kept.Waits[name]), Tickets: tickets(counts.Runners[name])}
	if kind, _, made := strings.Cut(name, ":"); made && (kind == "fetch" || kind == "pipe") {
		r.Name = r.Path // it has no id
	}
	for _, p := range kept.Pauses {
		if p.Runner == "" || p.Runner == name {
			r.Paused, r.PausedWhy, r.Resume = engine.Local(p.Since), "a person has paused it", runs.ResumeCommand(p)
			if p.Service != "" {
				r.PausedWhy = fmt.Sprintf("%s changed by %s within an hour, as max_changes allows", counted.Of(p.PerHour, "ticket was", "tickets were"), p.Service)
			}
		}
	}
	for _, c := range kept.Causes {
		if c.Runner == name {
			r.Causes = append(r.Causes, judged.Cause{Key: c.Key, Label: c.Label, Since: c.Began, Waiting: c.Waiting, Err: a.Redactor.Text(c.Err)})
		}
	}
	for n, p := range places {
		for _, path := range p.Needs {
			r.Needs = append(r.Needs, cmp.Or(names[path], path))
		}
		if !p.Busy.IsZero() && (r.Busy.IsZero() || p.Busy.Before(r.Busy)) {
			r.Busy, r.Usual, r.At = p.Busy, p.Usual, ""
			if l := p.Long; l != nil {
				r.At = fmt.Sprintf("the step %s (%s) at %s has not returned for %v", cmp.Or(l.Step, l.Use), l.Use, cmp.Or(l.At, l.Path), l.Took.Round(time.Second))
			}
		}
		if n == 0 {
			r.Found = p.Found
			r.Failing = judged.Failing{Since: p.Failing.Since, Attempts: p.Failing.Attempts, Searching: p.Failing.Searching, Err: a.said(p.Failing.Err), Next: p.Failing.Next}
		}
	}
	if engine.Shared() || r.Good.IsZero() { // the worker before this one may have done well
		r.Elsewhere = func() time.Time {
			at, err := engine.LastGood(ctx, name)
			if err != nil {
				return time.Time{}
			}
			return at
		}
	}
	return r
}

func tickets(of map[store.Standing]int) judged.Tickets {
	return judged.Tickets{Handled: of[store.Handled], Left: of[store.StandingLeft], Aside: of[store.Aside], Dead: of[store.StandingDead]}
}

const (
	countedFor  = 5 * time.Second
	mostPaused  = time.Minute
	countFactor = 20                     // times as long as counting took it isn't done again
	countFirst  = 500 * time.Millisecond // for it whoever asks first waits
	countWithin = 20 * time.Second
)

// count counts tickets now and then, beside whoever asks: where there are many, that takes long.
func (h *health) count(ctx context.Context) store.Counts {
	switch {
	case h.counting != nil || !h.counted.IsZero() && time.Since(h.counted) < h.pause:
	case h.counted.IsZero():
		ctx, cancel := context.WithTimeout(ctx, countFirst)
		defer cancel()
		counts, err := h.kept.store.Store.Counts(ctx)
		h.counts, h.counted, h.pause = counts, time.Now(), countedFor
		if err != nil {
			h.counts, h.pause = store.Counts{}, 0 // the next one doesn't wait for it
		}
	default:
		ctx, stop := context.WithTimeout(context.Background(), countWithin)
		h.stop, h.counting = stop, make(chan struct{})
		go h.recount(ctx, stop, h.kept.store.Store, h.counting)
	}
	return h.counts
}

// recount ends with the context, and closes ended then.
func (h *health) recount(ctx context.Context, stop func(), of store.Store, ended chan struct{}) {
	defer stop()
	began := time.Now()
	counts, err := of.Counts(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.counts = counts
	}
	h.counted = time.Now()
	h.pause = min(mostPaused, max(countedFor, countFactor*time.Since(began)))
	h.counting = nil
	close(ended)
}
