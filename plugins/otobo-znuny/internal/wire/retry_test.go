package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// A read is repeated whatever it may have done, a write only if it certainly did
// nothing.
func TestOnlyWhatIsHarmlessIsRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		first       http.HandlerFunc
		read, write int64 // requests
	}{
		"an answer":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"TicketID":"1"}`) }, 1, 1},
		"an overload":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, 2, 1},
		"a busy server":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, 2, 2},
		"a broken answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 2, 1},
		"a rejection": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"Error":{"ErrorCode":"TicketUpdate.InvalidParameter","ErrorMessage":"x"}}`)
		}, 1, 1},
	} {
		for _, kind := range []string{"read", "write"} {
			var asked atomic.Int64
			client := connectToAnswer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 1 {
					c.first(w, r)
					return
				}
				_, _ = io.WriteString(w, `{"TicketID":"1"}`)
			}), patient)
			send, want := client.Read, c.read
			if kind == "write" {
				send, want = client.Write, c.write
			}
			_, err := send(t.Context(), TicketUpdate, "1", Message{})
			if asked.Load() != want || (err == nil) != (want == 2 || name == "an answer") {
				t.Errorf("%s, %s: %d requests, want %d: %v", name, kind, asked.Load(), want, err)
			}
		}
	}
	_, err := connectToAnswer(t, answerWith("{}")).Write(t.Context(), TicketUpdate, "1", Message{})
	if !errors.Is(err, ErrProtocol) || EffectOf(err) != Answered {
		t.Errorf("an answer that names no ticket: %v", err)
	}
}

func TestAnUncertainOutcomeHasNoOtherKind(t *testing.T) {
	why := fmt.Errorf("%w: %w", ErrUnavailable, context.DeadlineExceeded)
	err := Uncertain(TicketUpdate, "7", why)
	if !errors.Is(err, api.ErrUncertain) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnavailable) || EffectOf(err) != Unknown {
		t.Errorf("%v", err)
	}
	if !strings.HasPrefix(err.Error(), "change ticket 7: ") || !strings.Contains(err.Error(), "look at the ticket") {
		t.Errorf("%v", err)
	}
}
