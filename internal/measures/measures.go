// Package measures counts what a worker does, as it happens, and puts it beside what is looked up when somebody asks:
// all that /metrics says of the worker.
package measures

import (
	"errors"
	"io"
	"maps"
	"reflect"
	"runtime"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/health"
	"github.com/open-ticket-ai/otai/internal/metrics"
	"github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// Measures are what this process counts as it happens.
type Measures struct {
	runs, requests, decisions               *metrics.Metric
	runSeconds, requestSeconds, confidences *metrics.Metric
	texts, classifySeconds                  *metrics.Metric

	mu          sync.Mutex
	classifiers map[api.Classifier]string // ids of services
	asking      sync.Mutex                // held while they are asked
}

// New returns measures of nothing yet.
func New() *Measures {
	seconds := []float64{.01, .03, .1, .3, 1, 3, 10, 30, 100, 300, 1000}
	return &Measures{
		runs:           metrics.New(metrics.Counter, "otai_runs_total", "Attempts of runs that ended in this process, by what became of the run.", "runner", "outcome"),
		runSeconds:     metrics.NewHistogram("otai_run_duration_seconds", "Time from the beginning of a run to its end, with its pauses.", seconds, "runner"),
		requests:       metrics.New(metrics.Counter, "otai_helpdesk_requests_total", "Calls of ticket systems.", "service", "operation", "outcome"),
		requestSeconds: metrics.NewHistogram("otai_helpdesk_request_duration_seconds", "How long a call of a ticket system took, with its retries.", seconds, "service", "operation"),
		decisions:      metrics.New(metrics.Counter, "otai_decisions_total", "Records of decisions about tickets.", "runner", "action", "label"),
		confidences:    metrics.NewHistogram("otai_decision_confidence", "Confidence in the label that was decided on.", []float64{.1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .99}, "runner"),
		texts:          metrics.New(metrics.Counter, "otai_classified_texts_total", "Texts that a model was asked about.", "service", "outcome"),
		classifySeconds: metrics.NewHistogram("otai_classification_duration_seconds", "How long a call of a classifier took, of all texts that went together, with the loading of a model that was not there yet.",
			[]float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30, 100}, "service"),
		classifiers: make(map[api.Classifier]string),
	}
}

// Ended counts the end of an attempt of a run.
func (m *Measures) Ended(e runs.Attempt) {
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

// Called counts a call of a ticket system.
func (m *Measures) Called(service, operation string, took time.Duration, err error) {
	m.requests.Add(1, service, operation, outcome(err))
	m.requestSeconds.Observe(took.Seconds(), service, operation)
}

// Knows remembers of which service a classifier is, where it differs from others as a value.
func (m *Measures) Knows(service string, instance any) {
	c, ok := instance.(api.Classifier)
	if !ok || !reflect.ValueOf(c).Comparable() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.classifiers[c] = service
}

// Classified counts a call of a classifier.
func (m *Measures) Classified(by api.Classifier, texts int, took time.Duration, err error) {
	service := metrics.Other
	if reflect.ValueOf(by).Comparable() {
		m.mu.Lock()
		if id, ok := m.classifiers[by]; ok {
			service = id
		}
		m.mu.Unlock()
	}
	m.texts.Add(float64(texts), service, outcome(err))
	m.classifySeconds.Observe(took.Seconds(), service)
}

// timed is a classifier that says how long it took to load the models that it has loaded, by
// their names.
type timed interface {
	LoadTimes() map[string]time.Duration
}

// loads are what the classifiers say of their models. It is code of plugins: while one doesn't return,
// none is asked again.
func (m *Measures) loads() *metrics.Metric {
	out := metrics.New(metrics.Gauge, "otai_model_load_duration_seconds", "How long it took to load a model that is loaded now.", "service", "model")
	m.mu.Lock()
	known := maps.Clone(m.classifiers)
	m.mu.Unlock()
	if len(known) == 0 || !m.asking.TryLock() {
		return out
	}
	said := make(map[[2]string]time.Duration)
	if err := freeze.Call(askWithin, func() error {
		defer m.asking.Unlock()
		for c, service := range known {
			if l, ok := c.(timed); ok {
				for model, took := range l.LoadTimes() {
					said[[2]string{service, model}] = took
				}
			}
		}
		return nil
	}); err != nil {
		return out
	}
	for of, took := range said {
		out.Set(took.Seconds(), of[0], of[1])
	}
	return out
}

// askWithin is how long a plugin may take to say how it is.
const askWithin = 200 * time.Millisecond

// outcome is what became of a call, by what its error says.
func outcome(err error) string {
	for _, o := range []struct {
		is   error
		name string
	}{
		{api.ErrUncertain, "uncertain"}, {api.ErrTemporary, "temporary"}, {api.ErrDenied, "denied"}, {api.ErrNotFound, "not_found"}, {api.ErrInvalid, "invalid"},
	} {
		if errors.Is(err, o.is) {
			return o.name
		}
	}
	if err != nil {
		return "failed"
	}
	return "ok"
}

// Write writes all figures of this process in the text format of Prometheus: what was counted, and what is true at
// this moment.
func (m *Measures) Write(out io.Writer, facts health.Facts) error {
	report := health.Judge(facts)
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
	starts := metrics.New(metrics.Gauge, "otai_service_start_duration_seconds", "How long the start of a service took, such as the loading of its models.", "service")
	for _, s := range facts.Services {
		if s.Started {
			starts.Set(s.Took.Seconds(), s.Name)
		}
	}
	overdue := metrics.New(metrics.Gauge, "otai_run_overdue_seconds", "For how long the run is due that waits for a worker longest.")
	overdue.Set(facts.Overdue.Seconds())
	waiting := metrics.New(metrics.Gauge, "otai_runs_waiting", "Runs that are due or wait.")
	waiting.Set(float64(report.Tickets.Waiting))
	goroutines := metrics.New(metrics.Gauge, "go_goroutines", "Goroutines of the worker process.")
	goroutines.Set(float64(runtime.NumGoroutine()))
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	heap := metrics.New(metrics.Gauge, "go_memstats_heap_inuse_bytes", "Bytes of Go's heap that the worker process uses.")
	heap.Set(float64(memory.HeapInuse))
	return metrics.Write(out, m.runs, m.runSeconds, m.requests, m.requestSeconds, m.decisions, m.confidences, m.texts, m.classifySeconds, m.loads(), starts, tickets, waiting, overdue, up, goroutines, heap)
}
