package gate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

const words = "Xanthippe of Athens can't log in"

// ops are the ways in which a step names a ticket by an id.
var ops = map[string]func(w *world, ctx context.Context, id string) error{
	"update": func(w *world, ctx context.Context, id string) error { return w.s.UpdateTicket(ctx, id, queue("it")) },
	"note":   func(w *world, ctx context.Context, id string) error { return w.s.AddNote(ctx, id, hello) },
	"suggest": func(w *world, ctx context.Context, id string) error {
		_, err := w.decides().Suggest(ctx, id, "it", perhaps("it"))
		return err
	},
	"leave": func(w *world, ctx context.Context, id string) error { return w.decides().Leave(ctx, id, "not sure") },
}

// written is a gate whose configuration has these texts.
func (w *world) written(full bool, texts ...string) {
	w.restart(full)
	w.g.options.Written = func(text string) bool { return strings.Contains(strings.Join(texts, " "), text) }
}

// TestAnIDThatNobodyKnowsIsNeitherClaimedNorKept: a template may make an id of a customer's
// words. Nothing of the store, of the errors and of what is reported has them.
func TestAnIDThatNobodyKnowsIsNeitherClaimedNorKept(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		for name, op := range ops {
			for how, err := range map[string]error{
				"not found": nil, "invalid": fmt.Errorf("%q is not an id: %w", words, api.ErrInvalid), "denied": fmt.Errorf("%s: %w", words, api.ErrDenied),
				"down": fmt.Errorf("GET /%s: %w", words, api.ErrTemporary), "slow": &api.RetryError{After: time.Minute, Err: errors.New(words)},
			} {
				w := newWorld(t, full, "1")
				w.d.fails = err
				r := w.m.run("a")
				got := op(w, r.ctx(t), words)
				if got == nil || strings.Contains(got.Error(), "Xanthippe") || strings.Contains(fmt.Sprint(w.m.rows, w.m.effects, r.leaves, w.logs), "Xanthippe") {
					t.Fatalf("%s, %s: %v; the store has %v and %v; left %v", name, how, got, w.m.rows, w.m.effects, r.leaves)
				}
				var field *api.FieldError
				lasting := how == "not found" || how == "invalid" || how == "denied"
				if errors.As(got, &field) != lasting || lasting != (len(r.rejections) == 1) || lasting == (len(r.failed) == 1) || errors.Is(got, api.ErrTemporary) == lasting {
					t.Errorf("%s, %s: %v is refused %v, failed %v", name, how, got, r.rejections, r.failed)
				}
				for _, said := range []string{fmt.Sprintf("%+v", r.rejections), fmt.Sprint(r.failed)} {
					if strings.Contains(said, "Xanthippe") {
						t.Errorf("%s, %s: reported is %s", name, how, said)
					}
				}
				if n := w.d.count("update"); n != 0 {
					t.Errorf("%s, %s: %d writes were sent", name, how, n)
				}
			}
		}
	})
}

// TestAnIDThatIsATicketsIsLookedUpOnce: whoever has given it. What the ticket system calls the
// ticket itself is what is claimed.
func TestAnIDThatIsATicketsIsLookedUpOnce(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		for name, c := range map[string]struct {
			id     string
			before func(w *world, r *run)
			gets   int // look-ups before the first write
		}{
			"by nobody":                   {id: "1", gets: 1},
			"by another name":             {id: "No. 1", gets: 1},
			"by the configuration":        {id: "1", before: func(w *world, _ *run) { w.written(full, "ticket_id: 1") }},
			"by the first search":         {id: "1", before: func(w *world, r *run) { w.fetch(r, inbox) }},
			"by a search that claims not": {id: "1", before: func(w *world, r *run) { r.searched = true; w.fetch(r, inbox) }},
			"by the store": {id: "1", before: func(w *world, _ *run) {
				w.m.rows["router 1"] = store.Ticket{Runner: "router", System: "desk", Ticket: "1", Standing: store.Handled}
			}},
			"by a reading": {id: "1", before: func(w *world, r *run) { _, _ = w.s.GetTicket(r.ctx(t), "1") }},
		} {
			w := newWorld(t, full, "1")
			w.d.also = map[string]string{"No. 1": "1"}
			r := w.m.run("a")
			if c.before != nil {
				c.before(w, r)
			}
			read := w.d.count("get")
			id, err := w.decides().ticketID(r.ctx(t), r, store.OpNote, c.id)
			if err != nil || id != "1" || w.d.count("get")-read != c.gets {
				t.Fatalf("%s: %q, %v, after %d look-ups, want %d", name, id, err, w.d.count("get")-read, c.gets)
			}
			if err := w.s.AddNote(r.ctx(t), c.id, hello); err != nil || w.d.notes("1") != 1 {
				t.Fatalf("%s: %v, %d notes", name, err, w.d.notes("1"))
			}
			if again, err := w.decides().ticketID(r.ctx(t), r, store.OpNote, c.id); err != nil || again != "1" {
				t.Errorf("%s: then %q, %v", name, again, err)
			}
			for key := range w.m.rows {
				if key != "router 1" {
					t.Errorf("%s: claimed was %q", name, key)
				}
			}
		}
	})
}

func TestWhatAReadingSaysOfAnUnknownIDDoesntQuoteIt(t *testing.T) {
	w := newWorld(t, false, "1")
	r := w.m.run("a")
	if _, err := w.s.GetTicket(r.ctx(t), words); !errors.Is(err, api.ErrNotFound) || strings.Contains(err.Error(), "Xanthippe") {
		t.Errorf("unknown: %v", err)
	}
	w.written(false, words)
	if _, err := w.s.GetTicket(r.ctx(t), words); !errors.Is(err, api.ErrNotFound) || !strings.Contains(err.Error(), "Xanthippe") {
		t.Errorf("in the configuration: %v", err)
	}
}

func TestWhatMayBeSaidOfATicketIsWhatATicketSystemOrTheConfigurationHas(t *testing.T) {
	w := newWorld(t, true, "1", "2")
	w.d.tickets["1"].Number = "2026001"
	w.written(true, "items: [IT, HR]")
	w.fetch(w.m.run("a"), inbox)
	for text, want := range map[string]bool{"1": true, "2026001": true, "HR": true, "3": false, words: false} {
		if got := w.g.MayName(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// What a service remembers for months doesn't grow, and the last ids are never forgotten.
func TestTheLastIDsAreKnownAndNoMoreMemoryIsNeededForMany(t *testing.T) {
	var k known
	name := func(n int) string { return fmt.Sprint("202611300000", n) }
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, full := heap(), uint64(0)
	for n := range 12 * mostKnown {
		k.learn(api.Ticket{ID: fmt.Sprint(n), Number: name(n)})
		k.is("No. "+fmt.Sprint(n), fmt.Sprint(n))
		switch n {
		case 3 * mostKnown:
			full = heap()
		case mostKnown, 7*mostKnown + 4711:
			for old := n - mostKnown + 1; old <= n; old++ {
				if own, ok := k.id(fmt.Sprint(old)); !ok || own != fmt.Sprint(old) || !k.number(name(old)) {
					t.Fatalf("after %d tickets %d is %q, %v", n, old, own, ok)
				}
			}
		}
	}
	if now := heap(); now > full+full/4+64<<10 || full-before > 900<<10 {
		t.Errorf("from %d bytes it grew to %d after %d tickets, and to %d", before, full, 3*mostKnown, now)
	} else {
		t.Logf("%d KiB after %d tickets, %d KiB after %d", (full-before)>>10, 3*mostKnown, (now-before)>>10, 12*mostKnown)
	}
	if own, ok := k.id("No. " + fmt.Sprint(12*mostKnown-1)); !ok || own != fmt.Sprint(12*mostKnown-1) {
		t.Errorf("another id of the last one is %q, %v", own, ok)
	}
	for text, known := range map[string]bool{"1": false, words: false, name(3): false, "": false} {
		if _, ok := k.id(text); ok != known || k.number(text) != known {
			t.Errorf("%q is known", text)
		}
	}
	runtime.KeepAlive(&k)
}
