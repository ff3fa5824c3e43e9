package app

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"time"

	judged "github.com/open-ticket-ai/otai/internal/health"
	"github.com/open-ticket-ai/otai/internal/metrics"
	"github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// measures are what this process counts as it happens; the rest is looked up when it is asked for.
type measures struct {
	runs, requests, decisions               *metrics.Metric
	runSeconds, requestSeconds, confidences *metrics.Metric
}

func newMeasures() *measures {
	seconds := []float64{.01, .03, .1, .3, 1, 3, 10, 30, 100, 300, 1000}
	return &measures{
		runs:           metrics.New(metrics.Counter, "otai_runs_total", "Attempts of runs that ended in this process, by what became of the run.", "runner", "outcome"),
		runSeconds:     metrics.NewHistogram("otai_run_duration_seconds", "Time from the beginning of a run to its end, with its pauses.", seconds, "runner"),
		requests:       metrics.New(metrics.Counter, "otai_helpdesk_requests_total", "Calls of ticket systems.", "service", "operation", "outcome"),
		requestSeconds: metrics.NewHistogram("otai_helpdesk_request_duration_seconds", "How long a call of a ticket system took, with its retries.", seconds, "service", "operation"),
		decisions:      metrics.New(metrics.Counter, "otai_decisions_total", "Records of decisions about tickets.", "runner", "action", "label"),
		confidences:    metrics.NewHistogram("otai_decision_confidence", "Confidence in the label that was decided on.", []float64{.1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .99}, "runner"),
	}
}

// ended counts the end of an attempt of a run.
func (m *measures) ended(e runs.Attempt) {
	m.runs.Add(1, e.Runner, e.Outcome)
	if e.Ended {
		m.runSeconds.Observe(e.Took.Seconds(), e.Runner)
	}
	for _, d := range e.Decisions {
		m.decisions.Add(1, e.Runner, d.Action, d.Label)
		if d.Label != "" {
			m.confidences.Observe(float64(d.Confidence)/1e6, e.Runner)
		}
	}
}

// called counts a call of a ticket system.
func (m *measures) called(service, operation string, took time.Duration, err error) {
	outcome := "ok"
	switch {
	case err == nil:
	case errors.Is(err, api.ErrUncertain):
		outcome = "uncertain"
	case errors.Is(err, api.ErrTemporary):
		outcome = "temporary"
	case errors.Is(err, api.ErrDenied):
		outcome = "denied"
	case errors.Is(err, api.ErrNotFound):
		outcome = "not_found"
	case errors.Is(err, api.ErrInvalid):
		outcome = "invalid"
	default:
		outcome = "failed"
	}
	m.requests.Add(1, service, operation, outcome)
	m.requestSeconds.Observe(took.Seconds(), service, operation)
}

// metrics are all figures of this process, in the text format of Prometheus.
func (a *Setup) metrics(ctx context.Context) ([]byte, error) {
	report := judged.Judge(a.facts(ctx))
	tickets := metrics.New(metrics.Gauge, "otai_tickets", "Tickets that searches pass over, by how they stand with the runner.", "runner", "standing")
	up := metrics.New(metrics.Gauge, "otai_part_up", "Whether a service, a runner or the store does its work: 0 where it keeps otai from being ready.", "kind", "name")
	for _, p := range report.Parts {
		value := 1.0
		if p.Blocks {
			value = 0
		}
		up.Set(value, p.Kind, p.Name)
		if t := p.Tickets; t != nil {
			for standing, n := range map[store.Standing]int{store.Handled: t.Handled, store.StandingLeft: t.Left, store.Aside: t.Aside, store.StandingDead: t.Dead} {
				tickets.Set(float64(n), p.Name, string(standing))
			}
		}
	}
	waiting := metrics.New(metrics.Gauge, "otai_runs_waiting", "Runs that are due or wait.")
	waiting.Set(float64(report.Tickets.Waiting))
	goroutines := metrics.New(metrics.Gauge, "go_goroutines", "Goroutines of the worker process.")
	goroutines.Set(float64(runtime.NumGoroutine()))
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	heap := metrics.New(metrics.Gauge, "go_memstats_heap_inuse_bytes", "Bytes of Go's heap that the worker process uses.")
	heap.Set(float64(memory.HeapInuse))
	m := a.measures
	var out bytes.Buffer
	err := metrics.Write(&out, m.runs, m.runSeconds, m.requests, m.requestSeconds, m.decisions, m.confidences, tickets, waiting, up, goroutines, heap)
	return out.Bytes(), err
}
