package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/open-ticket-ai/otai/internal/base/batch"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slow takes a second for a call and remembers the texts of each.
type slow struct {
	mu      sync.Mutex
	calls   [][]string
	bad     string
	failure error
	panics  bool
	ended   []error
}

func (s *slow) work(ctx context.Context, texts ...string) error {
	s.mu.Lock()
	s.calls = append(s.calls, texts)
	s.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, ctx.Err())
	if !slices.Contains(texts, s.bad) {
		return ctx.Err()
	}
	if s.panics {
		panic("out of order")
	}
	return s.failure
}

func (s *slow) Classify(ctx context.Context, r api.ClassificationRequest) (api.Classification, error) {
	return api.Classification{Label: r.Text}, s.work(ctx, r.Text)
}

func (s *slow) ClassifyBatch(ctx context.Context, rs []api.ClassificationRequest) ([]api.Classification, error) {
	texts, out := []string{}, []api.Classification{}
	for _, r := range rs {
		texts, out = append(texts, r.Text), append(out, api.Classification{Label: r.Text})
	}
	return out, s.work(ctx, texts...)
}

// ask classifies texts, each begun a millisecond after the one before.
func ask(c api.Classifier, g *batch.Groups, contexts []context.Context) (answers []string, took time.Duration) {
	answers = make([]string, len(contexts))
	began := time.Now()
	var all sync.WaitGroup
	for i, ctx := range contexts {
		all.Go(func() {
			defer func() {
				if reason := recover(); reason != nil {
					answers[i] = fmt.Sprint(reason)
				}
			}()
			answer, err := g.Classify(ctx, c, api.ClassificationRequest{Text: fmt.Sprint(i)})
			answers[i] = answer.Label
			if err != nil {
				answers[i] = err.Error()
			}
		})
		time.Sleep(time.Millisecond)
	}
	all.Wait()
	return answers, time.Since(began)
}

func lasting(n int) []context.Context {
	return slices.Repeat([]context.Context{context.Background()}, n)
}

func TestWhatWaitsWhileTheClassifierWorksIsTheNextBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		answers, took := ask(s, &batch.Groups{}, lasting(6))
		if !slices.Equal(answers, []string{"0", "1", "2", "3", "4", "5"}) {
			t.Errorf("got %v", answers)
		}
		if got := fmt.Sprint(s.calls); got != "[[0] [1 2 3 4 5]]" {
			t.Errorf("calls %s", got)
		}
		if took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestATextIsNeverHeldBackForOthersToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, took := ask(&slow{}, &batch.Groups{}, lasting(1)); took > time.Second+time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestOneTextOfABatchDoesNotFailTheOthers(t *testing.T) {
	for name, c := range map[string]struct {
		slow  *slow
		want  []string
		calls int
	}{
		"a refused text":                       {&slow{bad: "2", failure: api.ErrInvalid}, []string{"0", "1", "invalid request", "3"}, 5},
		"a panic is the text's":                {&slow{bad: "2", panics: true}, []string{"0", "1", "out of order", "3"}, 5},
		"what passes is not asked for at once": {&slow{bad: "2", failure: api.ErrTemporary}, []string{"0", "temporarily unavailable", "temporarily unavailable", "temporarily unavailable"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := c.slow
				answers, _ := ask(s, &batch.Groups{}, lasting(4))
				if !slices.Equal(answers, c.want) || len(s.calls) != c.calls {
					t.Errorf("got %v in the calls %v, want %v", answers, s.calls, c.want)
				}
			})
		})
	}
}

func TestABatchGoesOnWhileAnybodyWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		short, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		tooShort, cancel2 := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel2()
		// 1 leads the batch and ends in the middle; 2 lasts; 3 ends before the batch begins.
		answers, _ := ask(s, &batch.Groups{}, []context.Context{t.Context(), short, t.Context(), tooShort})
		if got := fmt.Sprint(s.calls); got != "[[0] [1 2]]" {
			t.Errorf("calls %s", got)
		}
		if answers[2] != "2" || answers[3] != context.DeadlineExceeded.Error() {
			t.Errorf("got %v", answers)
		}
		if s.ended[1] != nil {
			t.Errorf("the batch was ended: %v", s.ended[1])
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		ask(s, &batch.Groups{}, []context.Context{t.Context(), ctx, ctx})
		if !errors.Is(s.ended[1], context.Canceled) {
			t.Errorf("nobody waits, and the batch ended with %v", s.ended[1])
		}
	})
}
