package base

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// TestAClockGoesOnInAnotherEngine: a trigger of an hour that another one has the clock of.
func TestAClockGoesOnInAnotherEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := func() (*Clocks, func() bool) {
			clocks := &Clocks{}
			fire, err := Options{Clocks: clocks}.newIntervalTrigger(api.NewHost(api.HostOptions{Path: "a.on"}))
			if err != nil {
				t.Fatal(err)
			}
			return clocks, func() bool {
				r, err := fire(t.Context(), intervalParams{Interval: time.Hour}, api.Scope{})
				return err == nil && r.Succeeded()
			}
		}
		clocks, fires := made()
		for n := range 300 { // each minute there is another one
			time.Sleep(time.Minute)
			if due := (n+1)%60 == 0; fires() != due {
				t.Fatalf("minute %d: fires %v", n+1, !due)
			}
			next, nextFires := made()
			for path, clock := range clocks.Read() {
				next.Set(path, clock)
			}
			next.Set("elsewhere", Clock{Due: true})
			clocks, fires = next, nextFires
		}
		clocks.Set("a.on", Clock{Due: true})
		if !fires() || fires() {
			t.Error("what is owed is fired once")
		}
	})
}
