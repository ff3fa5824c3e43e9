package metrics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/metrics"
)

func TestTheTextFormat(t *testing.T) {
	runs := metrics.New(metrics.Counter, "otai_runs_total", "Runs that\nended, by \\.", "runner", "outcome")
	runs.Add(1, "b", "left")
	runs.Add(2, "a\"\\\n", "applied")
	runs.Add(1, "b", "left")
	up := metrics.New(metrics.Gauge, "otai_up", "Up.")
	up.Set(0.5)
	took := metrics.NewHistogram("otai_seconds", "Seconds.", []float64{0.1, 1, 10}, "runner")
	for _, v := range []float64{0.05, 0.1, 0.5, 20} {
		took.Observe(v, "a")
	}
	var out strings.Builder
	if err := metrics.Write(&out, runs, up, took, metrics.New(metrics.Counter, "otai_none_total", "None.")); err != nil {
		t.Fatal(err)
	}
	want := `# HELP otai_runs_total Runs that\nended, by \\.
# TYPE otai_runs_total counter
otai_runs_total{runner="a\"\\\n",outcome="applied"} 2
otai_runs_total{runner="b",outcome="left"} 2
# HELP otai_up Up.
# TYPE otai_up gauge
otai_up 0.5
# HELP otai_seconds Seconds.
# TYPE otai_seconds histogram
otai_seconds_bucket{runner="a",le="0.1"} 2
otai_seconds_bucket{runner="a",le="1"} 3
otai_seconds_bucket{runner="a",le="10"} 3
otai_seconds_bucket{runner="a",le="+Inf"} 4
otai_seconds_sum{runner="a"} 20.65
otai_seconds_count{runner="a"} 4
# HELP otai_none_total None.
# TYPE otai_none_total counter
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestValuesOfLabelsAreBounded(t *testing.T) {
	m := metrics.New(metrics.Counter, "otai_x_total", "X.", "label")
	for i := range 10_000 {
		m.Add(1, fmt.Sprint("label-", i))
	}
	var out strings.Builder
	if err := metrics.Write(&out, m); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n > 310 || !strings.Contains(out.String(), `otai_x_total{label="other"} 9700`) {
		t.Errorf("%d lines", n)
	}
}

func BenchmarkATicketsMetrics(b *testing.B) {
	runs := metrics.New(metrics.Counter, "otai_runs_total", "Runs.", "runner", "outcome")
	took := metrics.NewHistogram("otai_run_seconds", "Seconds.", []float64{0.1, 1, 10}, "runner")
	for b.Loop() {
		runs.Add(1, "support", "applied")
		took.Observe(0.5, "support")
		for _, operation := range []string{"search", "read", "update", "note"} {
			runs.Add(1, operation, "ok")
			took.Observe(0.1, operation)
		}
	}
}
