package orchestrator

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// DefaultRetry is how a ticket that was refused is tried again unless its runner says
// otherwise.
func DefaultRetry() Retry { return Retry{First: time.Minute, Longest: 6 * time.Hour, Attempts: 6} }

// Runner is optional on the params struct of a pipe with a trigger
// (params.LabelTriggeredBy), as of base:SimpleSequentialRunner. The engine asks once, at
// the start, for the runs of a runner that is a child of the root.
type Runner interface {
	// Runs returns how many runs there may be at one time, and whether tickets that were
	// handled are not passed over.
	Runs() (workers int, repeat bool)
	// Retries returns what [Retry] consists of.
	Retries() (first, longest time.Duration, attempts int)
}

// place is a Place with what the engine calls there.
type place struct {
	*Place
	engine *Engine
	node   *node // at which a run begins
	child  *node // of the root, which is called for it: the runner, or node itself; nil for the steps of a loop

	owed bool // its trigger has succeeded, and nothing has begun since

	over  context.Context //nolint:containedctx // ends when nothing runs here any more
	close context.CancelFunc
}

// separates reports whether n calls its children again and again and shows none of them
// what another one does, so that each can have a loop of its own.
func (n *node) separates() bool {
	if _, ok := n.newParams().(Pacer); !ok {
		return false
	}
	kind, _, _ := strings.Cut(n.labels[params.LabelChildren], ",")
	return strings.TrimSpace(kind) == params.ChildrenSeparate
}

// placeRuns finds out where runs begin.
func (e *Engine) placeRuns() error {
	begin := []*place{{node: e.root, child: e.root}}
	if e.root.separates() {
		begin = nil
		for _, c := range e.root.inner {
			begin = append(begin, e.placeOf(c.node))
		}
	}
	for _, p := range begin {
		if err := e.addPlace(p); err != nil {
			return err
		}
	}
	e.nameRunners()
	for _, p := range slices.Clone(e.places) {
		if err := e.addLoops(p, p.node); err != nil {
			return err
		}
	}
	for _, p := range e.places {
		p.Steps = make(map[string]bool)
		if p.child != nil {
			p.node.stepKeys("", p.Steps)
			continue
		}
		for _, c := range p.node.inner {
			c.node.stepKeys("", p.Steps)
		}
	}
	return nil
}

// stepKeys adds the keys that n and the steps below it have within one run.
func (n *node) stepKeys(around string, keys map[string]bool) {
	key := n.name
	if around != "" {
		key = around + "/" + key
	}
	keys[key] = true
	if n.items != nil { // its items are runs of their own
		return
	}
	for _, c := range n.inner {
		c.node.stepKeys(key, keys)
	}
}

// placeOf is the place of a child of the root: the one pipe that a runner runs, or the
// child itself.
func (e *Engine) placeOf(child *node) *place {
	trigger := child.labels[params.LabelTriggeredBy]
	var on, run []inner
	for _, c := range child.inner {
		if c.param == trigger {
			on = append(on, c)
		} else {
			run = append(run, c)
		}
	}
	if trigger == "" || len(run) != 1 {
		return &place{node: child, child: child}
	}
	p := &place{node: run[0].node, child: child}
	child.rebind(run[0], p.call)
	for _, c := range on {
		child.rebind(c, p.trigger(c.node))
	}
	return p
}

func (n *node) rebind(c inner, run func(context.Context, api.Scope) (api.PipeResult, error)) {
	n.children[c.place] = api.NewChildPipe(c.node.id, c.node.use, run)
}

func (e *Engine) addPlace(p *place) error {
	p.engine = e
	p.Place = &Place{Path: p.node.path, Hash: p.child.boundHash(), Workers: max(1, e.options.Workers), Retry: DefaultRetry()}
	if r, ok := p.child.fixed.(Runner); ok {
		err := p.child.ask(func() {
			workers, repeat := r.Runs()
			p.Workers, p.Repeat = max(1, workers, e.options.Workers), repeat
			p.Retry.First, p.Retry.Longest, p.Retry.Attempts = r.Retries()
		})
		if err != nil {
			return configError(p.child.path, "%w", err)
		}
	}
	e.places = append(e.places, p)
	return nil
}

// nameRunners gives each place the name by which it is known: the id of the runner or of
// what it runs, where no other place has it; else the hash of what it searches for, else
// of all that it does. Of two alike the order counts.
func (e *Engine) nameRunners() {
	ids := make(map[string]int)
	for _, p := range e.places {
		ids[p.child.id]++
		if p.node != p.child {
			ids[p.node.id]++
		}
	}
	alike := make(map[string]int)
	for _, p := range e.places {
		switch fetch := p.node.firstFetch(); {
		case p.child.id != "" && ids[p.child.id] == 1:
			p.Runner = p.child.id
			continue
		case p.node.id != "" && ids[p.node.id] == 1:
			p.Runner = p.node.id
			continue
		case fetch != nil:
			d := newDigest()
			d.word('u', fetch.use)
			d.value(fetch.injected())
			fetch.hashParams(d)
			p.Runner = "fetch:" + d.text()
		default:
			p.Runner = "pipe:" + p.node.hash()
		}
		p.Runner = numbered(p.Runner, alike)
	}
}

// numbered distinguishes those of the same name by a number.
func numbered(name string, alike map[string]int) string {
	alike[name]++
	if n := alike[name]; n > 1 {
		return name + "~" + strconv.Itoa(n)
	}
	return name
}

var criteriaType = reflect.TypeFor[api.SearchCriteria]()

// fetches reports whether n searches for tickets.
func (n *node) fetches() bool {
	for _, f := range n.spec.Fields {
		if t := f.Type(); t == criteriaType || t != nil && t.Kind() == reflect.Pointer && t.Elem() == criteriaType {
			return true
		}
	}
	return false
}

// yields are the keys of the result that hold more than a word or a number.
func (n *node) yields() []string {
	var keys []string
	for field := range strings.SplitSeq(n.labels[params.LabelYields], ",") {
		if key, _, kind := strings.Cut(strings.TrimSpace(field), ":"); key != "" && key != "*" && !kind {
			keys = append(keys, key)
		}
	}
	return keys
}

func (n *node) firstFetch() *node {
	if n.fetches() {
		return n
	}
	for _, c := range n.inner {
		if c.param == n.labels[params.LabelTriggeredBy] {
			continue
		}
		if found := c.node.firstFetch(); found != nil {
			return found
		}
	}
	return nil
}

// nameChildren gives each child its part of a step's key: its id, else the hash of its
// subtree.
func (n *node) nameChildren() {
	alike := make(map[string]int)
	for _, c := range n.inner {
		name := c.node.id
		if name == "" {
			name = c.node.hash()
		}
		c.node.name = numbered(name, alike)
	}
}

func (e *Engine) allPlaces() []*Place {
	list := make([]*Place, len(e.places))
	for i, p := range e.places {
		list[i] = p.Place
	}
	return list
}
