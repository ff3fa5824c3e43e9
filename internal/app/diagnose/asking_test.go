package diagnose

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// askNow guards as an engine does, without a name.
type askNow struct{}

func (askNow) Ask(_ context.Context, _ string, f func() error) error { return freeze.Call(0, f) }

// beast is a service each of whose methods does what none may do.
type beast struct{ does func() }

func (b beast) Diagnose(_ context.Context, _ map[string][]string, report func(map[string]string)) {
	report(map[string]string{"check": "queue", "status": StatusOK, "message": "there"})
	b.does()
}

func (b beast) FindModels(_ context.Context, _ []string, report func(map[string]string)) {
	report(map[string]string{"model": "gone", "status": StatusFailed, "message": "missing"})
	b.does()
}

func (b beast) Labels(context.Context, string) ([]string, error) { b.does(); return nil, nil }

func (b beast) Provenance(context.Context, string) (map[string]string, error) {
	b.does()
	return nil, nil
}

func TestHoweverACheckEndsTheDoctorGoesOn(t *testing.T) {
	for way, does := range map[string]func(){"a panic": func() { panic("boom") }, "Goexit": runtime.Goexit} {
		t.Run(way, func(t *testing.T) {
			text := strings.NewReplacer("MODELNAME", quoted("a"), "QUEUE", quoted("IT")).Replace(doctorConfig)
			d := doctorOf(t, text, map[modelKey][]string{})
			d.engine = askNow{}
			var got []Diagnostic
			add := func(f Diagnostic) { got = append(got, f) }
			if !d.a.diagnose(t.Context(), d, "desk", beast{does}, add) {
				t.Error("it does not count as one that was checked")
			}
			d.check("models", beast{does}, func(string) {}, add)
			count := map[string]int{}
			for _, f := range got {
				count[f.Service+" "+f.Check+" "+f.Status]++
			}
			if count["desk queue ok"] != 1 || count["desk health failed"] != 1 || count["models model failed"] < 2 {
				t.Errorf("got %v", got)
			}
			if text := d.provenance("models", beast{does}, "a"); text != "" {
				t.Errorf("provenance %q", text)
			}
		})
	}
}

// A plugin may report from several goroutines, and from one that outlives the call.
func TestWhatIsReportedTooLateIsLeftOut(t *testing.T) {
	var late func(map[string]string)
	n := 0
	err := reportsOf(t.Context(), askNow{}, "desk", func(map[string]string) { n++ }, func(report func(map[string]string)) {
		late = report
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { report(nil) })
		}
		all.Wait()
	})
	if late(nil); err != nil || n != 10 {
		t.Errorf("%d reports, %v", n, err)
	}
}
