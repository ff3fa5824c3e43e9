package jinja

import (
	"fmt"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func (r *run) exec(body []statement) error {
	for _, s := range body {
		if err := r.execOne(s); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) execOne(n statement) error {
	switch n := n.(type) {
	case *textOutput:
		return r.execTextOutput(n)
	case *output:
		return r.execOutput(n)
	case *ifStatement:
		return r.execIfStatement(n)
	case *forStatement:
		return r.execForStatement(n)
	case *assignment:
		return r.execAssignment(n)
	case *blockAssignment:
		return r.execBlockAssignment(n)
	case *filterStatement:
		return r.execFilterStatement(n)
	case *withStatement:
		return r.execWithStatement(n)
	case *autoescapeStatement:
		return r.execAutoescapeStatement(n)
	case *blockStatement:
		return r.execBlockStatement(n)
	case *macroStatement:
		return r.execMacroStatement(n)
	case *callStatement:
		return r.execCallStatement(n)
	}
	return fmt.Errorf("%T can't be executed", n)
}

func (r *run) execTextOutput(n *textOutput) error {
	if err := r.Grow(len(n.text)); err != nil {
		return err
	}
	r.chunks = append(r.chunks, n.text)
	return nil
}

func (r *run) execOutput(n *output) error {
	v, written, err := r.evalWritten(n.value)
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

// settle turns what has been put out into text as soon as it is sure to become
// text: what a template changes afterwards does not show in what it put out before.
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

func (r *run) execIfStatement(n *ifStatement) error {
	if option, made := r.choice(n); made {
		return r.exec(n.chosen(option))
	}
	for _, b := range n.branches {
		holds, err := r.test(b.test)
		if err != nil {
			return err
		}
		if holds {
			return r.exec(b.body)
		}
	}
	return r.exec(n.otherwise)
}

// chosen is the body of a branch, or of what is done otherwise.
func (n *ifStatement) chosen(option int) []statement {
	if option < len(n.branches) {
		return n.branches[option].body
	}
	return n.otherwise
}

func (r *run) execAssignment(n *assignment) error {
	if _, made := r.choice(n); made {
		return nil
	}
	v, err := r.eval(n.value)
	if err != nil {
		return err
	}
	return r.assign(&n.target, r.frame, v)
}

// assign sets names in a frame, and attributes of namespaces.
func (r *run) assign(to *target, in *frame, v any) error {
	if err := r.Step(1); err != nil {
		return to.Wrap(err)
	}
	if to.isTuple {
		return r.unpack(to, in, v)
	}
	if to.attribute == "" {
		in.set(to.name, v)
		return nil
	}
	object, _ := r.frame.get(to.name)
	space, ok := object.(*value.Namespace)
	if !ok {
		return to.Wrap(fmt.Errorf("%q is no namespace: only attributes of namespace() can be set", to.name))
	}
	return to.Wrap(space.Attributes.Put(to.attribute, v))
}

func (r *run) unpack(to *target, in *frame, v any) error {
	values, err := value.Elements(r.Budget, v)
	if err != nil {
		return to.Wrap(err)
	}
	if len(values) != len(to.tuple) {
		return to.Wrap(fmt.Errorf("%d values can't be unpacked into %d names", len(values), len(to.tuple)))
	}
	for i := range to.tuple {
		if err := r.assign(&to.tuple[i], in, values[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) execBlockAssignment(n *blockAssignment) error {
	v, err := r.block(n.body, n.filters)
	if err != nil {
		return n.Wrap(err)
	}
	return r.assign(&n.target, r.frame, v)
}

func (r *run) execFilterStatement(n *filterStatement) error {
	v, err := r.block(n.body, n.filters)
	if err != nil {
		return n.Wrap(err)
	}
	return n.Wrap(r.put(v))
}

// block is the value of a block's inside, filtered.
func (r *run) block(body []statement, filters []*filtered) (any, error) {
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

func (r *run) execWithStatement(n *withStatement) error {
	values, err := r.evalAll(n.values)
	if err != nil {
		return err
	}
	return r.within(r.frame, func(inner *frame) error {
		for i := range n.names {
			if err := r.assign(&n.names[i], inner, values[i]); err != nil {
				return err
			}
		}
		return r.exec(n.body)
	})
}

func (r *run) execAutoescapeStatement(n *autoescapeStatement) error {
	v, err := r.eval(n.value)
	if err != nil {
		return err
	}
	outer := r.Autoescape
	r.Autoescape = value.Truth(v)
	err = r.within(r.frame, func(*frame) error { return r.exec(n.body) })
	r.Autoescape = outer
	return err
}

// blocks is the variable self: the template's blocks, to be put out once more.
type blocks struct {
	run    *run
	byName map[string]*blockStatement
}

func (b *blocks) TypeName() string { return "blocks" }

func (b *blocks) AttributeNames() []string { return nil }

func (b *blocks) Attribute(name string) (any, bool) {
	if block, ok := b.byName[name]; ok {
		return b.run.blockFunction(block), true
	}
	return nil, false
}

func (r *run) blockFunction(n *blockStatement) *runtime.Function {
	return &runtime.Function{Signature: runtime.Signature{Name: "self." + n.name}, Apply: func(*runtime.State, value.Args) (any, error) {
		if err := r.Enter("a block"); err != nil {
			return nil, err
		}
		defer r.Leave()
		chunks, err := r.capture(&frame{up: r.root}, n.body)
		if err != nil {
			return nil, err
		}
		return r.concat(chunks)
	}}
}

// exec of a block sees, unless it is scoped, only the names of the top level.
func (r *run) execBlockStatement(n *blockStatement) error {
	up := r.root
	if n.scoped {
		up = r.frame
	}
	return r.within(up, func(*frame) error { return r.exec(n.body) })
}
