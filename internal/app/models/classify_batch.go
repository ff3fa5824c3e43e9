package models

import (
	"context"
	"iter"
	"sync"

	"github.com/open-ticket-ai/otai/internal/texts"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// A batch has at most that many texts, and no further one once it has that many bytes:
// larger ones are hardly faster, but their first answer comes later.
const (
	batchTexts = 16
	batchBytes = 1 << 20
)

// readAhead yields the texts that read yields, in batches. Texts are read while a batch
// is being worked on, at most one batch ahead, and a batch never waits for more of them:
// on a terminal each line is answered when it is entered.
func readAhead(ctx context.Context, read func(context.Context) iter.Seq[texts.Text]) iter.Seq[[]texts.Text] {
	return func(yield func([]texts.Text) bool) {
		ctx, cancel := context.WithCancel(ctx)
		q := newTextQueue()
		var reader sync.WaitGroup
		reader.Go(func() {
			defer q.end()
			for t := range read(ctx) {
				if !q.put(t) {
					return
				}
			}
		})
		defer reader.Wait()
		defer q.end()
		defer cancel() // a reader may be waiting for standard input
		for {
			batch := q.take()
			if len(batch) == 0 || !yield(batch) {
				return
			}
		}
	}
}

// textQueue holds the texts of the next batch.
type textQueue struct {
	mu      sync.Mutex
	changed *sync.Cond // any field below
	texts   []texts.Text
	bytes   int
	ended   bool // no text is added
}

func newTextQueue() *textQueue {
	q := &textQueue{}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// put waits until there is room for t. It reports whether more texts are wanted.
func (q *textQueue) put(t texts.Text) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.ended && (len(q.texts) >= batchTexts || q.bytes >= batchBytes) {
		q.changed.Wait()
	}
	if q.ended {
		return false
	}
	q.texts, q.bytes = append(q.texts, t), q.bytes+len(t.Text)
	q.changed.Broadcast()
	return true
}

// take waits for texts and returns them; none is the end.
func (q *textQueue) take() []texts.Text {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.ended && len(q.texts) == 0 {
		q.changed.Wait()
	}
	batch := q.texts
	q.texts, q.bytes = nil, 0
	q.changed.Broadcast()
	return batch
}

func (q *textQueue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.changed.Broadcast()
}

// classification is one run of the command over its texts.
type classification struct {
	classifier   api.Classifier
	model        string
	topK         uint
	backend      func(model string) string // nil if the classifier doesn't say
	answer       ClassifyAnswer
	read, unread int
}

// batch classifies texts and hands them on in their order. If they fail as a batch, they
// are classified one by one: those before the one that fails keep their answers.
func (c *classification) batch(ctx context.Context, batch []texts.Text) error {
	answers, err := c.together(ctx, batch)
	oneByOne := err != nil || answers == nil
	for _, text := range batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.read++
		if text.Err != nil {
			c.unread++
			if err := c.answer.Unread(Unread{Source: sourceOf(text), Error: text.Err.Error()}); err != nil {
				return err
			}
			continue
		}
		var label api.Classification
		if oneByOne {
			label, err = c.classifier.Classify(ctx, c.request(text))
			if err != nil {
				return err
			}
		} else {
			label, answers = answers[0], answers[1:]
		}
		if err := c.answer.Labeled(c.labeled(text, label)); err != nil {
			return err
		}
	}
	return nil
}

// together returns the answers to the texts of a batch that could be read. Without an
// error they are nil if the classifier takes one text at a time.
func (c *classification) together(ctx context.Context, batch []texts.Text) ([]api.Classification, error) {
	if _, ok := c.classifier.(api.BatchClassifier); !ok {
		return nil, nil
	}
	var requests []api.ClassificationRequest
	for _, text := range batch {
		if text.Err == nil {
			requests = append(requests, c.request(text))
		}
	}
	if len(requests) < 2 {
		return nil, nil
	}
	return api.ClassifyAll(ctx, c.classifier, requests)
}

func (c *classification) request(text texts.Text) api.ClassificationRequest {
	return api.ClassificationRequest{Text: text.Text, Model: c.model}
}

func (c *classification) labeled(text texts.Text, label api.Classification) Labeled {
	if k := c.topK; k > 0 && k < uint(len(label.Scores)) {
		label.Scores = label.Scores[:k]
	}
	l := Labeled{Source: sourceOf(text), Text: text.Text, Label: label.Label, Confidence: label.Confidence, Scores: make([]Score, len(label.Scores)), Model: c.model}
	if c.backend != nil {
		l.Backend = c.backend(c.model)
	}
	for i, s := range label.Scores {
		l.Scores[i] = Score{Label: s.Label, Confidence: s.Confidence}
	}
	return l
}

// serialized makes the callbacks of a command wait for each other: texts are read, with
// their progress, while answers are shown.
func serialized(in ClassifyInput, answer ClassifyAnswer) (ClassifyInput, ClassifyAnswer) {
	var mu sync.Mutex
	if progress := in.Progress; progress != nil {
		in.Progress = func(file string, done, total int64) {
			mu.Lock()
			defer mu.Unlock()
			progress(file, done, total)
		}
	}
	return in, ClassifyAnswer{
		Labeled: func(l Labeled) error {
			mu.Lock()
			defer mu.Unlock()
			return answer.Labeled(l)
		},
		Unread: func(u Unread) error {
			mu.Lock()
			defer mu.Unlock()
			return answer.Unread(u)
		},
	}
}
