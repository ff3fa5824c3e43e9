package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Loop is optional on the params struct of a pipe that runs steps for each of its items,
// as base:ForEachPipe does. The engine makes each item a run of its own instead of calling
// the pipe.
type Loop interface {
	// Loop returns the items, the name under which the steps see one as a parent param,
	// where its key is, such as "item.number", and how many are worked at at one time. With
	// the key "" it is the item's id, or its number where it has none.
	Loop() (items []any, as, key string, workers int)
	// Item runs the steps for one item. It is called on the params as they are at the
	// start, before templates, and for many items at once.
	Item(ctx context.Context, scope api.Scope) (api.PipeResult, error)
}

// addLoops makes a place of each loop below n.
func (e *Engine) addLoops(around *place, n *node) error {
	if loop, ok := n.fixed.(Loop); ok {
		workers := 1
		if err := n.ask(func() { _, _, _, workers = loop.Loop() }); err != nil {
			return configError(n.path, "%w", err)
		}
		p := &place{engine: e, node: n, Place: &Place{
			Runner: around.Runner, Path: n.path, Hash: n.boundHash(), Workers: max(1, workers, e.options.Workers),
			Retry: around.Retry, Repeat: around.Repeat, Loop: around.Place,
		}}
		n.items = p
		e.places = append(e.places, p)
		around = p
	}
	for _, c := range n.inner {
		if err := e.addLoops(around, c.node); err != nil {
			return err
		}
	}
	return nil
}

// each runs the steps for each item of a loop.
func (n *node) each(ctx context.Context, loop Loop, scope api.Scope) (api.PipeResult, error) {
	items, err := n.loopItems(loop, scope)
	if err != nil {
		return api.PipeResult{}, err
	}
	var tally Tally
	if f := n.frame(ctx); f != nil {
		given := maps.Clone(scope.Params())
		delete(given, "items") // each is a run's own
		each, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(n.items.over, cancel)() // after a stop nobody works at what is left
		tally, err = f.run.Each(each, n.step(f.key, hashOf(given)), n.items.Place, items)
	} else {
		tally, err = n.items.pool(ctx, items)
	}
	if err != nil {
		return api.PipeResult{}, err
	}
	if f, ok := ctx.Value(firingKey{}).(*firing); ok && tally.Waiting > 0 && tally.Waiting == tally.Count {
		f.waits.Store(true)
	}
	return api.Success(map[string]any{
		"count": tally.Count, "applied": tally.Applied, "left": tally.Left,
		"waiting": tally.Waiting, "dead": tally.Dead, "other": tally.Other,
	}), nil
}

// loopItems makes the items, which see the params of the loop and of the pipe around it,
// and the results before it without the tickets that were fetched.
func (n *node) loopItems(loop Loop, scope api.Scope) ([]LoopItem, error) {
	values, as, key, _ := loop.Loop()
	given := maps.Clone(scope.ParentParams())
	if given == nil {
		given = make(map[string]any)
	}
	maps.Copy(given, scope.Params())
	delete(given, "items")
	seen := n.engine.withoutTickets(scope.Results())
	items := make([]LoopItem, len(values))
	known := make(map[string]int, len(values))
	for i, value := range values {
		plain, err := params.Plain(value)
		if err != nil {
			return nil, n.paramsRunError(n.path+".params.items"+"["+strconv.Itoa(i)+"]", err)
		}
		item := LoopItem{Key: strconv.Itoa(i), Name: as, Value: plain, Params: given, Seen: seen}
		switch text, has := keyOf(plain, as, key); {
		case has:
			item.Key = text
		case key != "":
			return nil, n.paramsRunError(n.path+".params.key", fmt.Errorf("item %d has no such key with a text or a number; name one that each item has, such as item.number, or leave out key", i))
		}
		if first, twice := known[item.Key]; twice {
			return nil, n.paramsRunError(n.path+".params.key", fmt.Errorf("items %d and %d have the same key; name another with key:, such as item.number", first, i))
		}
		known[item.Key] = i
		item.Ticket = ticketOf(plain)
		items[i] = item
	}
	return items, nil
}

// keyOf is the key of an item: what stands at a path such as "item.queue.id".
func keyOf(v any, as, path string) (string, bool) {
	if path == "" {
		path = as + ".id"
	}
	if path == as {
		return word(v)
	}
	for key := range strings.SplitSeq(strings.TrimPrefix(path, as+"."), ".") {
		switch m := v.(type) {
		case map[string]any:
			v = m[key]
		case ordered:
			v, _ = m.Get(key)
		default:
			return "", false
		}
	}
	return word(v)
}

// word is a text or a number as a text.
func word(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, x != ""
	case int64:
		return strconv.FormatInt(x, 10), true
	default:
		return "", false
	}
}

// ticketOf is the id of an item that is a ticket as a fetch yields it.
func ticketOf(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return ""
	}
	_, hasSubject := m["subject"]
	_, hasQueue := m["queue"]
	id, _ := m["id"].(string)
	if !hasSubject || !hasQueue {
		return ""
	}
	return id
}

// withoutTickets is results without the tickets that were fetched: an item has its own.
func (e *Engine) withoutTickets(results map[string]api.PipeResult) map[string]api.PipeResult {
	seen := make(map[string]api.PipeResult, len(results))
	for id, r := range results {
		for _, key := range e.fetched {
			if _, has := r.Data[key]; has {
				r.Data = maps.Clone(r.Data)
				delete(r.Data, key)
			}
		}
		seen[id] = r
	}
	return seen
}

// item is one attempt of a run that is an item.
func (p *place) item(ctx context.Context, run Run) (api.PipeResult, error) {
	item, ok := run.Item()
	if !ok {
		return api.PipeResult{}, run.End(ctx, api.PipeResult{}, errors.New("the run is not an item of a loop"))
	}
	return p.attempt(ctx, run, func(ctx context.Context) (api.PipeResult, error) { return p.steps(ctx, item) })
}

// steps runs the steps of a loop for one item.
func (p *place) steps(ctx context.Context, item LoopItem) (result api.PipeResult, err error) {
	loop, ok := p.node.fixed.(Loop)
	if !ok {
		return api.PipeResult{}, errors.New("the place is not a loop")
	}
	defer p.node.owner.recovered(&err)
	scope := api.Scope{}
	for id, r := range item.Seen {
		scope = scope.WithResult(id, r)
	}
	own := maps.Clone(item.Params)
	if own == nil {
		own = make(map[string]any)
	}
	own[item.Name] = item.Value
	if !p.node.foreign {
		return loop.Item(ctx, scope.Enter(own))
	}
	err = p.node.owner.guard(func() (err error) {
		if result, err = loop.Item(ctx, scope.Enter(own)); err == nil {
			result, err = plainResult(result, true)
		}
		return err
	})
	return result, err
}

// pool runs the items of a loop without Options.Runs. The first error ends it.
func (p *place) pool(ctx context.Context, items []LoopItem) (Tally, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan LoopItem)
	var mu sync.Mutex
	var failure error
	tally := Tally{Count: len(items)}
	var all sync.WaitGroup
	for range min(p.Workers, len(items)) {
		all.Go(func() {
			for item := range next {
				result, err := p.steps(ctx, item)
				mu.Lock()
				switch {
				case err != nil && failure == nil:
					failure = err
					cancel()
				case err == nil && result.Succeeded():
					tally.Applied++
				case err == nil:
					tally.Left++
				}
				mu.Unlock()
			}
		})
	}
	for _, item := range items {
		if ctx.Err() != nil {
			break
		}
		select {
		case next <- item:
		case <-ctx.Done():
		}
	}
	close(next)
	all.Wait()
	if failure == nil {
		failure = ctx.Err()
	}
	return tally, failure
}
