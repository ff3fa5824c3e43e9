package doors

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/health"
)

const (
	answerFor      = 250 * time.Millisecond // an answer counts as long
	metricsWithin  = 2 * time.Second
	profileWithin  = 45 * time.Second
	metricsContent = "text/plain; version=0.0.4; charset=utf-8"
)

// lately keeps the last answer for a moment, so that it costs the same whoever asks how often.
type lately[T any] struct {
	mu   sync.Mutex
	have T
	at   time.Time
}

func (l *lately[T]) get(make func() T) T {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at.IsZero() || time.Since(l.at) > answerFor {
		l.have = make()
		l.at = time.Now()
	}
	return l.have
}

// metrics are the worker's and then what the supervisor knows.
func (d *Doors) metrics(w http.ResponseWriter, _ *http.Request) {
	text := d.counted.get(func() string {
		ctx, cancel := context.WithTimeout(context.Background(), metricsWithin) // not of one who asks: others wait, too
		defer cancel()
		theirs, err := d.o.View.Ask(ctx, health.QuestionMetrics, nil)
		if err != nil {
			theirs = nil // what the supervisor knows says so
		}
		return string(theirs) + d.ownMetrics()
	})
	w.Header().Set("Content-Type", metricsContent)
	_, _ = w.Write([]byte(text)) // who asks has gone
}

// profile answers with one of the worker's.
func (d *Doors) profile(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), profileWithin)
	defer cancel()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(profileWithin))
	args := url.Values{"name": {strings.TrimPrefix(r.URL.Path, "/debug/pprof/")}, "seconds": {r.URL.Query().Get("seconds")}}
	content, err := d.o.View.Ask(ctx, health.QuestionProfile, []byte(args.Encode()))
	if err != nil {
		say(w, http.StatusServiceUnavailable, "there is no such profile now")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(content) // who asks has gone
}
