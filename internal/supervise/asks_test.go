package supervise

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// connected are both ends of a connection for questions, in one process.
func connected(t *testing.T) (*View, *Worker) {
	t.Helper()
	a, theirs, err := newAsks()
	if err != nil {
		t.Fatal(err)
	}
	w := &Worker{answers: &answers{
		file: theirs, slot: make(chan struct{}, mostAtWork), running: make(map[uint64]context.CancelFunc),
		known: make(map[string]func(context.Context, []byte) ([]byte, error)),
	}}
	listened := make(chan struct{})
	go func() { defer close(listened); w.answers.listen() }()
	t.Cleanup(func() { a.close(); <-listened; _ = theirs.Close() })
	v := &View{}
	v.worker(&child{asks: a, pid: 1})
	return v, w
}

func TestTheWorkerIsAsked(t *testing.T) {
	v, w := connected(t)
	long := bytes.Repeat([]byte("x"), 5*maxPart+1)
	w.Answer("long", func(context.Context, []byte) ([]byte, error) { return long, nil })
	w.Answer("nothing", func(context.Context, []byte) ([]byte, error) { return nil, nil })
	w.Answer("echo", func(_ context.Context, args []byte) ([]byte, error) { return args, nil })
	w.Answer("no", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("for a reason") })
	for _, c := range []struct {
		what string
		want string
	}{{"long", string(long)}, {"nothing", ""}, {"echo", "this"}} {
		if got, err := v.Ask(t.Context(), c.what, []byte("this")); string(got) != c.want || err != nil {
			t.Errorf("%s: %d bytes, %v", c.what, len(got), err)
		}
	}
	if _, err := v.Ask(t.Context(), "no", nil); err == nil || err.Error() != "for a reason" {
		t.Errorf("a no: %v", err)
	}
	if _, err := v.Ask(t.Context(), "unheard", nil); !errors.Is(err, ErrUnknownQuestion) {
		t.Errorf("what it doesn't know: %v", err)
	}
	var all sync.WaitGroup
	for range 200 { // at once
		all.Go(func() {
			if got, err := v.Ask(t.Context(), "long", nil); len(got) != len(long) || err != nil {
				t.Errorf("beside others: %d bytes, %v", len(got), err)
			}
		})
	}
	all.Wait()
}

func TestNobodyWaitsForAWorkerThatDoesNotAnswer(t *testing.T) {
	v, w := connected(t)
	ended := make(chan struct{})
	w.Answer("slow", func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); close(ended); return nil, ctx.Err() })
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := v.Ask(ctx, "slow", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	<-ended // the worker learns that nobody waits
	v.worker(nil)
	if _, err := v.Ask(t.Context(), "slow", nil); !errors.Is(err, ErrNoWorker) {
		t.Errorf("without a worker: %v", err)
	}
}

func TestAQuestionEndsWithItsWorker(t *testing.T) {
	v, w := connected(t)
	asked := make(chan struct{})
	w.Answer("slow", func(ctx context.Context, _ []byte) ([]byte, error) { close(asked); <-ctx.Done(); return nil, ctx.Err() })
	go func() { <-asked; w.answers.close() }()
	if _, err := v.Ask(t.Context(), "slow", nil); !errors.Is(err, ErrNoWorker) {
		t.Errorf("got %v", err)
	}
}
