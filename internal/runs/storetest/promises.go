package storetest

import (
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Run tests a store.
func Run(t *testing.T, open Open) {
	for _, test := range promises {
		t.Run(test.name, func(t *testing.T) { test.test(newFixture(t, open)) })
	}
}

var promises = []struct {
	name string
	test func(*fixture)
}{
	{"a run is stored with what it was given and goes on with it", goesOn},
	{"a claim that takes nothing writes nothing", claimsNothing},
	{"whoever lost a run stores nothing of it", losesRun},
	{"T13: an ended lease can't be renewed, and a host without one stores only outcomes", leaseEnds},
	{"the runs of a host that died become another's, with its deaths counted", reaps},
	{"a new process takes over its own former runs at once, and nobody else's", takesOverOwn},
	{"T4: a run at which its owner doesn't work is ready again, one at which it does isn't", stranded},
	{"T11: what was begun goes before what was not", begunFirst},
	{"T11: of the items of a loop, those at work go before those that waited for a worker", itemsAtWorkFirst},
	{"a run may be taken once for each fence", takeRun},
	{"T14: a ticket at which a run ended since the search began isn't claimed", endedSince},
	{"at most one run works at a ticket, of all runners", oneWorks},
	{"a run that is set aside keeps its ticket and lets others work at it", restsAside},
	{"a standing passes a ticket over, by hash and time", passesOver},
	{"T12: what a clock set that was a year ahead doesn't wait for a year", clockJumps},
	{"thousands of tickets that are passed over don't hide the next one", thousandsInFront},
	{"what is kept of a run goes with it", keepsAndDrops},
	{"an effect is updated by what is given of it", updatesEffect},
	{"a canceled run begins no effect, and ends by its own host", canceled},
	{"a canceled run that nobody works at ends at once", canceledIdle},
	{"a run that is dropped ends whatever it has begun, and frees a ticket that nothing was written to", drops},
	{"three tickets close a cause, one after the other tries it, a success opens it", causes},
	{"a run that waits for a cause that was opened meanwhile is due", causeOpened},
	{"items have the tickets of the run that made them", spawns},
	{"a loop that has only handed on its tickets has no end of its own", ownEnds},
	{"items that begin with their loop are at work at once, and become another's with their host", spawnsBegun},
	{"a loop lends a ticket to one item after another, until the last has ended", lends},
	{"a retry takes up what was dead or waits, never what may be at work", retries},
	{"a change without an outcome, of a run that is dead, is nothing that a person has to decide about", notInDoubt},
	{"a run in doubt keeps its ticket, until a person decides on that run", inDoubt},
	{"a retry of handled tickets frees them", retriesHandled},
	{"old runs are deleted in batches, unless an effect has no outcome", cleans},
	{"a decision is stored with the end of its run, and stays when that is deleted", decides},
	{"of equal decisions to leave a ticket the first is kept", decidesOnce},
	{"decisions are found by what they are about, page by page", findsDecisions},
	{"a slot fires once, and again if its host died before", slots},
	{"a run whose hash nobody has any more begins anew at another", adopts},
	{"what bounds didn't allow begins anew with others, and only then", allowsAnew},
	{"nothing of a paused runner is taken but what has an intent", pauses},
	{"no more tickets of a service than it may are changed within an hour, whoever asks", places},
	{"a request is answered once", requests},
	{"what people ask for is found", finds},
	{"claims of many goroutines give each ticket to one", manyClaim},
}

func goesOn(f *fixture) {
	held, c := f.begin(f.host, "9", "10")
	f.wantIDs(c.Tickets, "9", "10")
	at := "b"
	f.commit(store.Batch{
		Held: held, Durable: true, AtWork: &at,
		Steps:     []store.Step{{Key: "a", Params: "p", Result: []byte("r")}, {Key: "n"}},
		Documents: []store.Document{{Ticket: "9", Body: []byte("text")}},
		Effects:   []store.Effect{{Key: "e", Step: "b", Operation: "note", System: system, Service: "otobo", Ticket: "9", State: store.Intent, Intent: []byte("i")}},
	})
	f.must(f.Store.Fence(f.ctx, held, "e", time.Minute, "boot", 7))
	_, err := f.Store.Reconcile(f.ctx, f.host, nil)
	f.must(err)
	n, err := f.Store.Reconcile(f.ctx, f.host, nil)
	f.must(err)
	if n != 1 {
		f.Fatalf("%d runs were stranded, want 1", n)
	}
	l, _, err := f.Store.Take(f.ctx, f.host, runner, hash)
	f.must(err)
	if l == nil || l.Run.ID != held.Run || l.Run.Fence != 3 || len(l.Steps) != 2 || string(l.Steps[0].Result) != "r" ||
		l.Steps[1].Result != nil || len(l.Documents) != 1 || len(l.Effects) != 1 || string(l.Effects[0].Intent) != "i" ||
		l.Effects[0].Until-l.Effects[0].Begun != 60_000_000 || l.Effects[0].BootClock != 7 || l.Run.AtWork != "b" {
		f.Errorf("it went on with %+v", l)
	}
	f.wantIDs(l.Tickets, "9", "10")
}

func claimsNothing(f *fixture) {
	f.begin(f.host, "1")
	other := f.host
	held, c := f.begin(other, "1")
	if len(c.Tickets) != 0 || c.Busy != 1 {
		f.Errorf("claimed %+v", c)
	}
	if _, err := f.Store.Load(f.ctx, held.Run); err == nil {
		f.Error("a run without a ticket was stored")
	}
}

func losesRun(f *fixture) {
	held, _ := f.begin(f.host, "1")
	f.must(f.Store.Leave(f.ctx, f.host))
	_, err := f.Store.Commit(f.ctx, store.Batch{Held: held, Steps: []store.Step{{Key: "a"}}})
	f.wantErr(err, store.ErrFence)
	f.wantErr(f.Store.Fence(f.ctx, held, "e", time.Minute, "", 0), store.ErrFence)
	if l := f.load(held.Run); len(l.Steps) != 0 || l.Run.State != store.Ready || l.Run.Deaths != 0 {
		f.Errorf("the run is %+v with %d steps", l.Run, len(l.Steps))
	}
}
