package upgrade

import (
	"strings"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"go.yaml.in/yaml/v3"
)

// textChange is what the upgrader does to nodes, as a change of the text that they
// were read from. It answers false where the text has a form in which that is not
// possible.
type textChange struct {
	moves bool // lines, so that positions behind them are no longer right
	edits func(t *fileText) ([]edit, bool)
}

// changes collects them. A nil one is for readers that need no text.
type changes struct{ list []textChange }

func (c *changes) add(moves bool, edits func(t *fileText) ([]edit, bool)) {
	if c != nil {
		c.list = append(c.list, textChange{moves, edits})
	}
}

func (c *changes) replace(n *yaml.Node, old, current string) {
	n = snapshot(n)
	c.add(false, func(t *fileText) ([]edit, bool) { return t.replaced(n, old, current) })
}

func (c *changes) remove(m *yaml.Node, key string) {
	if p := pairIn(m, key); p != nil {
		c.add(true, func(t *fileText) ([]edit, bool) { return t.removed(p) })
	}
}

// level takes the level out of root:.
func (c *changes) level(logging *yaml.Node) {
	p := pairIn(logging, "root")
	level := snapshot(valueOf(valueOf(logging, "root"), "level"))
	c.add(true, func(t *fileText) ([]edit, bool) {
		end, ok := t.scalarEnd(level)
		if !ok {
			return nil, false
		}
		from, to := t.offset(p.key), 0
		current := "level: " + t.data[t.offset(level):end]
		if p.flow {
			to = t.flowEnd(t.offset(p.value))
		} else {
			to = t.lineEnd(t.blockEnd(p.key))
			current += t.newline
		}
		return []edit{{from, to, current}}, true
	})
}

// states makes a list of the state that is looked for.
func (c *changes) states(criteria *yaml.Node) {
	p := pairIn(criteria, "state")
	name := target(valueOf(criteria, "state"))
	scalar, first := name.Kind == yaml.ScalarNode, (*yaml.Node)(nil)
	if name.Kind == yaml.MappingNode && name.Style&yaml.FlowStyle == 0 && len(name.Content) > 0 {
		first = snapshot(name.Content[0])
	}
	c.add(true, func(t *fileText) ([]edit, bool) {
		key, ok := t.replaced(p.key, "state", "states")
		if !ok || p.value.Anchor != "" || p.value.Kind == yaml.AliasNode {
			return nil, false
		}
		from := t.offset(p.value)
		switch {
		case scalar:
			end, ok := t.scalarEnd(p.value)
			text := t.data[from:end]
			if !p.flow && strings.ContainsAny(text, ",[]{}") && p.value.Style == 0 {
				text = "'" + strings.ReplaceAll(text, "'", "''") + "'"
			}
			return append(key, edit{from, end, "[{name: " + text + "}]"}), ok
		case first == nil:
			end := t.bracketEnd(from)
			return append(key, edit{from, end, "[" + t.data[from:end] + "]"}), true
		}
		last := t.blockEnd(p.key)
		rest, _ := t.indented(first.Line+1, last, 2)
		at := t.offset(first)
		return append(key, edit{at, at, "- "}, edit{t.lineEnd(first.Line), t.lineEnd(last), rest}), t.startsLine(first)
	})
}

// rawResult is oldResult as it stands in a file: quotes are doubled in single
// quotes, and have a backslash in double ones.
var rawResult = lazyregexp.New(`get_pipe_result\(\s*('{1,2}|\\?")([^'"\\\n]+)('{1,2}|\\?")\s*\)\.data\.([A-Za-z_][A-Za-z0-9_]*)`)

// results rewrites those that the template in n takes of steps in the earlier form.
func (c *changes) results(n *yaml.Node, of func(id string) bool, count int) {
	n = snapshot(n)
	c.add(false, func(t *fileText) ([]edit, bool) {
		from := t.offset(n)
		var edits []edit
		for _, m := range rawResult.FindAllStringSubmatchIndex(t.data[from:], -1) {
			part := func(i int) string { return t.data[from+m[2*i] : from+m[2*i+1]] }
			if len(edits) < count && of(part(2)) {
				q := part(1)
				edits = append(edits, edit{from + m[0], from + m[1], "get_pipe_result(" + q + part(2) + q + ", " + q + part(4) + q + ")"})
			}
		}
		return edits, len(edits) == count
	})
}

// lift puts a pipe's steps below its params.
func (c *changes) lift(pipe *yaml.Node) {
	steps, params := pairIn(pipe, "steps"), pairIn(pipe, "params")
	var inner []*yaml.Node // the keys of params
	flow := false
	if params != nil && params.value.Kind == yaml.MappingNode {
		flow = params.value.Style&yaml.FlowStyle != 0
		for i := 0; i < len(params.value.Content); i += 2 {
			inner = append(inner, snapshot(params.value.Content[i]))
		}
	}
	c.add(true, func(t *fileText) ([]edit, bool) {
		switch {
		case params != nil && params.value.Kind == yaml.AliasNode:
			return nil, false
		case steps.flow && params != nil:
			return nil, false
		case steps.flow:
			from := t.offset(steps.key)
			end := t.flowEnd(t.offset(steps.value))
			return []edit{{from, from, "params: {"}, {end, end, "}"}}, true
		case params == nil:
			return t.liftAlone(steps), true
		case len(inner) == 0: // the params go first, and are found missing at the next look
			return t.removed(params)
		case flow:
			return t.unfolded(params, inner), true
		}
		return t.liftInto(steps, params, inner[0])
	})
}

// liftAlone puts params: above the steps, and indents these.
func (t *fileText) liftAlone(steps *pairText) []edit {
	from, last := t.offset(steps.key), t.blockEnd(steps.key)
	below, _ := t.indented(steps.key.Line+1, last, t.step)
	margin := strings.Repeat(" ", steps.key.Column-1+t.step)
	return []edit{
		{from, from, "params:" + t.newline + margin},
		{t.lineEnd(steps.key.Line), t.lineEnd(last), below},
	}
}

var remark = lazyregexp.New(`[ \t]#[^\n]*`)

// unfolded is a mapping in brackets, a line for each of its keys.
func (t *fileText) unfolded(params *pairText, keys []*yaml.Node) []edit {
	margin := t.newline + strings.Repeat(" ", params.key.Column-1+t.step)
	from := t.offset(params.value)
	var out strings.Builder
	to := t.bracketEnd(from)
	for i, key := range keys {
		at, behind := t.offset(key), to
		if i+1 < len(keys) {
			behind = t.offset(keys[i+1])
		}
		pair := t.flowEnd(at)
		out.WriteString(margin + strings.TrimSpace(t.data[at:pair]))
		if remark := remark.FindString(t.data[pair:max(pair, behind)]); remark != "" {
			out.WriteString(" " + strings.TrimSpace(remark))
		}
	}
	end := t.lineEnd(params.key.Line)
	comment := strings.TrimSpace(t.data[min(to, end):end]) // it stays with the key
	if comment == "" {
		return []edit{{strings.LastIndexByte(t.data[:from], ':') + 1, to, out.String()}}
	}
	return []edit{{from, end, comment + out.String() + t.newline}}
}

// liftInto moves the steps behind what the params hold already. Comments above them
// come along. Where there is nothing else in between, lines are only indented.
func (t *fileText) liftInto(steps, params *pairText, inner *yaml.Node) ([]edit, bool) {
	if !t.startsLine(steps.key) || !t.startsLine(inner) {
		return nil, false
	}
	by := inner.Column - steps.key.Column
	first, last, end := steps.key.Line, t.blockEnd(steps.key), t.blockEnd(params.key)
	for first > 1 && first-1 != end && t.isRemark(first-1) {
		first--
	}
	from, at, to := t.starts[first-1], t.lineEnd(end), t.lineEnd(last)
	if first == end+1 {
		moved, ok := t.indented(first, last, by)
		return []edit{{from, to, moved}}, ok
	}
	moved, ok := t.indented(first, last, by)
	if !strings.HasSuffix(moved, "\n") {
		moved += t.newline
	}
	if !strings.HasSuffix(t.data[:at], "\n") {
		moved = t.newline + moved
	}
	return []edit{{from, to, ""}, {at, at, moved}}, ok
}

// isRemark is true for a line that is blank or a comment.
func (t *fileText) isRemark(n int) bool {
	text := strings.TrimSpace(t.line(n))
	return text == "" || text[0] == '#'
}
