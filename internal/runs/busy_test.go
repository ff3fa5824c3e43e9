package runs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// RUNS 9: a run that writes to a ticket which another run of its runner keeps, in doubt,
// until a person decides.
func TestARunThatWritesToATicketInDoubtWaitsWithPauses(t *testing.T) {
	many(t)
	inDesk(t, func(t *testing.T, d *desk) {
		h := newHelpDesk(2)
		var s api.TicketSystem
		open := func() {
			var g *gate.Gate
			g, s = d.gated(h)
			d.finish = g.Finish
		}
		open()
		first := d.begin()
		d.does(first, "fetch", d.fetch("0001"))
		_, err := first.Step(t.Context(), orchestrator.Step{Key: "mail", Path: "p.mail", Name: "mail", Params: "p", Effect: effectOnce}, func(context.Context) (api.PipeResult, error) {
			return api.PipeResult{}, errors.New("connection lost")
		})
		_ = first.End(t.Context(), api.Success(nil), err)
		if got := d.loaded(first.row.ID).Run.Outcome; got != store.Dead {
			t.Fatalf("the first run ended as %q", got)
		}
		attempts := 0
		work := func(r *run) {
			attempts++
			if _, _, err := d.step(r, "fetch", "p", d.fetch("0002")); err != nil {
				t.Fatal(err)
			}
			_, _, err := d.step(r, "note", "p", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
				return api.Success(nil), s.AddNote(ctx, "0001", api.Note{Subject: "otai", Body: "see 0002"})
			})
			if endErr := r.End(t.Context(), api.Success(nil), err); endErr != nil {
				t.Error(endErr)
			}
		}
		r := d.begin()
		work(r)
		for began := time.Now(); time.Since(began) < time.Hour; time.Sleep(100 * time.Millisecond) {
			if again, ok := d.mayBeNext(d.place); ok {
				work(again)
			}
		}
		if soon, err := d.engine.Soon(t.Context(), d.place); soon || err != nil {
			t.Errorf("it is said to go on soon: %v, %v", soon, err) // --until-empty would never end
		}
		l := d.loaded(r.row.ID)
		t.Logf("%d attempts in an hour", attempts)
		if l.Run.Reason != store.ReasonBusy || attempts > 100 || attempts < 30 {
			t.Errorf("%d attempts in an hour; the run is %+v", attempts, l.Run)
		}
	})
}
