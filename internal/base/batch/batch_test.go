package batch_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
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

// stuck is a classifier that keeps one text for ever, or ends the goroutine that asks.
type stuck struct {
	slow
	text string
	ends bool
	end  <-chan struct{}
}

func (s *stuck) keeps(texts ...api.ClassificationRequest) {
	if !slices.ContainsFunc(texts, func(r api.ClassificationRequest) bool { return r.Text == s.text }) {
		return
	}
	if s.ends {
		runtime.Goexit()
	}
	<-s.end
}

func (s *stuck) Classify(ctx context.Context, r api.ClassificationRequest) (api.Classification, error) {
	s.keeps(r)
	return s.slow.Classify(ctx, r)
}

func (s *stuck) ClassifyBatch(ctx context.Context, rs []api.ClassificationRequest) ([]api.Classification, error) {
	s.keeps(rs...)
	return s.slow.ClassifyBatch(ctx, rs)
}

// Whichever text a classifier keeps for ever, the others have their answers, and so do those
// that come later.
func TestATextThatIsKeptForEverKeepsNoOther(t *testing.T) {
	for name, kept := range map[string]string{"the first one": "0", "the first of a batch": "1", "another of a batch": "3"} {
		for way, ends := range map[string]bool{"never ends": false, "ends its goroutine": true} {
			t.Run(name+" "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					end := make(chan struct{})
					s := &stuck{text: kept, ends: ends, end: end}
					g := &batch.Groups{}
					var all sync.WaitGroup
					answers := make(chan string, 10)
					began := time.Now()
					for i := range 5 {
						all.Go(func() {
							if answer, err := g.Classify(t.Context(), s, api.ClassificationRequest{Text: fmt.Sprint(i)}); err == nil {
								answers <- answer.Label
							}
						})
						time.Sleep(time.Millisecond)
					}
					got := []string{<-answers, <-answers, <-answers, <-answers}
					slices.Sort(got)
					if slices.Contains(got, kept) || time.Since(began) > 2*time.Minute {
						t.Errorf("got %v after %v", got, time.Since(began))
					}
					began = time.Now()
					if _, err := g.Classify(t.Context(), s, api.ClassificationRequest{Text: "later"}); err != nil || time.Since(began) > 2*time.Second {
						t.Errorf("one that comes later: %v after %v", err, time.Since(began))
					}
					close(end)
					all.Wait()
				})
			})
		}
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
