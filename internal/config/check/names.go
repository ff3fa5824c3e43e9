package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// scope is what the templates of one component will see when it runs.
type scope struct {
	pipe    bool              // not a service
	open    bool              // a pipe around this one may add names that nobody knows
	results map[string]string // use of each step whose result is there, by its id
	parent  map[string]bool   // nil: there is no pipe around this one
	kept    map[string]bool   // ids of results whose tickets stay outside of the loop around
}

// below is the scope of the children of a pipe with these params.
func (s scope) below(pipe catalog.Component, raw map[string]any) scope {
	own := map[string]bool{}
	for key := range raw {
		own[key] = true
	}
	for _, name := range pipe.Params.Names() {
		own[name] = !pipe.Params.Field(name).Secret
	}
	children := pipe.ChildScope()
	if children.ParentParams {
		maps.Copy(own, s.parent)
	}
	for _, name := range children.Params {
		own[name] = true
	}
	for _, key := range children.ParamsIn {
		if name, ok := raw[key].(string); ok {
			own[name] = true
		} else if spec := pipe.Params.Field(key); spec != nil && spec.Default != nil {
			own[*spec.Default] = true
		}
	}
	inner := scope{pipe: true, open: s.open || !children.Known, results: s.results, parent: own, kept: s.kept}
	if key, _ := pipe.LabeledParam(params.LabelItems); key != "" {
		inner.kept = map[string]bool{}
		for id := range s.results {
			inner.kept[id] = true
		}
	}
	return inner
}

// with adds the result of a step.
func (s scope) with(id, use string) scope {
	s.results = maps.Clone(s.results)
	if s.results == nil {
		s.results = map[string]string{}
	}
	s.results[id] = use
	if s.kept[id] { // it is one of the loop's own steps
		s.kept = maps.Clone(s.kept)
		delete(s.kept, id)
	}
	return s
}

// nameDiagnostic is what is wrong with a name; nothing is where message is empty.
type nameDiagnostic struct {
	code, message, hint string
	arg                 int  // the argument that is wrong, from 1; 0 is the name itself
	onlyWarn            bool // it never is an error
}

func (k *checker) checkName(n jinja.Name, around scope) nameDiagnostic {
	if !n.Known {
		hint := cmp.Or(fileHint(n, around), k.nameHint(n))
		if _, step := k.steps[n.Name]; step {
			hint = fmt.Sprintf("if it is the step, write get_pipe_result('%s', 'KEY')", n.Name)
		}
		return nameDiagnostic{code: "unknown-name", message: fmt.Sprintf("the template uses %q, which is not defined", n.Name), hint: hint}
	}
	if !n.Call || len(n.Args) == 0 || n.Args[0].Text == "" {
		return nameDiagnostic{}
	}
	switch n.Name {
	case "get_pipe_result", "has_failed":
		return k.checkResult(n, around)
	case "get_parent_param":
		return checkParentParam(n.Args[0].Text, around)
	case "get_env":
		return k.checkVariable(n.Args[0].Text, around)
	}
	return nameDiagnostic{}
}

// checkResult is for a step's result that can't be there.
func (k *checker) checkResult(n jinja.Name, around scope) nameDiagnostic {
	id := n.Args[0].Text
	use, there := around.results[id]
	if there {
		k.names.noteFound("step", id)
		component, _ := k.catalog.Find(use)
		if around.kept[id] && yieldsTickets(n, component) {
			return nameDiagnostic{
				code: "fetch-outside-loop", message: fmt.Sprintf("the steps of a loop don't see the tickets that %q fetched: each has its own", id),
				hint: "write get_parent_param('NAME'), with the name that the loop's as: says: item, if it says nothing", arg: 1,
			}
		}
		return checkYield(n, id, use, component.Yields)
	}
	if around.open {
		return nameDiagnostic{}
	}
	diag := nameDiagnostic{code: "unknown-result", message: fmt.Sprintf("there is no result of a pipe %q here", id), arg: 1}
	ids := sortedKeys(around.results)
	elsewhere, exists := k.steps[id]
	switch near := params.Near(id, ids); {
	case exists && k.isRootStep(elsewhere):
		diag.hint = notShared
	case exists:
		diag.hint = fmt.Sprintf("%s is a step at %s: only steps that ran before in the same sequence, or in a sequence around it, can be seen", id, elsewhere)
	case near != "":
		diag.hint = "did you mean " + near + "?"
	case len(ids) > 0:
		diag.hint = "there is " + strings.Join(ids, ", ")
	default:
		diag.hint = "nothing runs before that could be asked"
		if near := params.Near(id, sortedKeys(k.steps)); k.isRootStep(k.steps[near]) {
			diag.hint = fmt.Sprintf("did you mean %s? %s", near, notShared)
		}
	}
	return diag
}

// yieldsTickets reports whether a template asks a search for what it found.
func yieldsTickets(n jinja.Name, component catalog.Component) bool {
	if n.Name != "get_pipe_result" || !searches(component) {
		return false
	}
	key := n.Attribute
	if len(n.Args) > 1 {
		key = n.Args[1].Text
	}
	return key == "" || slices.Contains(component.Yields, key) && component.YieldKinds[key] == ""
}

// searches reports whether a pipe searches for tickets.
func searches(component catalog.Component) bool {
	return component.Params != nil && component.Params.Field(criteriaKey) != nil
}

// stepsWith are the steps that ran before and have the result that is asked for.
func (k *checker) stepsWith(n jinja.Name, around scope) []string {
	ids := []string{}
	for _, id := range sortedKeys(around.results) {
		component, _ := k.catalog.Find(around.results[id])
		if checkYield(n, id, "", component.Yields).message == "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// isRootPath is true for orchestrator.params.KEY[n].
func isRootPath(path params.Path) bool {
	if len(path) != 4 {
		return false
	}
	_, isItem := path[3].Index()
	return isItem && path.HasPrefix(params.Keys("orchestrator", "params"))
}

// isRootStep is true for a step of a root pipe that keeps its steps apart.
func (k *checker) isRootStep(path params.Path) bool {
	children := k.componentOf(k.doc.Orchestrator).ChildScope()
	return children.Known && !children.Sequence && isRootPath(path)
}

const notShared = "the orchestrator's own steps don't see each other's results: put both below params: steps: of one base:CompositePipe"

// checkYield is for a key that a pipe's result never has.
func checkYield(n jinja.Name, id, use string, yields []string) nameDiagnostic {
	if n.Name != "get_pipe_result" || yields == nil {
		return nameDiagnostic{}
	}
	key := "value"
	if len(n.Args) > 1 {
		key = n.Args[1].Text
	}
	if key == "" || slices.Contains(yields, key) {
		return nameDiagnostic{}
	}
	diag := nameDiagnostic{code: "unknown-result", message: fmt.Sprintf("the result of %q, a %s, has no %q", id, use, key)}
	if len(n.Args) > 1 {
		diag.arg = 2
	}
	near := nearResult(key, yields)
	if len(n.Args) == 1 {
		near = nearResult(n.Attribute, yields) // get_pipe_result('ID').KEY
	}
	switch {
	case len(yields) == 0:
		diag.hint = "it has no data; has_failed says whether it did its work"
	case near != "":
		diag.hint = fmt.Sprintf("did you mean get_pipe_result('%s', '%s')?", id, near)
		if len(yields) > 1 {
			diag.hint += " It has " + strings.Join(yields, ", ")
		}
	default:
		diag.hint = fmt.Sprintf("write get_pipe_result('%s', '%s'); it has %s", id, yields[0], strings.Join(yields, ", "))
	}
	return diag
}

// nearResult is the key of a result that was probably meant.
func nearResult(key string, yields []string) string {
	near := resultNames[key] // before what is nearer by its letters
	switch {
	case slices.Contains(yields, key):
		return key
	case slices.Contains(yields, near):
		return near
	}
	return params.Near(key, yields)
}

// resultNames are what people call the keys of results.
var resultNames = map[string]string{
	"score": "confidence", "probability": "confidence", "certainty": "confidence", "konfidenz": "confidence",
	"class": "label", "category": "label", "prediction": "label", "name": "label",
	"tickets": "fetched_tickets", "ticket": "fetched_tickets", "result": "value", "output": "value", "expression": "value",
}

// checkVariable is for a variable that is not set, where one of nearly that name
// is. Any other may be set where the configuration runs.
func (k *checker) checkVariable(name string, around scope) nameDiagnostic {
	near := params.Near(name, k.reading.Variables)
	if _, set := k.doc.Variable(name); set || near == "" || k.reading.VariablesUnsure {
		return nameDiagnostic{}
	}
	return nameDiagnostic{code: "unset-variable", message: fmt.Sprintf("the environment variable %s is not set", name), hint: "did you mean " + near + "?", arg: 1, onlyWarn: around.pipe}
}

func checkParentParam(key string, around scope) nameDiagnostic {
	known, given := around.parent[key]
	if around.open || known {
		return nameDiagnostic{}
	}
	diag := nameDiagnostic{code: "unknown-parent-param", message: fmt.Sprintf("there is no parent param %q here", key), arg: 1}
	var keys []string
	for name, shown := range around.parent {
		if shown {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	switch near := params.Near(key, keys); {
	case given:
		diag.hint = "it is a secret, which is not handed on"
	case around.parent == nil:
		diag.hint = "there is no pipe around this one"
	case near != "":
		diag.hint = "did you mean " + near + "?"
	default:
		diag.hint = "there is " + strings.Join(keys, ", ")
	}
	return diag
}

// stepPaths finds every step with an id.
func stepPaths(v any, path params.Path, into map[string]params.Path) map[string]params.Path {
	switch v := v.(type) {
	case map[string]any:
		if id, ok := v["id"].(string); ok && id != "" && v["use"] != nil {
			into[id] = path
		}
		for _, key := range sortedKeys(v) {
			stepPaths(v[key], path.Key(key), into)
		}
	case []any:
		for i, item := range v {
			stepPaths(item, path.Index(i), into)
		}
	}
	return into
}
