package helpdesk

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// chance decides which requests a fault befalls. It counts all of them, also without a rule.
type chance struct {
	mu       sync.Mutex
	faults   Faults
	random   *rand.Rand
	rules    []tally
	requests map[string]int64 // by route
}

// tally is what became of one rule.
type tally struct {
	seen, fired int64 // requests that it is about, and those that it befell
	times       int
	left        int // of a burst
}

// trouble is a fault that befalls one request.
type trouble struct {
	Rule
	draw float64 // decides where a part ends
}

func (c *chance) set(f Faults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults, c.rules = f, make([]tally, len(f.Rules))
	c.random = rand.New(rand.NewPCG(f.Seed, 0))
}

func (c *chance) plan() Faults {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.faults
}

func (c *chance) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = nil
	c.rules = make([]tally, len(c.faults.Rules))
}

// next counts a request and returns the trouble it gets into, if any.
func (c *chance) next(route string) (trouble, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests == nil {
		c.requests = map[string]int64{}
	}
	c.requests[route]++
	chosen := -1
	for i, rule := range c.faults.Rules {
		if len(rule.On) > 0 && !slices.Contains(rule.On, route) {
			continue
		}
		if c.due(rule, &c.rules[i], chosen < 0) && chosen < 0 {
			chosen = i
		}
	}
	if chosen < 0 {
		return trouble{}, false
	}
	return trouble{c.faults.Rules[chosen], c.random.Float64()}, true
}

// due counts a request for one rule and tells whether it befalls it. A rule that comes too late keeps its bursts for others.
func (c *chance) due(rule Rule, t *tally, free bool) bool {
	t.seen++
	if t.left > 0 && free {
		t.left--
		t.fired++
		return true
	}
	var due bool
	switch {
	case rule.Every > 0:
		due = t.seen%int64(rule.Every) == 0
	case len(rule.Nth) > 0:
		due = slices.Contains(rule.Nth, int(t.seen))
	case rule.Probability > 0:
		due = c.random.Float64() < rule.Probability
	default:
		due = true
	}
	if !due || !free || rule.Times > 0 && t.times >= rule.Times {
		return false
	}
	t.times++
	t.fired++
	t.left = max(rule.Burst, 1) - 1
	return true
}

// Counters tell what a help desk was asked and which faults befell it.
type Counters struct {
	Requests map[string]int64 `json:"requests"` // by route
	Rules    []RuleCounter    `json:"rules"`    // in the order of the rules
}

// RuleCounter tells how many requests a rule is about and how many of them it befell.
type RuleCounter struct {
	Seen  int64 `json:"seen"`
	Fired int64 `json:"fired"`
}

func (c *chance) counters() Counters {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Counters{Requests: map[string]int64{}, Rules: make([]RuleCounter, len(c.rules))}
	for route, n := range c.requests {
		out.Requests[route] = n
	}
	for i, t := range c.rules {
		out.Rules[i] = RuleCounter{t.seen, t.fired}
	}
	return out
}

func (c *chance) requestsPerConnection() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.faults.RequestsPerConnection
}

// misbehave answers a request, or doesn't, as a fault will have it. A client that goes away meanwhile changes nothing: the servers
// don't notice either.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, to target, t trouble) {
	// The body is read now, since after an answer or a closed connection it can't be.
	r.Body = io.NopCloser(bufferedBody(r, to.maxLength))
	if !wait(r, time.Duration(t.Delay)) {
		cutOff(w)
		return
	}
	status, contentType, body := s.answerInTrouble(r, to, t)
	if !wait(r, time.Duration(t.DelayAfter)) {
		cutOff(w)
		return
	}
	s.log.Debug("fault", "fault", t.Fault, "done", t.done(), "route", to.path)
	for name, value := range t.Headers {
		w.Header().Set(name, value)
	}
	switch t.Fault {
	case FaultClose:
		cutOff(w)
	case FaultHang:
		hang(r, time.Duration(t.Lasts))
		cutOff(w)
	case FaultTruncate:
		writeHead(w, s.mode, status, contentType, len(body))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		cutOff(w)
	case FaultDrip:
		writeHead(w, s.mode, status, contentType, len(body))
		drip(w, r, body, time.Duration(t.Lasts))
	default:
		writeAnswer(w, s.mode, status, contentType, body)
	}
}

func (s *Server) answerInTrouble(r *http.Request, to target, t trouble) (status int, contentType string, body []byte) {
	status, contentType, body = http.StatusInternalServerError, "text/plain; charset=UTF-8", nil
	if t.done() != DoneNothing {
		status, contentType, body = s.answer(r, to, t.stop())
	}
	switch t.Fault {
	case FaultAuthFail:
		return to.authFail()
	case FaultGarbage:
		contentType, body = "application/json; charset=UTF-8", []byte(`{"TicketID":["1",`)
	case FaultStatus:
		contentType, body = "text/plain; charset=UTF-8", t.usualBody()
	default:
		return status, contentType, body
	}
	if t.ContentType != "" {
		contentType = t.ContentType
	}
	if t.Body != "" {
		body = []byte(t.Body)
	}
	return t.status(), contentType, body
}

func (t trouble) usualBody() []byte {
	if t.status() == http.StatusInternalServerError {
		_, _, body := answerTo(errCancelled)
		return body
	}
	return []byte(http.StatusText(t.status()))
}

func (t target) authFail() (status int, contentType string, body []byte) {
	op := t.operation
	if !t.found {
		op = opSearch
	}
	return answerTo(op.refuseLogin())
}

// stop returns where a write ends, nil for one that is done as a whole.
func (t trouble) stop() Stop {
	if t.done() != DonePart {
		return nil
	}
	return t.stopAt
}

// stopAt returns after how many of a request's steps the write ends. A single step can only be done as a whole.
func (t trouble) stopAt(names []string) (n int) {
	switch {
	case t.Steps > 0:
		return min(t.Steps, len(names))
	case slices.Contains(names, t.After):
		for i, name := range names {
			if name == t.After {
				n = i + 1
			}
		}
		return n
	case t.After != "":
		last := slices.Index(stepNames, t.After)
		for n < len(names) && slices.Index(stepNames, names[n]) <= last {
			n++
		}
		return n
	default:
		return min(1+int(t.draw*float64(len(names)-1)), len(names))
	}
}

func bufferedBody(r *http.Request, limit int64) io.Reader {
	// One byte more than may be: the request is refused for it later, and the rest is still there to be read.
	var head strings.Builder
	_, err := io.Copy(&head, io.LimitReader(r.Body, limit+1))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = failingReader{err}
	}
	return io.MultiReader(strings.NewReader(head.String()), rest)
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// wait is false when the help desk ends first.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-lifeOf(r).Done():
		return false
	}
}

// hang waits until the client has gone, or for d if it isn't 0.
func hang(r *http.Request, d time.Duration) {
	var enough <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-enough:
	case <-r.Context().Done():
	case <-lifeOf(r).Done():
	}
}

// lifeKey finds the context that ends with [Server.Serve]; a request's own ends when its client goes away, too.
type lifeKey struct{}

func lifeOf(r *http.Request) context.Context {
	if life, ok := r.Context().Value(lifeKey{}).(context.Context); ok {
		return life
	}
	return context.Background()
}

func drip(w http.ResponseWriter, r *http.Request, body []byte, lasts time.Duration) {
	const drops = 20
	if lasts == 0 {
		lasts = 2 * time.Second
	}
	size := max(1, (len(body)+drops-1)/drops)
	control := http.NewResponseController(w)
	for piece := range slices.Chunk(body, size) {
		if _, err := w.Write(piece); err != nil || control.Flush() != nil || r.Context().Err() != nil {
			return
		}
		if !wait(r, lasts/drops) {
			cutOff(w)
			return
		}
	}
}

// cutOff closes the connection as it is.
func cutOff(w http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = connection.Close() // it may be closed already
	}
}
