package sight

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a help desk by what its agent sees.
type desk struct {
	sees  []string
	fails error
	reads int
	anys  int
}

func (d *desk) Readable(_ context.Context, ids []string) ([]string, error) {
	d.reads++
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(d.sees, id) }), d.fails
}

func (d *desk) Any(_ context.Context, limit int) ([]string, error) {
	d.anys++
	return d.sees[:min(limit, len(d.sees))], d.fails
}

type keeper struct{ text string }

func (k *keeper) Load(context.Context) (string, error) { return k.text, nil }

func (k *keeper) Save(_ context.Context, text string) error {
	k.text = text
	return nil
}

// watched is a watch whose minutes pass when the test says so.
type watched struct {
	*testing.T
	*Watch
	desk   *desk
	keeper *keeper
	clock  time.Time
}

func newWatched(t *testing.T) *watched {
	w := &watched{T: t, desk: &desk{}, keeper: &keeper{}, clock: time.Now()}
	w.restart()
	return w
}

func (w *watched) restart() {
	w.Watch = New(w.desk, w.keeper)
	w.now = func() time.Time { return w.clock }
}

// after has a search end a time later.
func (w *watched) after(d time.Duration, some bool) (blind bool) {
	w.Helper()
	w.clock = w.clock.Add(d)
	err := w.Found(w.Context(), some)
	if err != nil && (!errors.Is(err, api.ErrDenied) || !errors.As(err, new(*BlindError))) {
		w.Fatal(err)
	}
	return err != nil
}

// wrote has tickets written to; the agent sees them afterward.
func (w *watched) wrote(ids ...string) {
	for _, id := range ids {
		w.Wrote(id)
		w.desk.sees = append(w.desk.sees, id)
	}
}

func TestWhatIsBlindAndWhatIsAnEmptyQueue(t *testing.T) {
	for name, row := range map[string]struct {
		happens func(w *watched)
		blind   bool // two minutes later
	}{
		"nothing was ever seen":    {func(*watched) {}, false},
		"a queue that was emptied": {func(w *watched) { w.wrote("1", "2"); w.after(time.Minute, false) }, false},
		"all rights were taken":    {func(w *watched) { w.wrote("1", "2"); w.after(time.Minute, false); w.desk.sees = nil }, true},
		"taken while the queue was full": {func(w *watched) {
			w.wrote("1", "2")
			w.after(time.Minute, false)
			w.after(time.Minute, true)
			w.desk.sees = nil
		}, true},
		"taken before a queue was ever empty": {func(w *watched) { w.wrote("1", "2"); w.after(time.Minute, true); w.desk.sees = nil }, false},
		"taken before anything was known":     {func(w *watched) { w.wrote("1", "2"); w.desk.sees = nil; w.after(time.Minute, false) }, false},
		"taken, and started again":            {func(w *watched) { w.wrote("1", "2"); w.after(time.Minute, false); w.restart(); w.desk.sees = nil }, true},
		"taken, and given back": {func(w *watched) {
			w.wrote("1", "2")
			w.after(time.Minute, false)
			sees := w.desk.sees
			w.desk.sees = nil
			w.after(time.Minute, false)
			w.desk.sees = sees
		}, false},
		"taken, and a search finds something again": {func(w *watched) {
			w.wrote("1")
			w.after(time.Minute, false)
			w.desk.sees = nil
			w.after(time.Minute, false)
			w.desk.sees = []string{"7"}
			w.after(time.Second, true)
		}, false},
		"one was deleted":                   {func(w *watched) { w.wrote("1", "2"); w.after(time.Minute, false); w.desk.sees = []string{"2"} }, false},
		"all that it wrote to were deleted": {func(w *watched) { w.wrote("1", "2"); w.after(time.Minute, false); w.desk.sees = []string{"99"} }, false},
		"moved to where it sees nothing": {func(w *watched) {
			w.wrote("1", "2")
			w.desk.sees = nil
			w.after(time.Minute, false)
			w.after(time.Minute, false)
		}, false},
		"moved there, one runner after the other": {func(w *watched) {
			w.wrote("1")
			w.desk.sees = nil
			w.after(time.Minute, true)
			w.wrote("2")
			w.desk.sees = nil
			w.after(time.Minute, false)
		}, false},
		"it can't be asked": {func(w *watched) {
			w.wrote("1")
			w.after(time.Minute, false)
			w.desk.sees, w.desk.fails = nil, errors.New("down")
		}, false},
		"it can't be asked while it is blind": {func(w *watched) {
			w.wrote("1")
			w.after(time.Minute, false)
			w.desk.sees = nil
			w.after(time.Minute, false)
			w.desk.fails = errors.New("down")
		}, true},
		"what was kept can't be read, as by another": {func(w *watched) { w.keeper.text = "{"; w.wrote("1"); w.after(time.Minute, false) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(t)
			row.happens(w)
			w.after(time.Minute, false)
			if got := w.after(time.Minute, false); got != row.blind {
				t.Errorf("blind %v, want %v; it knows %q", got, row.blind, w.known)
			}
		})
	}
}

// What it costs: a reading each eight seconds where nothing is found, none where something is once a few are
// known, and none at all without a write.
func TestWhatLookingCosts(t *testing.T) {
	w := newWatched(t)
	for range 1000 {
		w.after(time.Second, false)
	}
	if w.desk.reads+w.desk.anys != 0 {
		t.Errorf("without a write: %d and %d", w.desk.reads, w.desk.anys)
	}
	for n := range 1000 {
		w.wrote(string(rune('a' + n%26)))
		w.after(time.Second, true)
	}
	if w.desk.reads+w.desk.anys != 0 {
		t.Errorf("in a queue that is full, within 1,000 s: %d and %d", w.desk.reads, w.desk.anys)
	}
	w.desk.reads = 0
	for range 3600 {
		w.after(time.Second, false)
	}
	if w.desk.reads > 450+most || w.desk.anys != 0 {
		t.Errorf("in a queue that is empty, within an hour: %d and %d", w.desk.reads, w.desk.anys)
	}
	w.desk.sees, w.desk.reads = nil, 0
	for range 600 {
		w.after(time.Second, false)
	}
	if w.desk.reads > 75*2 || w.desk.anys > 75 {
		t.Errorf("blind, within ten minutes: %d and %d", w.desk.reads, w.desk.anys)
	}
}

// Within eight seconds it is seen, and that it is over.
func TestHowSoonItIsSeen(t *testing.T) {
	w := newWatched(t)
	w.wrote("1")
	w.after(time.Minute, false)
	w.desk.sees = nil
	seen := 0
	for ; !w.after(time.Second, false); seen++ {
		if seen > 8 {
			t.Fatal("it isn't seen")
		}
	}
	w.desk.sees = []string{"1"}
	over := 0
	for ; w.after(time.Second, false); over++ {
		if over > 8 {
			t.Fatal("it isn't over")
		}
	}
	t.Logf("seen after %d s, over after %d s", seen, over)
}
