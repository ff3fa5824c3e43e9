// Package batch makes one call of a classifier from those that wait for it at the same
// time.
//
// # How texts come together
//
// A text that nobody is before is classified at once. What comes meanwhile waits, and is
// the next batch, however many that are. So nothing is ever held back for others to come,
// and the more wait, the more go together.
package batch

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Groups are the texts that wait, for each classifier. The zero value is ready, nil lets each
// text go alone, and it is
// safe for concurrent use.
type Groups struct {
	mu      sync.Mutex
	waiting map[api.BatchClassifier][]*request // an entry for each classifier that is at work
}

type request struct {
	ctx    context.Context //nolint:containedctx // a batch ends when nobody waits for it any more
	text   api.ClassificationRequest
	lead   chan []*request // receives the batch that the request is the first one of
	done   chan struct{}
	answer api.Classification
	err    error
	alone  bool // the batch failed: it may have been for another text
}

// Classify is c.Classify, together with the other texts that wait for c.
func (g *Groups) Classify(ctx context.Context, c api.Classifier, text api.ClassificationRequest) (api.Classification, error) {
	b, ok := c.(api.BatchClassifier)
	if g == nil || !ok || !reflect.TypeOf(c).Comparable() {
		return c.Classify(ctx, text)
	}
	r := &request{ctx: ctx, text: text, lead: make(chan []*request, 1), done: make(chan struct{})}
	if !g.wait(b, r) {
		defer g.next(b)
		return b.Classify(ctx, text)
	}
	select {
	case batch := <-r.lead:
		return g.together(b, batch)
	case <-r.done:
	case <-ctx.Done():
		if g.leave(b, r) {
			return api.Classification{}, ctx.Err()
		}
		return g.together(b, <-r.lead)
	}
	if r.alone {
		return b.Classify(ctx, text)
	}
	return r.answer, r.err
}

// wait is false if nobody is at work: then whoever asks is.
func (g *Groups) wait(b api.BatchClassifier, r *request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting == nil {
		g.waiting = make(map[api.BatchClassifier][]*request)
	}
	others, busy := g.waiting[b]
	if !busy {
		g.waiting[b] = nil
		return false
	}
	g.waiting[b] = append(others, r)
	return true
}

// leave takes back a request, unless it is the first of a batch: that one is needed.
func (g *Groups) leave(b api.BatchClassifier, r *request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting[b] = slices.DeleteFunc(g.waiting[b], func(other *request) bool { return other == r })
	return len(r.lead) == 0
}

// next makes a batch of what waits.
func (g *Groups) next(b api.BatchClassifier) {
	g.mu.Lock()
	defer g.mu.Unlock()
	batch := g.waiting[b]
	if len(batch) == 0 {
		delete(g.waiting, b)
		return
	}
	g.waiting[b] = nil
	batch[0].lead <- batch
}

// together classifies a batch and returns the answer to its first request.
func (g *Groups) together(b api.BatchClassifier, batch []*request) (api.Classification, error) {
	defer g.next(b)
	first := batch[0]
	if len(batch) == 1 {
		return b.Classify(first.ctx, first.text)
	}
	answers, err := call(b, batch)
	for i, r := range batch {
		switch {
		case err == nil:
			r.answer = answers[i]
		case errors.Is(err, api.ErrTemporary) || errors.Is(err, api.ErrUncertain):
			r.err = err
		default:
			r.alone = true
		}
		close(r.done)
	}
	if first.alone {
		return b.Classify(first.ctx, first.text)
	}
	return first.answer, first.err
}

// call classifies a batch, which goes on as long as anybody waits for it. A panic is an
// error here, so that all of them hear of it.
func call(b api.BatchClassifier, batch []*request) (answers []api.Classification, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the classifier panicked: %v", reason)
		}
	}()
	ctx, cancel := context.WithCancel(context.WithoutCancel(batch[0].ctx))
	defer cancel()
	var left atomic.Int64
	left.Store(int64(len(batch)))
	texts := make([]api.ClassificationRequest, len(batch))
	for i, r := range batch {
		texts[i] = r.text
		defer context.AfterFunc(r.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})()
	}
	return api.ClassifyAll(ctx, b, texts)
}
