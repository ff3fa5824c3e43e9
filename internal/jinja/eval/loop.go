package eval

import (
	"errors"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// loop is the variable of that name in the body of a for statement.
type loop struct {
	statement *syntax.ForStatement
	items     []any
	index     int
	depth     int
	outer     *frame // where the statement is
	changed   []any
}

func (r *run) execForStatement(n *syntax.ForStatement) error {
	v, err := r.eval(n.Items)
	if err != nil {
		return err
	}
	if !n.Recursive {
		return r.runLoop(n, v, 1)
	}
	// A recursive loop is called like a macro, by the template and by itself.
	v, err = r.loopValue(n, r.frame, v, 1)
	if err != nil {
		return n.Wrap(err)
	}
	return n.Wrap(r.put(v))
}

// loopValue is what the loop over v puts out, as one value.
func (r *run) loopValue(n *syntax.ForStatement, in *frame, v any, depth int) (any, error) {
	chunks, frame := r.chunks, r.frame
	r.chunks, r.frame = nil, in
	r.nested++
	err := r.runLoop(n, v, depth)
	r.nested--
	inner := r.chunks
	r.chunks, r.frame = chunks, frame
	if err != nil {
		return nil, err
	}
	return r.concat(inner)
}

func (r *run) runLoop(n *syntax.ForStatement, over any, depth int) error {
	items, err := value.Elements(r.Budget, over)
	if err == nil && n.Test != nil {
		items, err = r.filterItems(n, items)
	}
	if err != nil {
		return n.Wrap(err)
	}
	if len(items) == 0 {
		return r.within(r.frame, func(*frame) error { return r.exec(n.Otherwise) })
	}
	l := &loop{statement: n, items: items, depth: depth, outer: r.frame}
	inner := &frame{up: r.frame}
	for i, item := range items {
		if err := r.Step(1); err != nil {
			return n.Wrap(err)
		}
		l.index = i
		inner = inner.cleared()
		inner.set("loop", l)
		if err := r.assign(&n.Target, inner, item); err != nil {
			return err
		}
		r.frame = inner
		err := r.exec(n.Body)
		r.frame = l.outer
		if err != nil {
			return err
		}
	}
	return nil
}

// filterItems returns the items for which the loop's own condition is true.
func (r *run) filterItems(n *syntax.ForStatement, items []any) ([]any, error) {
	var chosen []any
	outer := r.frame
	inner := &frame{up: outer}
	for _, item := range items {
		if err := r.Step(1); err != nil {
			return nil, err
		}
		inner = inner.cleared()
		if err := r.assign(&n.Target, inner, item); err != nil {
			return nil, err
		}
		r.frame = inner
		holds, err := r.eval(n.Test)
		r.frame = outer
		if err != nil {
			return nil, err
		}
		if value.Truth(holds) {
			chosen = append(chosen, item)
		}
	}
	return chosen, nil
}

// recurse is loop(items) in a recursive loop: what the loop puts out for them.
func (l *loop) recurse(r *run, g value.CallArgs) (any, error) {
	if !l.statement.Recursive {
		return nil, errors.New(`the loop can't be called: write "recursive" at the end of its tag`)
	}
	if len(g.Positional) != 1 || len(g.Named) > 0 {
		return nil, errors.New("loop() takes one argument, the items")
	}
	if err := r.Enter("a recursive loop"); err != nil {
		return nil, err
	}
	defer r.Leave()
	return r.loopValue(l.statement, l.outer, g.Positional[0], l.depth+1)
}

// LoopNames are the attributes of a loop.
var LoopNames = []string{
	"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem", "depth", "depth0", "cycle", "changed",
}

func (l *loop) TypeName() string { return "loop" }

func (l *loop) Elements() []any { return l.items }

func (l *loop) Callable() {}

func (l *loop) AttributeNames() []string { return LoopNames }

func (l *loop) Attribute(name string) (any, bool) {
	n := len(l.items)
	switch name {
	case "index":
		return int64(l.index + 1), true
	case "index0":
		return int64(l.index), true
	case "revindex":
		return int64(n - l.index), true
	case "revindex0":
		return int64(n - l.index - 1), true
	case "first":
		return l.index == 0, true
	case "last":
		return l.index == n-1, true
	case "length":
		return int64(n), true
	case "depth":
		return int64(l.depth), true
	case "depth0":
		return int64(l.depth - 1), true
	case "previtem":
		if l.index == 0 {
			return &value.Undefined{What: "there is no previous item"}, true
		}
		return l.items[l.index-1], true
	case "nextitem":
		if l.index+1 == n {
			return &value.Undefined{What: "there is no next item"}, true
		}
		return l.items[l.index+1], true
	case "cycle":
		return &runtime.Function{Signature: runtime.Signature{Name: "loop.cycle", Variadic: true}, Apply: l.cycle}, true
	case "changed":
		return &runtime.Function{Signature: runtime.Signature{Name: "loop.changed", Variadic: true}, Apply: l.isChanged}, true
	}
	return nil, false
}

func (l *loop) cycle(_ *runtime.State, a value.Args) (any, error) {
	if len(a.Values) == 0 {
		return nil, errors.New("loop.cycle needs at least one value")
	}
	return a.Values[l.index%len(a.Values)], nil
}

func (l *loop) isChanged(r *runtime.State, a value.Args) (any, error) {
	if l.changed != nil {
		same, err := value.Equal(r.Budget, l.changed, a.Values)
		if same || err != nil {
			return false, err
		}
	}
	l.changed = append([]any{}, a.Values...)
	return true, nil
}
