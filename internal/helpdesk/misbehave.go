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

// misbehave answers a request, or doesn't, as a fault will have it. A client that goes away meanwhile changes nothing: the servers
// don't notice either.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, to target, t chaos.Injection) {
	// The body is read now, since after an answer or a closed connection it can't be.
	r.Body = io.NopCloser(bufferedBody(r, to.maxLength))
	if !wait(r, time.Duration(t.Delay)) {
		cutOff(w)
		return
	}
	status, contentType, body := s.faultyAnswer(r, to, t)
	if !wait(r, time.Duration(t.DelayAfter)) {
		cutOff(w)
		return
	}
	s.log.Debug("fault", "fault", t.Kind, "done", t.Extent(), "route", to.path)
	for name, value := range t.Headers {
		w.Header().Set(name, value)
	}
	switch t.Kind {
	case chaos.KindClose:
		cutOff(w)
	case chaos.KindHang:
		hang(r, time.Duration(t.Lasts))
		cutOff(w)
	case chaos.KindTruncate:
		wire.WriteHead(w, s.mode, status, contentType, len(body))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		cutOff(w)
	case chaos.KindDrip:
		wire.WriteHead(w, s.mode, status, contentType, len(body))
		drip(w, r, body, time.Duration(t.Lasts))
	default:
		wire.Write(w, s.mode, status, contentType, body)
	}
}

func (s *Server) faultyAnswer(r *http.Request, to target, t chaos.Injection) (status int, contentType string, body []byte) {
	status, contentType, body = http.StatusInternalServerError, "text/plain; charset=UTF-8", nil
	if t.Extent() != chaos.DoneNothing {
		status, contentType, body = s.answer(r, to, t.Stop())
	}
	switch t.Kind {
	case chaos.KindAuthFail:
		return to.authFail()
	case chaos.KindGarbage:
		contentType, body = "application/json; charset=UTF-8", []byte(`{"TicketID":["1",`)
	case chaos.KindStatus:
		contentType, body = "text/plain; charset=UTF-8", usualBody(t)
	default:
		return status, contentType, body
	}
	if t.ContentType != "" {
		contentType = t.ContentType
	}
	if t.Body != "" {
		body = []byte(t.Body)
	}
	return t.AnswerStatus(), contentType, body
}

func usualBody(t chaos.Injection) []byte {
	if t.AnswerStatus() == http.StatusInternalServerError {
		_, _, body := wire.Answer(wire.ErrCancelled)
		return body
	}
	return []byte(http.StatusText(t.AnswerStatus()))
}

func (t target) authFail() (status int, contentType string, body []byte) {
	op := t.Operation
	if !t.found {
		op = operation.Search
	}
	return wire.Answer(op.RejectLogin())
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
