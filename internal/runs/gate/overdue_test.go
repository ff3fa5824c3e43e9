package gate

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestARequestIsOverdueWhenItTakesLongerThanUsual(t *testing.T) {
	ms := time.Millisecond
	for name, c := range map[string]struct {
		took []time.Duration // by the answers before
		want time.Duration
	}{
		"nobody knows what is usual":      {nil, 2 * time.Second},
		"nor after four answers":          {[]time.Duration{ms, ms, ms, ms}, 2 * time.Second},
		"all alike":                       {[]time.Duration{200 * ms, 200 * ms, 200 * ms, 200 * ms, 200 * ms}, 250 * ms},
		"all alike, and quick":            {[]time.Duration{10 * ms, 10 * ms, 10 * ms, 10 * ms, 10 * ms}, 60 * ms},
		"different ones":                  {[]time.Duration{100 * ms, 150 * ms, 200 * ms, 250 * ms, 300 * ms}, 400 * ms},
		"one of them was very late":       {[]time.Duration{200 * ms, 200 * ms, 200 * ms, 40 * time.Second, 200 * ms, 200 * ms}, 250 * ms},
		"the help desk has become slower": {append(repeat(15, 100*ms), repeat(8, time.Second)...), 1250 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &overdue{most: 6}
				for _, d := range c.took {
					r := o.sent(func(time.Time) {})
					time.Sleep(d)
					r.ended(true)
				}
				after := make(chan time.Duration, 1)
				r := o.sent(func(sent time.Time) { after <- time.Since(sent) })
				time.Sleep(time.Minute)
				r.ended(false)
				if got := <-after; got != c.want {
					t.Errorf("overdue after %s, want %s", got, c.want)
				}
			})
		})
	}
}

func repeat(n int, d time.Duration) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = d
	}
	return all
}

func TestAHelpDeskThatAnswersNothingIsNotSentMoreAndMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &overdue{most: 4}
		var count atomic.Int64
		send := func() *request { return o.sent(func(time.Time) { count.Add(1) }) }
		answered := func() {
			r := send()
			time.Sleep(10 * time.Millisecond)
			r.ended(true)
		}
		for range 5 {
			answered()
		}
		var all []*request
		for range 5 {
			all = append(all, send())
			time.Sleep(time.Second)
		}
		if known := count.Load(); known != 3 {
			t.Errorf("%d requests in a row without an answer are overdue, want 3", known)
		}
		answered() // now it is these that hang
		time.Sleep(time.Second)
		if known := count.Load(); known != 4 {
			t.Errorf("after an answer %d are overdue, want as many as there may be", known)
		}
		all[0].ended(false)
		answered()
		time.Sleep(time.Second)
		if known := count.Load(); known != 5 {
			t.Errorf("after the end of one, %d were overdue", known)
		}
		for _, r := range all[1:] {
			r.ended(false)
		}
		if o.out != 0 {
			t.Errorf("%d are overdue after all have ended", o.out)
		}
	})
}

// connections is a help desk that says how many requests it can have out.
type connections struct {
	*level11
	n int
}

func (c connections) Connections() int { return c.n }

func TestARunIsToldOfItsOverdueRequestWhereConnectionsAreLeft(t *testing.T) {
	for name, c := range map[string]struct {
		inner func(d *desk) any
		want  int64
	}{
		"by default":          {func(d *desk) any { return &level11{desk: d} }, 1},
		"no level 1.1":        {func(d *desk) any { return d }, 1},
		"eight connections":   {func(d *desk) any { return connections{&level11{desk: d}, 8} }, 1},
		"a single connection": {func(d *desk) any { return connections{&level11{desk: d}, 1} }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, true, "1")
				w.s = w.g.Wrap("another", c.inner(w.d)).(api.TicketSystem)
				r := w.m.run("a")
				w.fetch(r, inbox)
				w.d.before = func(_ string, apply func()) error {
					time.Sleep(10 * time.Second)
					apply()
					return nil
				}
				if err := w.s.AddNote(r.ctx(t), "1", hello); err != nil {
					t.Fatal(err)
				}
				if n := r.overdue.Load(); n != c.want {
					t.Errorf("reported %d times, want %d", n, c.want)
				}
			})
		})
	}
}
