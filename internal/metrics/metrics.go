// Package metrics counts, and writes what it has counted in the text format of Prometheus.
//
// It is written here, and no library is taken for it: what the host links, each plugin that links
// the same has to have in the same version, for as long as there are plugins that were built for it.
package metrics

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// mostSeries bounds the series of one metric, since values of labels come from configurations,
// models and help desks: further ones are counted together, with the value Other.
const mostSeries = 300

// Other stands for the values of labels beyond those that are counted apart.
const Other = "other"

// Kind is what a metric is.
type Kind string

// The kinds of metrics.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Metric is one, with a series for each combination of the values of its labels. It is for many
// goroutines.
type Metric struct {
	name, help string
	kind       Kind
	labels     []string
	bounds     []float64 // of a histogram, ascending

	mu     sync.Mutex
	series map[string]*series
}

type series struct {
	values  []string
	value   float64  // of a histogram: the sum
	count   uint64   // of a histogram
	buckets []uint64 // each without those below
}

// New makes a counter or a gauge.
func New(kind Kind, name, help string, labels ...string) *Metric {
	return &Metric{name: name, help: help, kind: kind, labels: labels, series: make(map[string]*series)}
}

// NewHistogram makes one with the upper bounds of its buckets, ascending.
func NewHistogram(name, help string, bounds []float64, labels ...string) *Metric {
	m := New(Histogram, name, help, labels...)
	m.bounds = bounds
	return m
}

// of is the series of these values; the lock is held.
func (m *Metric) of(values []string) *series {
	key := strings.Join(values, "\x1f")
	s := m.series[key]
	if s != nil {
		return s
	}
	if len(m.series) >= mostSeries && len(values) > 0 {
		values = slices.Repeat([]string{Other}, len(values))
		if s = m.series[strings.Join(values, "\x1f")]; s != nil {
			return s
		}
		key = strings.Join(values, "\x1f")
	}
	s = &series{values: slices.Clone(values), buckets: make([]uint64, len(m.bounds))}
	m.series[key] = s
	return s
}

// Add adds to a counter or a gauge.
func (m *Metric) Add(n float64, values ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(values).value += n
}

// Set sets a gauge, or a counter that somebody else counts.
func (m *Metric) Set(n float64, values ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(values).value = n
}

// Observe counts a value in a histogram.
func (m *Metric) Observe(v float64, values ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.of(values)
	s.value += v
	s.count++
	if i, _ := slices.BinarySearch(m.bounds, v); i < len(s.buckets) {
		s.buckets[i]++
	}
}

// Write writes metrics in the order given, their series sorted. Of what has no series yet it says what
// it will be.
func Write(out io.Writer, metrics ...*Metric) error {
	var b strings.Builder
	for _, m := range metrics {
		m.write(&b)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (m *Metric) write(b *strings.Builder) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", m.name, helpText.Replace(m.help), m.name, m.kind)
	all := make([]*series, 0, len(m.series))
	for _, s := range m.series {
		all = append(all, s)
	}
	slices.SortFunc(all, func(x, y *series) int { return slices.Compare(x.values, y.values) })
	for _, s := range all {
		if m.kind != Histogram {
			m.line(b, "", s.values, "", s.value)
			continue
		}
		below := uint64(0)
		for i, bound := range m.bounds {
			below += s.buckets[i]
			m.line(b, "_bucket", s.values, number(bound), float64(below))
		}
		m.line(b, "_bucket", s.values, "+Inf", float64(s.count))
		m.line(b, "_sum", s.values, "", s.value)
		m.line(b, "_count", s.values, "", float64(s.count))
	}
}

func (m *Metric) line(b *strings.Builder, suffix string, values []string, le string, v float64) {
	b.WriteString(m.name + suffix)
	separator := "{"
	for i, label := range m.labels {
		b.WriteString(separator + label + `="` + labelText.Replace(strings.ToValidUTF8(values[i], "\uFFFD")) + `"`)
		separator = ","
	}
	if le != "" {
		b.WriteString(separator + `le="` + le + `"`)
		separator = ","
	}
	if separator == "," {
		b.WriteString("}")
	}
	b.WriteString(" " + number(v) + "\n")
}

// What the format escapes.
var (
	helpText  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelText = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
