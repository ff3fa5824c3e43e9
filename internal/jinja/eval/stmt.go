package eval

import (
	"fmt"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func (r *run) exec(body []syntax.Statement) error {
	for _, s := range body {
		if err := r.execOne(s); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) execOne(n syntax.Statement) error {
	switch n := n.(type) {
	case *syntax.TextOutput:
		return r.execTextOutput(n)
	case *syntax.Output:
		return r.execOutput(n)
	case *syntax.IfStatement:
		return r.execIfStatement(n)
	case *syntax.ForStatement:
		return r.execForStatement(n)
	case *syntax.Assignment:
		return r.execAssignment(n)
	case *syntax.BlockAssignment:
		return r.execBlockAssignment(n)
	case *syntax.FilterStatement:
		return r.execFilterStatement(n)
	case *syntax.WithStatement:
		return r.execWithStatement(n)
	case *syntax.AutoescapeStatement:
		return r.execAutoescapeStatement(n)
	case *syntax.BlockStatement:
		return r.execBlockStatement(n)
	case *syntax.MacroStatement:
		return r.execMacroStatement(n)
	case *syntax.CallStatement:
		return r.execCallStatement(n)
	}
	return fmt.Errorf("%T can't be executed", n)
}

func (r *run) execTextOutput(n *syntax.TextOutput) error {
	if err := r.Grow(len(n.Text)); err != nil {
		return err
	}
	r.chunks = append(r.chunks, n.Text)
	return nil
}

func (r *run) execOutput(n *syntax.Output) error {
	v, written, err := r.evalWritten(n.Value)
	if err != nil {
		return err
	}
	if r.nested == 0 {
		r.last = n.Pos
	}
	if s, text := v.(string); text && r.piped && !written {
		v = value.PipelineText(s)
	}
	return n.Wrap(r.put(v))
}

// put adds a value to the output. The mark of fail() ends the template as soon as
// it gets there; within a block that captures, the block has it as its value.
func (r *run) put(v any) error {
	switch x := v.(type) {
	case *value.FailMark:
		if r.nested == 0 {
			return x.Err()
		}
	case string:
		if err := r.Grow(len(x)); err != nil {
			return err
		}
	case value.PipelineText:
		if err := r.Grow(len(x)); err != nil {
			return err
		}
	}
	r.chunks = append(r.chunks, v)
	if r.Mutable && r.nested == 0 {
		return r.settle()
	}
	return nil
}

// settle turns what has been put out into text as soon as it is certain to become text:
// what a template changes afterwards must not show in what it put out before.
func (r *run) settle() error {
	n := len(r.chunks)
	if n < 2 {
		return nil
	}
	from := n - 1
	if n == 2 {
		from = 0
	}
	for i := from; i < n; i++ {
		if _, text := r.chunks[i].(value.PipelineText); text {
			continue
		}
		s, err := value.Text(r.Budget, r.chunks[i])
		if err != nil {
			return err
		}
		r.chunks[i] = s
	}
	return nil
}

func (r *run) execIfStatement(n *syntax.IfStatement) error {
	if option, made := r.choice(n); made {
		return r.exec(n.BodyOf(option))
	}
	for _, b := range n.Branches {
		holds, err := r.test(b.Test)
		if err != nil {
			return err
		}
		if holds {
			return r.exec(b.Body)
		}
	}
	return r.exec(n.Otherwise)
}

func (r *run) execAssignment(n *syntax.Assignment) error {
	if _, made := r.choice(n); made {
		return nil
	}
	v, err := r.eval(n.Value)
	if err != nil {
		return err
	}
	return r.assign(&n.Target, r.frame, v)
}

// assign sets names in a frame, and attributes of namespaces.
func (r *run) assign(to *syntax.Target, in *frame, v any) error {
	if err := r.Step(1); err != nil {
		return to.Wrap(err)
	}
	if to.IsTuple {
		return r.unpack(to, in, v)
	}
	if to.Attribute == "" {
		in.set(to.Name, v)
		return nil
	}
	object, _ := r.frame.get(to.Name)
	space, ok := object.(*value.Namespace)
	if !ok {
		return to.Wrap(fmt.Errorf("%q is not a namespace: only attributes of namespace() can be set", to.Name))
	}
	return to.Wrap(space.Attributes.Put(to.Attribute, v))
}

func (r *run) unpack(to *syntax.Target, in *frame, v any) error {
	values, err := value.Elements(r.Budget, v)
	if err != nil {
		return to.Wrap(err)
	}
	if len(values) != len(to.Tuple) {
		return to.Wrap(fmt.Errorf("%d values can't be unpacked into %d names", len(values), len(to.Tuple)))
	}
	for i := range to.Tuple {
		if err := r.assign(&to.Tuple[i], in, values[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) execBlockAssignment(n *syntax.BlockAssignment) error {
	v, err := r.block(n.Body, n.Filters)
	if err != nil {
		return n.Wrap(err)
	}
	return r.assign(&n.Target, r.frame, v)
}

func (r *run) execFilterStatement(n *syntax.FilterStatement) error {
	v, err := r.block(n.Body, n.Filters)
	if err != nil {
		return n.Wrap(err)
	}
	return n.Wrap(r.put(v))
}

// block is the value of a block's body, filtered.
func (r *run) block(body []syntax.Statement, filters []*syntax.Filtered) (any, error) {
	chunks, err := r.capture(&frame{up: r.frame}, body)
	if err != nil {
		return nil, err
	}
	v, err := r.concat(chunks)
	if err == nil && r.Autoescape {
		v, err = value.MarkupOf(r.Budget, v)
	}
	for _, f := range filters {
		if err != nil {
			return nil, err
		}
		v, err = r.applyFilter(f, v)
	}
	return v, err
}

func (r *run) execWithStatement(n *syntax.WithStatement) error {
	values, err := r.evalAll(n.Values)
	if err != nil {
		return err
	}
	return r.within(r.frame, func(inner *frame) error {
		for i := range n.Names {
			if err := r.assign(&n.Names[i], inner, values[i]); err != nil {
				return err
			}
		}
		return r.exec(n.Body)
	})
}

func (r *run) execAutoescapeStatement(n *syntax.AutoescapeStatement) error {
	v, err := r.eval(n.Value)
	if err != nil {
		return err
	}
	outer := r.Autoescape
	r.Autoescape = value.Truth(v)
	err = r.within(r.frame, func(*frame) error { return r.exec(n.Body) })
	r.Autoescape = outer
	return err
}

// blocks is the variable self: the template's blocks, for another output.
type blocks struct {
	run    *run
	byName map[string]*syntax.BlockStatement
}

func (b *blocks) TypeName() string { return "blocks" }

func (b *blocks) AttributeNames() []string { return nil }

func (b *blocks) Attribute(name string) (any, bool) {
	if block, ok := b.byName[name]; ok {
		return b.run.blockFunction(block), true
	}
	return nil, false
}

func (r *run) blockFunction(n *syntax.BlockStatement) *runtime.Function {
	return &runtime.Function{Signature: runtime.Signature{Name: "self." + n.Name}, Apply: func(*runtime.State, value.Args) (any, error) {
		if err := r.Enter("a block"); err != nil {
			return nil, err
		}
		defer r.Leave()
		chunks, err := r.capture(&frame{up: r.root}, n.Body)
		if err != nil {
			return nil, err
		}
		return r.concat(chunks)
	}}
}

// A block that is not scoped sees only the names of the top level.
func (r *run) execBlockStatement(n *syntax.BlockStatement) error {
	up := r.root
	if n.Scoped {
		up = r.frame
	}
	return r.within(up, func(*frame) error { return r.exec(n.Body) })
}
