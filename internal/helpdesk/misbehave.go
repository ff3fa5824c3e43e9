package helpdesk

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/chaos"
	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// misbehave answers a request, or doesn't, as its fault says. It doesn't matter whether the client is still there: the real servers
// don't notice either.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, to target, fault chaos.Injection) {
	// The body is read now, since after an answer or a closed connection it can't be.
	r.Body = io.NopCloser(bufferedBody(r, to.maxLength))
	if !wait(r, time.Duration(fault.Delay)) {
		cutOff(w)
		return
	}
	status, contentType, body := s.faultyAnswer(r, to, fault)
	if !wait(r, time.Duration(fault.DelayAfter)) {
		cutOff(w)
		return
	}
	s.log.Debug("fault injected", "kind", fault.Kind, "done", fault.Extent(), "route", to.path)
	for name, value := range fault.Headers {
		w.Header().Set(name, value)
	}
	switch fault.Kind {
	case chaos.KindClose:
		cutOff(w)
	case chaos.KindHang:
		hang(r, time.Duration(fault.Lasts))
		cutOff(w)
	case chaos.KindTruncate:
		wire.WriteHead(w, s.mode, status, contentType, len(body))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		cutOff(w)
	case chaos.KindDrip:
		wire.WriteHead(w, s.mode, status, contentType, len(body))
		drip(w, r, body, time.Duration(fault.Lasts))
	default:
		wire.Write(w, s.mode, status, contentType, body)
	}
}

// faultyAnswer returns the answer to a request, as far as its fault lets it be done.
func (s *Server) faultyAnswer(r *http.Request, to target, fault chaos.Injection) (status int, contentType string, body []byte) {
	status, contentType, body = http.StatusInternalServerError, "text/plain; charset=UTF-8", nil
	if fault.Extent() != chaos.DoneNothing {
		status, contentType, body = s.answer(r, to, fault.Stop())
	}
	switch fault.Kind {
	case chaos.KindAuthFail:
		return to.authFail()
	case chaos.KindGarbage:
		contentType, body = "application/json; charset=UTF-8", []byte(`{"TicketID":["1",`)
	case chaos.KindStatus:
		contentType, body = "text/plain; charset=UTF-8", usualBody(fault)
	default:
		return status, contentType, body
	}
	if fault.ContentType != "" {
		contentType = fault.ContentType
	}
	if fault.Body != "" {
		body = []byte(fault.Body)
	}
	return fault.AnswerStatus(), contentType, body
}

// usualBody is what an answer with the status of the fault says unless the fault brings a body.
func usualBody(fault chaos.Injection) []byte {
	if fault.AnswerStatus() == http.StatusInternalServerError {
		_, _, body := wire.Answer(wire.ErrCanceled)
		return body
	}
	return []byte(http.StatusText(fault.AnswerStatus()))
}

// authFail returns the answer to a rejected login.
func (t target) authFail() (status int, contentType string, body []byte) {
	op := t.Operation
	if !t.found {
		op = operation.Search
	}
	return wire.Answer(op.RejectLogin())
}

// bufferedBody reads the body of a request as far as it is allowed to go, and returns a reader of all of it.
func bufferedBody(r *http.Request, limit int64) io.Reader {
	// One byte more than allowed: the request is rejected for it later, and the rest is still there to be read.
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

// wait waits for d; false means that the help desk was stopped first.
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

// hang waits until the client has gone, for d at most if it isn't 0.
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

// lifeKey finds the context that ends with [Server.Serve]; that of a request also ends when its client goes away.
type lifeKey struct{}

func lifeOf(r *http.Request) context.Context {
	if life, ok := r.Context().Value(lifeKey{}).(context.Context); ok {
		return life
	}
	return context.Background()
}

// drip writes an answer a few bytes at a time.
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
