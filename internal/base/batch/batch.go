// Package batch makes one call of a classifier from those that wait for it at the same
// time.
//
// # How texts come together
//
// A text that nobody is before is classified at once. What comes meanwhile waits, and is
// the next batch, however many that are. So nothing is ever held back for others to come,
// and the more wait, the more go together.
//
// # A call that doesn't end
//
// A classifier is code of a plugin, and a text may keep it for ever. What waits behind such a
// call goes on beside it, and the texts of such a batch go each alone: so only the runner of
// the one text waits.
package batch

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// A call that takes longer than that is no longer waited for. To be wrong about a slow
// classifier costs it a second call at one time, and for a batch each text once more.
const (
	patience     = time.Minute
	patienceText = 5 * time.Second // for each text of a batch
)

func patienceFor(texts int) time.Duration { return patience + time.Duration(texts)*patienceText }

// Groups are the texts that wait, for each classifier. The zero value is ready, nil lets each
// text go alone, and it is
// safe for concurrent use.
type Groups struct {
	// Called is called after each call of a classifier, with how many texts it was about; nil:
	// nobody wants to know.
	Called func(by api.Classifier, texts int, took time.Duration, err error)

	mu     sync.Mutex
	atWork map[api.BatchClassifier]*work // the call that others wait for
}

// work is one call of a classifier, and what waits for its end.
type work struct{ waiting []*request }

type request struct {
	ctx    context.Context //nolint:containedctx // a batch ends when nobody waits for it any more
	text   api.ClassificationRequest
	lead   chan batch // receives the batch that the request is the first one of
	done   chan struct{}
	answer api.Classification
	err    error
	alone  bool // the batch failed: it may have been for another text
}

// batch are the texts of a call that is about to be made.
type batch struct {
	*work
	texts []*request
}

// Classify is c.Classify, together with the other texts that wait for c.
func (g *Groups) Classify(ctx context.Context, c api.Classifier, text api.ClassificationRequest) (api.Classification, error) {
	b, ok := c.(api.BatchClassifier)
	if g == nil || !ok || !reflect.ValueOf(c).Comparable() {
		return g.one(ctx, c, text)
	}
	r := &request{ctx: ctx, text: text, lead: make(chan batch, 1), done: make(chan struct{})}
	if w := g.begin(b, r); w != nil {
		return g.single(b, w, r)
	}
	select {
	case mine := <-r.lead:
		return g.together(b, mine)
	case <-r.done:
	case <-ctx.Done():
		if g.leave(b, r) {
			return api.Classification{}, ctx.Err()
		}
		return g.together(b, <-r.lead)
	}
	if r.alone {
		return g.one(ctx, b, text)
	}
	return r.answer, r.err
}

// one classifies one text by a call of its own.
func (g *Groups) one(ctx context.Context, c api.Classifier, text api.ClassificationRequest) (api.Classification, error) {
	began := time.Now()
	answer, err := c.Classify(ctx, text)
	g.called(c, 1, began, err)
	return answer, err
}

func (g *Groups) called(by api.Classifier, texts int, began time.Time, err error) {
	if g != nil && g.Called != nil {
		g.Called(by, texts, time.Since(began), err)
	}
}

// begin is the work of who asks if nobody is at work; else the request waits, and it is nil.
func (g *Groups) begin(b api.BatchClassifier, r *request) *work {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.atWork == nil {
		g.atWork = make(map[api.BatchClassifier]*work)
	}
	if w := g.atWork[b]; w != nil {
		w.waiting = append(w.waiting, r)
		return nil
	}
	w := &work{}
	g.atWork[b] = w
	return w
}

// leave takes back a request, unless it is the first of a batch: that one is needed.
func (g *Groups) leave(b api.BatchClassifier, r *request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.atWork[b]; w != nil {
		w.waiting = slices.DeleteFunc(w.waiting, func(other *request) bool { return other == r })
	}
	return len(r.lead) == 0
}

// next makes a batch of what waits for w, whose call has ended or isn't waited for any longer.
func (g *Groups) next(b api.BatchClassifier, w *work) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.atWork[b] != w: // others go on already
	case len(w.waiting) == 0:
		delete(g.atWork, b)
	default:
		texts := w.waiting
		w.waiting, g.atWork[b] = nil, &work{}
		texts[0].lead <- batch{g.atWork[b], texts}
	}
}

// single classifies one text.
func (g *Groups) single(b api.BatchClassifier, w *work, r *request) (api.Classification, error) {
	defer g.next(b, w)
	defer time.AfterFunc(patienceFor(1), func() { g.next(b, w) }).Stop()
	return g.one(r.ctx, b, r.text)
}

// together classifies a batch and returns the answer to its first request.
func (g *Groups) together(b api.BatchClassifier, of batch) (api.Classification, error) {
	first := of.texts[0]
	if len(of.texts) == 1 {
		return g.single(b, of.work, first)
	}
	began := time.Now()
	answers, err := call(b, of.texts)
	g.called(b, len(of.texts), began, err)
	for i, r := range of.texts {
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
	g.next(b, of.work)
	if first.alone {
		return g.one(first.ctx, b, first.text)
	}
	return first.answer, first.err
}

// call classifies a batch, which goes on as long as anybody waits for it. However it ends is
// an error here, so that all of them hear of it.
func call(b api.BatchClassifier, batch []*request) ([]api.Classification, error) {
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
	var answers []api.Classification
	err := freeze.Call(patienceFor(len(batch)), func() (err error) {
		answers, err = api.ClassifyAll(ctx, b, texts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answers, nil
}
