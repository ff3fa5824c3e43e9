package analysis

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/eval"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Bounds of [Outcomes]: a template that needs more can't be
// followed.
const (
	maxPaths    = 256
	maxOutcomes = 10_000
)

// Outcomes returns what a template that the Renderer parsed can yield, though not
// everything that it reads is known. known answers get_pipe_result, get_parent_param and
// get_env, whose arguments it gets, with the values that are possible, and whether these
// are all. What depends on anything else is followed on both sides of a condition.
// complete is false where there may be other outcomes, too. What calls fail() has none.
func Outcomes(ctx context.Context, parsed api.Template, known func(function string, args []string) (values []any, all bool)) (outcomes []api.Rendered, complete bool) {
	t, ok := parsed.(*eval.Template)
	if !ok {
		out, err := parsed.Render(ctx, api.Scope{})
		return []api.Rendered{out}, err == nil
	}
	// Deciding parts of conditions gives fewer outcomes by more paths. If one of these
	// can't be followed, deciding whole conditions may still give an answer.
	for _, byParts := range []bool{true, false} {
		s := &outcomeSearch{ctx: ctx, template: t, known: known, byParts: byParts, sources: map[string]*source{}, seen: map[string]bool{}, complete: true}
		s.findOpenNames()
		s.explore(eval.Branches{})
		if outcomes, complete = s.outcomes, s.complete && ctx.Err() == nil; complete {
			break
		}
	}
	return outcomes, complete
}

// source is a call whose values are known, some or all.
type source struct {
	function, name, key string
	values              []any
}

type outcomeSearch struct {
	ctx      context.Context
	template *eval.Template
	known    func(function string, args []string) ([]any, bool)
	sources  map[string]*source // by what is called; nil if not known
	byParts  bool               // what is known of a condition counts
	open     map[string]bool    // names that the template sets to what is not known

	paths    int
	rendered int
	seen     map[string]bool
	outcomes []api.Rendered
	complete bool
}

// skipped is the choice not to set a name whose value is not known. Nothing that is
// evaluated reads it.
const skipped = -1

// explore follows the template with the choices that were made so far. Where one more
// is needed, it follows each.
func (s *outcomeSearch) explore(chosen eval.Branches) {
	if s.paths > maxPaths || s.ctx.Err() != nil {
		s.complete = false
		return
	}
	var undecided any
	options := 0
	w := s.walk(func(node any) (int, bool) {
		if option, ok := chosen[node]; ok {
			return option, true
		}
		if undecided != nil {
			return 0, false
		}
		switch node := node.(type) {
		case *syntax.Conditional:
			if s.isOpen(node.Test) && !s.isMixed(node.Test) {
				undecided, options = node, 2
			}
		case *syntax.IfStatement:
			mixed := false
			for _, b := range node.Branches {
				mixed = mixed || s.isMixed(b.Test)
			}
			for _, b := range node.Branches {
				if !mixed && s.isOpen(b.Test) {
					undecided, options = node, len(node.Branches)+1
				}
			}
		case eval.Condition:
			if s.isOpen(node.Test) && !s.isMixed(node.Test) {
				undecided, options = node, 2
			}
		case *syntax.Assignment:
			if s.anyOpen(s.namesOf(node.Value)) {
				chosen[node] = skipped
				return skipped, true
			}
		}
		return 0, false
	})
	if undecided != nil {
		for option := range options {
			next := maps.Clone(chosen)
			next[undecided] = option
			s.explore(next)
		}
		return
	}
	s.paths++
	if s.anyOpen(w.names) {
		s.complete = false
		return
	}
	s.renderAll(chosen, s.sourcesOf(w.names), nil)
}

// walk walks the whole template.
func (s *outcomeSearch) walk(choice func(node any) (int, bool)) *walker {
	w := &walker{source: s.template.Parsed.Source, known: map[string]bool{}, choice: choice, outcomes: true}
	w.statements(s.template.Parsed.Body)
	return w
}

func (s *outcomeSearch) namesOf(expressions ...syntax.Expression) []Name {
	w := &walker{source: s.template.Parsed.Source, known: map[string]bool{}, outcomes: true}
	w.expressions(expressions)
	return w.names
}

func (s *outcomeSearch) isOpen(e syntax.Expression) bool { return s.anyOpen(s.namesOf(e)) }

// isMixed is true for a condition of which only some parts are known: these may decide it
// whatever the others are.
func (s *outcomeSearch) isMixed(test syntax.Expression) bool {
	open, known := false, false
	var look func(e syntax.Expression)
	look = func(e syntax.Expression) {
		switch e := e.(type) {
		case *syntax.Logic:
			look(e.Left)
			look(e.Right)
		case *syntax.Negation:
			look(e.Operand)
		default:
			isOpen := s.isOpen(e)
			open, known = open || isOpen, known || !isOpen
		}
	}
	if s.byParts {
		look(test)
	}
	return open && known
}

// anyOpen reports whether one of the names is something that is not known.
func (s *outcomeSearch) anyOpen(names []Name) bool {
	return slices.ContainsFunc(names, func(n Name) bool {
		switch n.Name {
		case "get_pipe_result", "get_parent_param", "get_env":
			return !n.Call || s.source(n) == nil
		case "pipe_results", "params", "parent_params", "has_failed", "self", "caller", "varargs", "kwargs":
			return true
		}
		open, set := s.open[n.Name]
		if set {
			return open
		}
		_, variable := s.template.Environment.Variables[n.Name]
		return !variable && !n.Known && n.Name != "loop"
	})
}

func (s *outcomeSearch) source(n Name) *source {
	var args []string
	for _, arg := range n.Args {
		args = append(args, arg.Text)
	}
	if n.Name == "get_pipe_result" && len(args) == 1 {
		args = append(args, "value")
	}
	want := 1
	if n.Name == "get_pipe_result" {
		want = 2
	}
	if len(args) != want || slices.Contains(args, "") {
		return nil
	}
	id := n.Name
	for _, a := range args {
		id += "\x00" + a
	}
	found, asked := s.sources[id]
	if !asked {
		// With only some of the values known, some outcomes are certain.
		if values, all := s.known(n.Name, args); all || len(values) > 0 {
			s.complete = s.complete && all
			found = &source{function: n.Name, name: args[0], key: args[len(args)-1], values: values}
		}
		s.sources[id] = found
	}
	return found
}

// sourcesOf returns the sources among the names, each once.
func (s *outcomeSearch) sourcesOf(names []Name) []*source {
	var list []*source
	for _, n := range names {
		switch n.Name {
		case "get_pipe_result", "get_parent_param":
			if found := s.source(n); found != nil && !slices.Contains(list, found) {
				list = append(list, found)
			}
		}
	}
	return list
}

// findOpenNames finds the names that the template sets, and which of them have values
// that are not known: until no more are found, since one can be set to another.
func (s *outcomeSearch) findOpenNames() {
	s.open = map[string]bool{}
	for {
		before := len(s.open)
		opened := 0
		set := func(t syntax.Target, open bool) {
			for _, name := range t.Names() {
				if open && !s.open[name] {
					opened++
				}
				s.open[name] = s.open[name] || open
			}
		}
		s.eachSet(s.template.Parsed.Body, set)
		if len(s.open) == before && opened == 0 {
			return
		}
	}
}

// eachSet calls set for what statements set. The names of macros count as not known.
func (s *outcomeSearch) eachSet(list []syntax.Statement, set func(t syntax.Target, open bool)) {
	for _, one := range list {
		switch one := one.(type) {
		case *syntax.IfStatement:
			for _, b := range one.Branches {
				s.eachSet(b.Body, set)
			}
			s.eachSet(one.Otherwise, set)
		case *syntax.ForStatement:
			set(one.Target, s.anyOpen(s.namesOf(one.Items)))
			s.eachSet(one.Body, set)
			s.eachSet(one.Otherwise, set)
		case *syntax.Assignment:
			set(one.Target, s.anyOpen(s.namesOf(one.Value)))
		case *syntax.BlockAssignment:
			set(one.Target, true)
			s.eachSet(one.Body, set)
		case *syntax.FilterStatement:
			s.eachSet(one.Body, set)
		case *syntax.WithStatement:
			for i, t := range one.Names {
				set(t, s.anyOpen(s.namesOf(one.Values[i])))
			}
			s.eachSet(one.Body, set)
		case *syntax.BlockStatement:
			s.eachSet(one.Body, set)
		case *syntax.AutoescapeStatement:
			s.eachSet(one.Body, set)
		case *syntax.MacroStatement:
			set(syntax.Target{Name: one.Name}, true)
			s.eachSet(one.Body, set)
		case *syntax.CallStatement:
			s.eachSet(one.Macro.Body, set)
		}
	}
}

// renderAll renders with each combination of the sources' values.
func (s *outcomeSearch) renderAll(chosen eval.Branches, sources []*source, values []any) {
	if s.rendered > maxOutcomes || s.ctx.Err() != nil {
		s.complete = false
		return
	}
	if len(values) < len(sources) {
		for _, v := range sources[len(values)].values {
			s.renderAll(chosen, sources, append(values, v))
		}
		return
	}
	s.rendered++
	results, params := map[string]map[string]any{}, map[string]any{}
	for i, from := range sources {
		if from.function == "get_parent_param" {
			params[from.name] = values[i]
			continue
		}
		if results[from.name] == nil {
			results[from.name] = map[string]any{}
		}
		results[from.name][from.key] = values[i]
	}
	scope := api.Scope{}.Enter(params).Enter(nil)
	for id, data := range results {
		scope = scope.WithResult(id, api.Success(data))
	}
	out, err := s.template.RenderChosen(s.ctx, scope, chosen)
	var failed *api.FailError
	switch {
	case errors.As(err, &failed):
	case err != nil:
		s.complete = false
	case !s.seen[out.Text]:
		s.seen[out.Text] = true
		s.outcomes = append(s.outcomes, out)
	}
}
