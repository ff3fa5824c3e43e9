package runs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestAStepAtWhichTheSystemFailsIsSaidWhenItBeginsAndWhenItEnds(t *testing.T) {
	const begins, ends = "the system fails at a step", "no ticket waits any more"
	inDesk(t, func(t *testing.T, d *desk) {
		works, healthy := false, false
		d.engine.o.Healthy = func(context.Context) bool { return healthy }
		attempt := func(r *run, id string) {
			if _, _, err := d.step(r, "fetch", "p", d.fetch(id)); err != nil {
				t.Fatal(err)
			}
			do := fails
			if works {
				do = d.write(id)
			}
			_, _, err := d.step(r, "write", "p", do)
			_ = r.End(t.Context(), api.Success(nil), err) // a third one in a row concerns the runner
		}
		for i := range 20 {
			attempt(d.begin(), fmt.Sprint(i+1))
		}
		again := func(rounds int) {
			for range rounds {
				if r, ok := d.mayBeNext(d.place); ok {
					attempt(r, r.tickets[0].Ticket)
				} else {
					time.Sleep(time.Second)
				}
			}
		}
		again(50)
		if d.log.count(begins) != 0 { // a help desk that is down is the runner's to say
			t.Errorf("while all fails: %s", d.log.b.String())
		}
		healthy = true // for others
		again(20)
		healthy = false
		again(200)
		if d.log.count(begins) != 1 || d.log.count(ends) != 0 {
			t.Errorf("while it fails: %d begins, %d ends\n%s", d.log.count(begins), d.log.count(ends), d.log.b.String())
		}
		works = true
		again(200)
		if d.log.count(begins) != 1 || d.log.count(ends) != 1 || d.log.count("tickets=20") != 1 {
			t.Errorf("after it: %d begins, %d ends\n%s", d.log.count(begins), d.log.count(ends), d.log.b.String())
		}
		for i := range 50 { // now and then
			works = false
			attempt(d.begin(), fmt.Sprint(i+101))
			works = true
			time.Sleep(5 * time.Second)
			attempt(d.next(d.place), fmt.Sprint(i+101))
		}
		if n := d.log.count(begins); n > 3 {
			t.Errorf("in 4 minutes said %d times that it begins", n)
		}
	})
}
