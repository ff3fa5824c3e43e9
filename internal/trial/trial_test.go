package trial_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/criteria"
	"github.com/open-ticket-ai/otai/internal/trial"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// fakeDesk is a ticket system that counts, and lets nobody write.
type fakeDesk struct {
	mu      sync.Mutex
	tickets []api.Ticket
	written int
	asked   [][]string // ids, by FindAmong
	among   map[string]bool
	broken  map[string]error // by ticket: reading fails
	reads   int
}

func (d *fakeDesk) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	ids, err := d.FindTicketIDs(ctx, c)
	if err != nil {
		return nil, err
	}
	return d.ReadTickets(ctx, ids, c)
}

func (d *fakeDesk) FindTicketIDs(_ context.Context, c api.SearchCriteria) ([]string, error) {
	var ids []string
	for _, t := range d.tickets {
		if why, _ := criteria.Judge(t, c, nil); !why.Any() && len(ids) < max(c.Limit, 1) {
			ids = append(ids, t.ID)
		}
	}
	return ids, nil
}

func (d *fakeDesk) ReadTickets(_ context.Context, ids []string, _ api.SearchCriteria) ([]api.Ticket, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	var out []api.Ticket
	for _, id := range ids {
		if err := d.broken[id]; err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(d.tickets, func(t api.Ticket) bool { return t.ID == id }); i >= 0 {
			out = append(out, d.tickets[i])
		}
	}
	return out, nil
}

func (d *fakeDesk) FindAmong(_ context.Context, ids []string, c api.SearchCriteria) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, ids)
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !d.among[id] }), nil
}

func (d *fakeDesk) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	found, err := d.ReadTickets(ctx, []string{id}, api.SearchCriteria{})
	if err != nil || len(found) == 0 {
		return api.Ticket{}, fmt.Errorf("ticket %s: %w", id, cmpOr(err, api.ErrNotFound))
	}
	return found[0], nil
}

func cmpOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (d *fakeDesk) UpdateTicket(context.Context, string, api.TicketUpdate) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.written++
	return nil
}

func (d *fakeDesk) AddNote(ctx context.Context, id string, _ api.Note) error {
	return d.UpdateTicket(ctx, id, api.TicketUpdate{})
}

type none struct{}

// outside is a plugin's pipe that has an effect: it counts.
type outside struct{ calls *int }

func (o outside) Process(context.Context, none, api.Scope) (api.PipeResult, error) {
	*o.calls++
	return api.Success(map[string]any{"value": "sent"}), nil
}

// sorted is a step that has a label for each ticket.
type sorted struct{}

func (sorted) Process(context.Context, none, api.Scope) (api.PipeResult, error) {
	return api.Success(map[string]any{"label": "VPN", "confidence": 0.7}), nil
}

type world struct {
	t       *testing.T
	desk    *fakeDesk
	sent    int
	options trial.Options
	once    bool

	predictions []trial.Prediction
	errs        []error
	passed      []trial.Passed
}

func newWorld(t *testing.T, tickets ...api.Ticket) *world {
	w := &world{t: t, desk: &fakeDesk{tickets: tickets}}
	w.options.Source.Find = func(context.Context, api.TicketSystem) ([]string, error) {
		var ids []string
		for _, t := range w.desk.tickets {
			ids = append(ids, t.ID)
		}
		return ids, nil
	}
	return w
}

// run tries runners, each a list of steps.
func (w *world) run(runners ...any) *world {
	w.t.Helper()
	r := registry.New(":")
	register := func(plugin, prefix string, list ...api.Injectable) {
		if err := r.Register(plugin, prefix, api.AppConfig{}, list); err != nil {
			w.t.Fatal(err)
		}
	}
	register(base.Name, "base", base.New("0", base.Options{FireAtOnce: true}).Injectables()...)
	register("otai-acme", "acme",
		api.NewService("Desk", "A help desk.", func(none, api.Host) (*fakeDesk, error) { return w.desk, nil }),
		api.NewPipe("Send", "Sends.", func(api.Host) (outside, error) { return outside{&w.sent}, nil }),
		api.NewPipe("Read", "Reads.", func(api.Host) (outside, error) { return outside{&w.sent}, nil }).WithLabel("effect", "none"),
		api.NewPipe("Sort", "Sorts.", func(api.Host) (sorted, error) { return sorted{}, nil }).WithLabel("effect", "none"),
	)
	w.options.Bundled = []string{base.Name}
	w.options.InTurns = !w.once
	w.options.Ended = func(e trial.End) error {
		w.predictions = append(w.predictions, e.Predictions...)
		if e.Err != nil && !e.Found {
			w.errs = append(w.errs, e.Err)
			return errors.New(e.Err.Error())
		}
		return nil
	}
	tried := trial.New(w.options)
	engine, err := orchestrator.New(orchestrator.Definition{
		Services: []orchestrator.Service{{ID: "desk", Use: "acme:Desk", Path: "services.desk"}},
		Root:     map[string]any{"use": "base:SimpleSequentialOrchestrator", "params": map[string]any{"orchestrator_sleep": "PT0S", "steps": runners}},
		RootPath: "orchestrator",
	}, orchestrator.Options{Registry: r, DefaultRenderer: base.RendererUse, Runs: tried, Wrap: tried.Wrap, May: tried.May, Strict: true, UntilEmpty: !w.once, Once: w.once, Workers: 8, EmptyPause: time.Millisecond})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	_ = engine.Run(ctx)
	if ctx.Err() != nil {
		w.t.Fatal("it doesn't end")
	}
	if err := engine.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.passed = tried.Passed()
	if w.desk.written != 0 {
		w.t.Errorf("%d writes reached the help desk", w.desk.written)
	}
	slices.SortStableFunc(w.predictions, func(a, b trial.Prediction) int { return strings.Compare(a.Ticket+a.Runner, b.Ticket+b.Runner) })
	return w
}

// want compares the predictions, each as "ticket runner action old>new,…".
func (w *world) want(want ...string) {
	w.t.Helper()
	var got []string
	for _, p := range w.predictions {
		line := p.Ticket + " " + p.Runner + " " + string(p.Action)
		for _, write := range p.Writes {
			for _, name := range slices.Sorted(maps.Keys(write.New)) {
				line += " " + write.Old[name].String() + ">" + write.New[name].String()
			}
			line += strings.Repeat(" note", write.Note)
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("predicted\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func ticket(id int, queue, state string) api.Ticket {
	return api.Ticket{
		ID: strconv.Itoa(id), Number: "N" + strconv.Itoa(id), Subject: "title " + strconv.Itoa(id),
		Queue: &api.Entity{ID: "q-" + queue, Name: queue}, State: &api.Entity{Name: state}, Priority: &api.Entity{ID: "3", Name: "3 normal"},
		Fields: map[string]any{"StateType": strings.Fields(state)[0], "Lock": "unlock"},
	}
}

func pipe(id, use string, params map[string]any) map[string]any {
	p := map[string]any{"id": id, "use": use, "params": params}
	if use == "base:FetchTicketsPipe" || use == "base:UpdateTicketPipe" || use == "base:AddNotePipe" || use == base.DecisionUse {
		p["injects"] = map[string]any{"ticket_system": "desk"}
	}
	return p
}

// runner fetches by criteria, and runs steps for each ticket.
func runner(id string, search map[string]any, steps ...any) any {
	return map[string]any{"id": id, "use": "base:SimpleSequentialRunner", "params": map[string]any{
		"on": pipe("on-"+id, "base:IntervalTrigger", map[string]any{"interval": "PT1H"}),
		"run": pipe("run-"+id, "base:CompositePipe", map[string]any{"steps": []any{
			pipe("fetch", "base:FetchTicketsPipe", map[string]any{"ticket_search_criteria": search}),
			pipe("each", "base:ForEachPipe", map[string]any{"items": "{{ get_pipe_result('fetch', 'fetched_tickets') }}", "steps": steps}),
		}}),
	}}
}

func one(id string, search map[string]any, steps ...any) any {
	steps = append([]any{
		pipe("fetch", "base:FetchTicketsPipe", map[string]any{"ticket_search_criteria": search}),
		pipe("item", "base:ExpressionPipe", map[string]any{"expression": "{{ get_pipe_result('fetch', 'fetched_tickets')[0] if get_pipe_result('fetch', 'fetched_tickets') else fail('none') }}"}),
	}, steps...)
	return map[string]any{"id": id, "use": "base:SimpleSequentialRunner", "params": map[string]any{
		"on":  pipe("on-"+id, "base:IntervalTrigger", map[string]any{"interval": "PT1H"}),
		"run": pipe("run-"+id, "base:CompositePipe", map[string]any{"steps": steps}),
	}}
}

func queue(name string) map[string]any {
	return map[string]any{"queue": map[string]any{"name": name}, "limit": 3}
}

func move(to string) any {
	return pipe("move", "base:UpdateTicketPipe", map[string]any{"ticket_id": "{{ get_parent_param('item').id }}", "updated_ticket": map[string]any{"queue": map[string]any{"name": to}}})
}

var note = pipe("note", "base:AddNotePipe", map[string]any{"ticket_id": "{{ get_parent_param('item').id }}", "note": map[string]any{"subject": "s", "body": "b"}})

func TestEachRunnerGetsATicketOnceIfItsSearchFindsIt(t *testing.T) {
	w := newWorld(t, ticket(1, "Incoming", "new"), ticket(2, "Incoming", "new"), ticket(3, "HR", "new"), ticket(4, "Incoming", "new"), ticket(5, "Incoming", "new"))
	w.run(runner("a", queue("Incoming"), move("Incoming")), runner("b", queue("HR"), note))
	w.want("1 a left", "2 a left", "3 b applied note", "4 a left", "5 a left") // where they are already
}

func TestALaterRunnerGetsWhatAnEarlierOneWouldChange(t *testing.T) {
	w := newWorld(t, ticket(1, "Incoming", "new"), ticket(2, "IT", "new"))
	w.run(runner("b", queue("IT"), note), runner("a", queue("Incoming"), move("IT")))
	w.want("1 a applied Incoming>IT", "1 b applied note", "2 b applied note")
}

func TestWithoutALoopTheFirstTicketOfASearchIsTheRuns(t *testing.T) {
	w := newWorld(t, ticket(1, "Incoming", "new"), ticket(2, "Incoming", "new"), ticket(3, "Incoming", "new"))
	w.run(one("a", queue("Incoming"), pipe("move", "base:UpdateTicketPipe", map[string]any{"ticket_id": "{{ get_pipe_result('item').id }}", "updated_ticket": map[string]any{"queue": map[string]any{"name": "IT"}}})))
	w.want("1 a applied Incoming>IT", "2 a applied Incoming>IT", "3 a applied Incoming>IT")
}

func TestClosedLeavesOutWhatASearchSaysAboutStatesAlone(t *testing.T) {
	tickets := []api.Ticket{ticket(1, "Incoming", "closed successful"), ticket(2, "Incoming", "open"), ticket(3, "IT", "closed successful")}
	search := queue("Incoming")
	search["fields"] = map[string]any{"StateType": []any{"new", "open"}, "Locks": []any{"unlock"}}
	w := newWorld(t, tickets...).run(runner("a", search, note))
	w.want("2 a applied note")
	if got := fmt.Sprint(w.passed); got != "[{1 N1 its state is closed successful false} {3 N3 its queue is IT false}]" {
		t.Errorf("passed %s", got)
	}
	w = newWorld(t, tickets...)
	w.options.Closed = true
	w.run(runner("a", search, note)).want("1 a applied note", "2 a applied note")
}

func TestWhatOnlyTheHelpDeskUnderstandsIsAskedThere(t *testing.T) {
	search := queue("Incoming")
	search["fields"] = map[string]any{"CustomerID": "acme*"}
	tickets := []api.Ticket{ticket(1, "Incoming", "new"), ticket(2, "Incoming", "new"), ticket(3, "HR", "new")}
	w := newWorld(t, tickets...)
	w.desk.among = map[string]bool{"2": true}
	w.run(runner("a", search, note)).want("2 a applied note")
	if got := fmt.Sprint(w.desk.asked); got != "[[1 2]]" {
		t.Errorf("asked about %s: once, about those that may meet the rest", got)
	}
	if len(w.predictions[0].NotJudged) > 0 {
		t.Errorf("not judged: %v", w.predictions[0].NotJudged)
	}

	w = newWorld(t)
	w.options.Source = trial.Source{Given: tickets} // there is nobody to be asked
	w.run(runner("a", search, note)).want("1 a applied note", "2 a applied note")
	if got := fmt.Sprint(w.predictions[0].NotJudged); got != "[CustomerID]" {
		t.Errorf("not judged: %s", got)
	}
	if w.desk.reads > 0 {
		t.Errorf("%d readings of tickets that are given", w.desk.reads)
	}
}

func TestAFieldThatWasWrittenIsJudgedAsItIsThen(t *testing.T) {
	unsorted := map[string]any{"fields": map[string]any{"DynamicField_Sorted": map[string]any{"Empty": true}}}
	sorted := map[string]any{"fields": map[string]any{"DynamicField_Sorted": "yes"}}
	mark := pipe("mark", "base:UpdateTicketPipe", map[string]any{"ticket_id": "{{ get_parent_param('item').id }}", "updated_ticket": map[string]any{"fields": map[string]any{"DynamicField_Sorted": "yes"}}})
	w := newWorld(t, ticket(1, "Incoming", "new"))
	w.desk.among = nil // no ticket is sorted yet; by the fake also none unsorted
	w.options.Source = trial.Source{Given: w.desk.tickets}
	w.run(runner("a", unsorted, mark), runner("b", sorted, note))
	if len(w.predictions) != 2 || w.predictions[1].Runner != "b" || w.predictions[1].Action != decisions.Applied {
		t.Errorf("predicted %+v", w.predictions)
	}
}

func TestCodeThatMayHaveAnEffectEndsThePrediction(t *testing.T) {
	steps := func(use string) []any { return []any{note, pipe("send", use, nil), move("IT")} }
	w := newWorld(t, ticket(1, "Incoming", "new"), ticket(2, "Incoming", "new"))
	w.run(runner("a", queue("Incoming"), steps("acme:Send")...))
	w.want("1 a not tried note", "2 a not tried note")
	if w.sent != 0 {
		t.Errorf("it was called %d times", w.sent)
	}
	w = newWorld(t, ticket(1, "Incoming", "new"))
	w.run(runner("a", queue("Incoming"), steps("acme:Read")...)).want("1 a applied note Incoming>IT")
	w = newWorld(t, ticket(1, "Incoming", "new"))
	w.options.Run = []string{"acme:Send"}
	w.run(runner("a", queue("Incoming"), steps("acme:Send")...)).want("1 a applied note Incoming>IT")
	if w.sent != 1 {
		t.Errorf("with --run it was called %d times", w.sent)
	}
}

func TestOneTicketsErrorKeepsNoOtherFromBeingTried(t *testing.T) {
	w := newWorld(t, ticket(1, "Incoming", "new"), ticket(2, "Incoming", "new"), ticket(3, "Incoming", "new"), ticket(4, "Incoming", "new"))
	w.desk.broken = map[string]error{"3": fmt.Errorf("too much: %w", api.ErrUncertain)}
	bad := pipe("bad", "base:ExpressionPipe", map[string]any{"expression": "{{ 1 // (get_parent_param('item').id | int - 1) }}"})
	unsure := pipe("sure", "base:ExpressionPipe", map[string]any{"expression": "{{ fail('not sure') if get_parent_param('item').id == '2' else 1 }}"})
	w.run(runner("a", queue("Incoming"), bad, unsure, note))
	w.want("1 a refused", "2 a left", "4 a applied note")
	if w.predictions[1].Reason != "not sure" && !strings.Contains(w.predictions[1].Reason, "not sure") {
		t.Errorf("the reason is %q", w.predictions[1].Reason)
	}
	if len(w.passed) != 1 || !strings.Contains(w.passed[0].Why, "can't be read") {
		t.Errorf("passed %v", w.passed)
	}
}

type refuseIT struct{}

func (refuseIT) Update(u api.TicketUpdate) error {
	if u.Queue != nil && u.Queue.Name == "IT" {
		return fmt.Errorf("queue IT is not allowed: %w", api.ErrDenied)
	}
	return nil
}
func (refuseIT) Note(api.Note) error     { return nil }
func (refuseIT) Create(api.Ticket) error { return nil }

func TestTheBoundsOfAServiceAreJudged(t *testing.T) {
	w := newWorld(t, ticket(1, "Incoming", "new"), ticket(2, "HR", "new"))
	w.options.Bounds = func(string) trial.Bounds { return refuseIT{} }
	w.run(runner("a", queue("Incoming"), move("IT")), runner("b", queue("IT"), note), runner("c", queue("HR"), move("Incoming")))
	w.want("1 a refused", "2 a refused", "2 c applied HR>Incoming")
}

func TestWhatADecisionWouldDoIsSaidByItsOwnName(t *testing.T) {
	decide := func(from string) any {
		return pipe("decide", base.DecisionUse, map[string]any{
			"ticket_id": "{{ get_parent_param('item').id }}", "from": "sort", "map": map[string]any{"VPN": map[string]any{"queue": "IT"}}, "apply_from": from, "suggest_from": 0.6,
		})
	}
	sort := pipe("sort", "acme:Sort", map[string]any{})
	for from, want := range map[string]string{"0.65": "1 a applied Incoming>IT note", "0.9": "1 a suggested note"} {
		w := newWorld(t, ticket(1, "Incoming", "new"))
		w.run(runner("a", queue("Incoming"), sort, decide(from)))
		w.want(want)
	}
}

func TestTicketsThatAreNotAmongTheItemsAreLeft(t *testing.T) {
	w := newWorld(t, ticket(1, "Incoming", "new"), ticket(2, "Incoming", "new"), ticket(3, "Incoming", "new"))
	filtered := runner("a", queue("Incoming"), note).(map[string]any)
	loop := filtered["params"].(map[string]any)["run"].(map[string]any)["params"].(map[string]any)["steps"].([]any)[1].(map[string]any)
	loop["params"].(map[string]any)["items"] = "{{ get_pipe_result('fetch', 'fetched_tickets') | selectattr('id', 'ne', '2') | list }}"
	w.run(filtered).want("1 a applied note", "2 a left", "3 a applied note")
}

// A dry run asks the help desk at each search.
func TestADryRunGoesOnToTheNextTicket(t *testing.T) {
	w := newWorld(t, ticket(1, "Incoming", "new"), ticket(2, "Incoming", "new"), ticket(3, "HR", "new"))
	w.options.Source = trial.Source{}
	w.run(one("a", map[string]any{"queue": map[string]any{"name": "Incoming"}, "limit": 1},
		pipe("move", "base:UpdateTicketPipe", map[string]any{"ticket_id": "{{ get_pipe_result('item').id }}", "updated_ticket": map[string]any{"queue": map[string]any{"name": "HR"}}})),
		runner("b", queue("HR"), note))
	w.want("1 a applied Incoming>HR", "1 b applied note", "2 a applied Incoming>HR", "2 b applied note", "3 b applied note")
}

func TestWhenTheSearchFailsTheOthersGoOn(t *testing.T) {
	w := newWorld(t, ticket(1, "Incoming", "new"))
	w.options.Source.Find = func(context.Context, api.TicketSystem) ([]string, error) {
		return nil, fmt.Errorf("down: %w", api.ErrTemporary)
	}
	w.run(runner("a", queue("Incoming"), note))
	if len(w.errs) != 1 || !strings.Contains(w.errs[0].Error(), "down") {
		t.Errorf("errors %v, want one", w.errs)
	}
}

// An id that a template makes of a ticket's text is neither shown nor claimed, as in a run.
func TestATicketIsOneThatTheTicketSystemKnows(t *testing.T) {
	one := ticket(1, "Incoming", "new")
	one.Subject = "Xanthippe of Athens"
	text, id := "{{ get_parent_param('item').subject }}", "{{ get_parent_param('item').id }}"
	queue := map[string]any{"queue": map[string]any{"name": "IT"}}
	for name, c := range map[string]struct {
		step any
		want string
	}{
		"a text":                   {pipe("move", "base:UpdateTicketPipe", map[string]any{"ticket_id": text, "updated_ticket": queue}), "1 a refused"},
		"a text, by a note":        {pipe("note", "base:AddNotePipe", map[string]any{"ticket_id": text, "note": map[string]any{"body": "x"}}), "1 a refused"},
		"an id":                    {pipe("move", "base:UpdateTicketPipe", map[string]any{"ticket_id": id, "updated_ticket": queue}), "1 a applied Incoming>IT"},
		"one of the configuration": {pipe("move", "base:UpdateTicketPipe", map[string]any{"ticket_id": "99", "updated_ticket": queue}), "99 a applied (none)>IT"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, one)
			w.options.Written = func(text string) bool { return text == "99" }
			shown := ""
			w.options.Shown = func(_ context.Context, write trial.Write) { shown += write.Ticket + " " }
			w.run(runner("a", map[string]any{"queue": map[string]any{"name": "Incoming"}}, c.step))
			if name == "one of the configuration" {
				w.predictions = slices.DeleteFunc(w.predictions, func(p trial.Prediction) bool { return p.Ticket == "1" })
			}
			w.want(c.want)
			if all := fmt.Sprint(w.predictions, w.errs, shown); strings.Contains(all, "Xanthippe") {
				t.Errorf("it quotes the text: %s", all)
			}
		})
	}
}

// A ticket to which the items of an inner loop write isn't left by the item of the outer one.
func TestATicketOfAnInnerLoopIsCountedOnce(t *testing.T) {
	write := pipe("move", "base:UpdateTicketPipe", map[string]any{
		"ticket_id": "{{ get_parent_param('item').id }}", "updated_ticket": map[string]any{"queue": map[string]any{"name": "{{ get_parent_param('to') }}"}},
	})
	inner := func(items []any) any {
		return pipe("inner", "base:ForEachPipe", map[string]any{"items": items, "as": "to", "workers": 1, "steps": []any{write}})
	}
	search := map[string]any{"queue": map[string]any{"name": "Incoming"}}
	newWorld(t, ticket(1, "Incoming", "new")).run(runner("a", search, inner([]any{"IT"}))).want("1 a applied Incoming>IT")
	newWorld(t, ticket(1, "Incoming", "new")).run(runner("a", search, inner([]any{"Incoming"}))).want("1 a left")
}
