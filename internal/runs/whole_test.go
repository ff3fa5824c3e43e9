package runs

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// otai runs a configuration at a help desk in a bubble until the test stops it, which the
// watch does that runs beside it.
func otai(t *testing.T, h api.TicketSystem, config string, watch func(d *desk, log *logBuffer)) {
	t.Helper()
	otaiAgain(t, h, config, 1, watch)
}

// otaiAgain does it with one process after another, each with a watch.
func otaiAgain(t *testing.T, h api.TicketSystem, config string, processes int, watch func(d *desk, log *logBuffer)) {
	t.Helper()
	inDesk(t, func(t *testing.T, d *desk) {
		if err := d.engine.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer d.start() // which the harness closes
		w := &whole{d: d, log: new(logBuffer)}
		for range processes {
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				defer stop()
				watch(d, w.log)
			}()
			if err := w.run(ctx, h, config, orchestrator.Options{}); err != nil {
				t.Error(err)
			}
		}
	})
}

// whole is a process of otai with one runner, in a bubble whose time passes by itself.
type whole struct {
	d     *desk
	log   *logBuffer
	lease time.Duration // of a host among others; 0: it is the only one
	name  string        // of its instance
}

// runs runs a configuration with the help desk until ctx ends, or by itself with Once or
// UntilEmpty.
func (w *whole) run(ctx context.Context, h api.TicketSystem, steps string, o orchestrator.Options) error {
	t := w.d.t
	t.Helper()
	log := slog.New(slog.NewTextHandler(w.log, nil))
	g := gate.New(gate.Options{Store: w.d.store, Logger: log})
	e := New(Options{
		Store: w.d.store, Logger: log, Host: store.Host{Instance: "here" + w.name, Lease: w.lease}, Keep: 24 * time.Hour,
		Finish: g.Finish, Healthy: g.Healthy, Alone: o.Once || o.UntilEmpty, Once: o.Once,
	})
	r := registry.New(":")
	for prefix, p := range map[string]api.Plugin{
		"base": base.New("v1.0.0", base.Options{}),
		"t": api.NewPlugin(api.Metadata{Name: "otai-t", Version: "v1.0.0", API: ">=1.0.0 <2"},
			api.NewService("Desk", "", func(struct{}, api.Host) (api.TicketSystem, error) { return h, nil })),
	} {
		if err := r.Register(p.Metadata().Name, prefix, api.AppConfig{}, p.Injectables()); err != nil {
			t.Fatal(err)
		}
	}
	var root map[string]any
	if err := yaml.Unmarshal([]byte(steps), &root); err != nil {
		t.Fatal(err)
	}
	o.Registry, o.DefaultRenderer, o.Logger, o.Runs = r, base.RendererUse, log, e
	o.Wrap = func(s orchestrator.Service, instance any) any { return g.Wrap(s.ID, instance) }
	engine, err := orchestrator.New(orchestrator.Definition{
		Services: []orchestrator.Service{{ID: "desk", Use: "t:Desk", Path: "services.desk"}},
		Root:     root, RootPath: "orchestrator",
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	err = engine.Run(ctx)
	if closeErr := e.Close(context.WithoutCancel(ctx)); closeErr != nil {
		t.Error(closeErr)
	}
	if closeErr := engine.Close(); closeErr != nil {
		t.Error(closeErr)
	}
	return err
}

// sorting is a runner that moves what it finds, with a note.
func sorting(limit int, steps string) string {
	return `
use: base:SimpleSequentialOrchestrator
params:
  orchestrator_sleep: PT0.01S
  steps:
    - id: sort
      use: base:SimpleSequentialRunner
      params:
        on: { use: base:IntervalTrigger, params: { interval: PT0S } }
        run:
          use: base:CompositePipe
          params:
            steps:
              - id: fetch
                use: base:FetchTicketsPipe
                injects: { ticket_system: desk }
                params: { ticket_search_criteria: { queue: { name: in }, limit: ` + strconv.Itoa(limit) + ` } }
` + steps
}

const (
	oneTicket = `
              - use: base:UpdateTicketPipe
                injects: { ticket_system: desk }
                params:
                  ticket_id: "{{ get_pipe_result('fetch', 'fetched_tickets')[0].id }}"
                  updated_ticket: { queue: { name: out }, priority: { name: high }, notes: [ { subject: otai, body: done } ] }
`
	eachTicket = `
              - use: base:ForEachPipe
                params:
                  items: "{{ get_pipe_result('fetch', 'fetched_tickets') }}"
                  steps:
                    - use: base:UpdateTicketPipe
                      injects: { ticket_system: desk }
                      params:
                        ticket_id: "{{ get_parent_param('item').id }}"
                        updated_ticket: { queue: { name: out }, priority: { name: high }, notes: [ { subject: otai, body: done } ] }
`
)

// slowDesk takes its time for each request, and longer than anybody waits for some updates.
type slowDesk struct {
	*helpDesk
	search, read time.Duration
	update       func(id string) time.Duration
}

func (s *slowDesk) FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error) {
	time.Sleep(s.search)
	return s.helpDesk.FindTicketIDs(ctx, c)
}

func (s *slowDesk) ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	time.Sleep(s.read)
	return s.helpDesk.ReadTickets(ctx, ids, c)
}

func (s *slowDesk) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	if err := s.fence(ctx); err != nil {
		return err
	}
	lasts := s.update(id)
	if lasts <= timeoutOfTests {
		time.Sleep(lasts)
		s.change(id, "otai", u)
		return nil
	}
	time.AfterFunc(lasts, func() { s.change(id, "otai", u) })
	time.Sleep(timeoutOfTests)
	return api.ErrUncertain
}

func (s *slowDesk) AddNote(ctx context.Context, id string, n api.Note) error {
	return s.UpdateTicket(ctx, id, api.TicketUpdate{Notes: []api.Note{n}})
}

// Connections is as of otobo-znuny by default, whose own tests have how it comes to that.
func (*slowDesk) Connections() int { return 64 }

const timeoutOfTests = 30 * time.Second

// RUNS 25: one update in twenty comes 40 s late, when nobody waits for it any more. The rates
// are what the workers reach without late updates.
func TestALateUpdateInTwentyCostsTheOthersLessThanFivePercent(t *testing.T) {
	many(t)
	for name, c := range map[string]struct {
		config  string
		tickets int
		update  time.Duration // takes it, on average
	}{
		"limit: 1":                {sorting(1, oneTicket), 160, 160 * time.Millisecond},
		"ForEach, 4 in a second":  {sorting(100, eachTicket), 160, 940 * time.Millisecond},
		"ForEach, 12 in a second": {sorting(100, eachTicket), 440, 310 * time.Millisecond},
		"ForEach, 25 in a second": {sorting(100, eachTicket), 800, 150 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var took [2]time.Duration
			for i, late := range []bool{false, true} {
				h := newHelpDesk(c.tickets)
				isLate := func(id string) bool {
					number, _ := strconv.Atoi(id)
					return number%20 == 7
				}
				n, out, most := 0, 0, 0
				s := &slowDesk{helpDesk: h, search: 40 * time.Millisecond, read: 35 * time.Millisecond}
				s.update = func(id string) time.Duration {
					h.mu.Lock()
					defer h.mu.Unlock()
					n++
					if late && isLate(id) {
						out++
						most = max(most, out)
						time.AfterFunc(timeoutOfTests, func() {
							h.mu.Lock()
							defer h.mu.Unlock()
							out--
						})
						return 40 * time.Second
					}
					return c.update * time.Duration(84+n*37%33) / 100
				}
				otai(t, s, c.config, func(*desk, *logBuffer) {
					began := time.Now()
					for all := false; !all && time.Since(began) < time.Hour; time.Sleep(50 * time.Millisecond) {
						done, others := 0, 0
						h.mu.Lock()
						for id, ticket := range h.tickets {
							switch {
							case ticket.Queue.Name == "out":
								done++
							case !isLate(id):
								others++
							}
						}
						h.mu.Unlock()
						if others == 0 && took[i] == 0 {
							took[i] = time.Since(began)
						}
						all = done == c.tickets
					}
					time.Sleep(time.Minute) // in which something might be written again
				})
				for id := range h.tickets {
					if what := h.wrong("one update", id); what != "" {
						t.Errorf("ticket %s: %s", id, what)
					}
				}
				t.Logf("late %v: the others took %s, %.1f in a second, %d updates, %d late at one time", late, took[i], float64(c.tickets)*.95/took[i].Seconds(), n, most)
				if most > s.Connections() {
					t.Errorf("%d late ones at one time", most)
				}
			}
			if ratio := float64(took[1]) / float64(took[0]); ratio > 1.05 {
				t.Errorf("the others took %s, with a late update in twenty %s: %.3f times as long", took[0], took[1], ratio)
			} else {
				t.Logf("%.3f times as long", ratio)
			}
		})
	}
}

// badRead is a help desk that fails at the reading of one ticket.
type badRead struct {
	*helpDesk
	bad   string
	after time.Duration
	why   error // nil: it leaves the ticket out
	tries int
}

func (b *badRead) ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	if !slices.Contains(ids, b.bad) {
		return b.helpDesk.ReadTickets(ctx, ids, c)
	}
	b.mu.Lock()
	b.tries++
	b.mu.Unlock()
	select {
	case <-time.After(b.after):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if b.why != nil {
		return nil, b.why
	}
	return b.helpDesk.ReadTickets(ctx, slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == b.bad }), c)
}

func (*badRead) CheckHealth(context.Context) error { return nil }

// RUNS 20, at its reading: the first ticket of all.
func TestATicketWhoseReadingFailsKeepsNoOtherWaiting(t *testing.T) {
	many(t)
	t.Parallel()
	const tickets = 60
	for name, c := range map[string]struct {
		after time.Duration
		why   error
	}{
		"an error of the server": {time.Second, api.ErrTemporary},
		"a malformed answer":     {0, api.ErrUncertain},
		"never an answer":        {timeoutOfTests, api.ErrTemporary},
		"too large":              {0, nil},
	} {
		for form, config := range map[string]string{
			"limit: 1": sorting(1, oneTicket), "limit: 10": sorting(10, eachTicket), "limit: 50": sorting(50, eachTicket),
		} {
			t.Run(name+", "+form, func(t *testing.T) {
				h := newHelpDesk(tickets)
				b := &badRead{helpDesk: h, bad: "0001", after: c.after, why: c.why}
				otai(t, b, strings.Replace(config, "PT0.01S", "PT0.5S", 1), func(d *desk, log *logBuffer) {
					began := time.Now()
					done := func() (n int) {
						h.mu.Lock()
						defer h.mu.Unlock()
						for _, ticket := range h.tickets {
							if ticket.Queue.Name == "out" {
								n++
							}
						}
						return n
					}
					for done() < tickets-1 && time.Since(began) < 20*time.Minute {
						time.Sleep(time.Second)
					}
					if took, most := time.Since(began), 8*c.after+2*time.Minute; took > most {
						t.Errorf("the others were done after %s, want at most %s", took, most)
					}
					time.Sleep(5 * time.Minute)
					h.mu.Lock()
					tries := b.tries
					h.mu.Unlock()
					if got := d.ticket("0001"); got.Standing != store.Aside || tries > 20 {
						t.Errorf("after %s and %d readings: %+v", time.Since(began), tries, got)
					}
					if n := log.count("level=ERROR") + log.count("level=WARN"); n > 10 {
						t.Errorf("%d lines\n%s", n, log.b.String())
					}
				})
			})
		}
	}
}

// The next firing of a loop searches while the last items of the one before are at work, and
// never takes more than about one firing's tickets ahead.
func TestALoopSearchesWhileItsLastItemsAreAtWork(t *testing.T) {
	const tickets, workers = 400, 4
	for name, c := range map[string]struct {
		limit int
		most  int // tickets that are read and not sent
	}{
		"by the hundred": {100, 125},
		"by two":         {2, 3},
		"one by one":     {1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				if err := d.engine.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				defer d.start() // which the harness closes
				h := newHelpDesk(tickets)
				most, ahead := 0, 0
				s := &countingDesk{slowDesk: &slowDesk{helpDesk: h, search: 40 * time.Millisecond, read: 500 * time.Millisecond}}
				s.took = func(n int) {
					h.mu.Lock()
					defer h.mu.Unlock()
					ahead += n
					most = max(most, ahead)
				}
				s.update = func(string) time.Duration {
					s.took(-1)
					return 175 * time.Millisecond
				}
				began := time.Now()
				w := &whole{d: d, log: new(logBuffer)}
				if err := w.run(t.Context(), s, sorting(c.limit, eachTicket), orchestrator.Options{UntilEmpty: true}); err != nil {
					t.Error(err)
				}
				took := time.Since(began)
				if most > c.most {
					t.Errorf("%d tickets were taken at one time, more than %d", most, c.most)
				}
				busy := tickets * 175 * time.Millisecond / workers
				if c.limit == 100 && took > busy+2*time.Second+s.read { // the first fetch, and the search that finds nothing, which has one read
					t.Errorf("it took %s, and the workers had work for %s", took, busy)
				}
				t.Logf("%s for %s of work, at most %d taken at one time", took, busy, most)
			})
		})
	}
}

type countingDesk struct {
	*slowDesk
	took func(n int)
}

func (c *countingDesk) ReadTickets(ctx context.Context, ids []string, criteria api.SearchCriteria) ([]api.Ticket, error) {
	c.took(len(ids))
	return c.slowDesk.ReadTickets(ctx, ids, criteria)
}
