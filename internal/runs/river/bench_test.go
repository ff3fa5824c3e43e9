package river

import (
	"fmt"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// BenchmarkRuns is the engine's own cost of runs that River carries: each has a ticket, and
// of its steps one writes. CPU is that of the hosts, without PostgreSQL's.
func BenchmarkRuns(b *testing.B) {
	for _, hosts := range []int{1, 2} {
		for _, steps := range []int{3, 10} {
			b.Run(fmt.Sprintf("hosts=%d/steps=%d", hosts, steps), func(b *testing.B) {
				url := pgtest.Database(b)
				p := migrated(b, url)
				d := newTestDesk(b, p, 0)
				d.unchecked = true
				var all []*process
				for i := range hosts {
					h := startHost(b, url, hostConfig{instance: fmt.Sprint("host", i), desk: d.listener.Addr().String(), lease: 10 * time.Second, workers: 4, steps: steps - 1})
					h.isOpen()
					all = append(all, h)
				}
				idle := 0
				for _, h := range all {
					idle += h.cpu()
				}
				n := max(b.N, 2000)
				began := time.Now()
				seed(b, url, n)
				for countOf(b, p, sorted) < n {
					time.Sleep(20 * time.Millisecond)
				}
				took, used := time.Since(began), -idle
				for _, h := range all {
					used += h.finish()
				}
				b.ReportMetric(float64(n)/took.Seconds(), "tickets/s")
				b.ReportMetric(float64(used)/float64(n), "cpu-ms/ticket")
				b.ReportMetric(0, "ns/op")
				if _, doubled, _ := d.count(); doubled > 0 {
					b.Errorf("%d tickets were written to twice", doubled)
				}
			})
		}
	}
}
