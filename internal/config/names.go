package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/secretname"

	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// scope is what the templates of one component will see when it runs.
type scope struct {
	pipe    bool              // not a service
	open    bool              // a pipe around this one may add names that nobody knows
	results map[string]string // use of each step whose result is there, by its id
	parent  map[string]bool   // nil: there is no pipe around this one
}

// below is the scope of the children of a pipe with these params.
func (s scope) below(pipe Component, raw map[string]any) scope {
	own := map[string]bool{}
	for key := range raw {
		own[key] = true
	}
	for _, name := range pipe.Params.Names() {
		own[name] = !pipe.Params.Field(name).Secret
	}
	children := pipe.childScope()
	if children.parentParams {
		maps.Copy(own, s.parent)
	}
	return scope{pipe: true, open: s.open || !children.known, results: s.results, parent: own}
}

// with adds the result of a step.
func (s scope) with(id, use string) scope {
	s.results = maps.Clone(s.results)
	if s.results == nil {
		s.results = map[string]string{}
	}
	s.results[id] = use
	return s
}

// templateLanguage is nil when the templates are in another language than ours.
func (k *checker) templateLanguage() *jinja.Renderer {
	var renderers []Service
	for _, s := range k.doc.Services {
		if k.services[s.ID].Renderer {
			renderers = append(renderers, s)
		}
	}
	for _, s := range renderers[min(1, len(renderers)):] {
		k.reportError(k.at(servicePath(s)), servicePath(s), "second-renderer", "keep one of the two", "this is a second template renderer beside %s", renderers[0].Path)
	}
	if len(renderers) > 0 && k.services[renderers[0].ID].Labels[params.LabelLanguage] != params.LanguageJinja {
		return nil
	}
	return jinja.New(jinja.Options{Env: k.doc.Lookup})
}

// templates parses every template in v, and holds the names in those that will be
// rendered against what there will be. Below keys that spec doesn't know, and with
// no spec at all, only the syntax counts. Children are left to their own turn.
func (k *checker) templates(v any, path params.Path, spec *params.Spec, around scope) {
	if k.language == nil {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			inner := elementSpec(spec)
			if spec != nil && spec.Kind == params.KindObject {
				if inner = spec.Field(key); inner == nil && spec.Rest() {
					inner = &params.Spec{Kind: params.KindAny}
				}
				if holdsPipes(inner) {
					continue
				}
			}
			k.templates(v[key], path.Key(key), inner, around)
		}
	case []any:
		for i, item := range v {
			k.templates(item, path.Index(i), elementSpec(spec), around)
		}
	case string:
		before := len(k.diags.List)
		defer func() { k.noReference(v, path, around, k.diags.List[before:]) }()
		switch i := callOfATemplate.FindStringIndex(v); {
		case jinja.HasTemplate(v):
			k.template(v, path, spec != nil, around)
		case i != nil:
			line, column := placeIn(v, i[0])
			k.warn(k.inside(path, line, column), path, "no-template", "write {{ … }} around it", "this text is no template, so it is taken as it stands here")
		}
	}
}

// elementSpec is what the elements of a value are: anything where it may be
// anything.
func elementSpec(spec *params.Spec) *params.Spec {
	if spec != nil && spec.Kind == params.KindAny {
		return spec
	}
	if spec == nil {
		return nil
	}
	return spec.Elem
}

// holdsPipes is true for a child pipe and for lists and mappings of them.
func holdsPipes(spec *params.Spec) bool {
	for spec != nil && (spec.Kind == params.KindList || spec.Kind == params.KindMap) {
		spec = spec.Elem
	}
	return spec != nil && spec.Kind == params.KindChild
}

func (k *checker) template(source string, path params.Path, rendered bool, around scope) {
	parsed, err := k.language.Parse(source)
	if err != nil {
		position, message, hint := k.at(path), err.Error(), ""
		var fault *api.TemplateError
		if errors.As(err, &fault) {
			position = k.doc.LocateTemplate(path.String(), fault)
			hint = cmp.Or(syntaxHintAt(source, fault.Line, fault.Column), foreignHint(fmt.Sprint(fault.Err)))
			if fault.Err != nil {
				message = fault.Err.Error()
			}
		}
		if secretname.Below(path.String()) && !strings.Contains(source, "}}") && !strings.Contains(source, "%}") {
			hint = strings.TrimPrefix(hint+"; "+ifItIsTheValue, "; ")
		}
		k.reportError(position, path, "template-syntax", hint, "the template has a mistake: %s", message)
		return
	}
	if !rendered {
		return
	}
	k.foreign(source, path)
	k.calls(parsed, path, around)
	said := map[string]bool{}
	calls := bareCalls(source)
	for _, n := range jinja.Names(parsed) {
		if i := callAround(calls, source, n); !n.Known && i >= 0 {
			if c := &calls[i]; !c.said {
				c.said = true
				k.reportError(k.inside(path, n.Line, n.Column), path, "unknown-name", c.hint, "the template uses %q, which is not defined", n.Name)
			}
			continue
		}
		finding := k.nameFinding(n, around)
		if finding.message == "" || said[finding.message] {
			continue // once for each template is enough
		}
		said[finding.message] = true
		severity := SeverityWarning
		if n.Certain && (n.Known || n.Broken) && !finding.mild {
			severity = SeverityError
		}
		at := k.inside(path, n.Line, n.Column)
		if arg := finding.arg; arg > 0 {
			at = k.inside(path, n.Args[arg-1].Line, n.Args[arg-1].Column)
		}
		k.report(severity, at, path, finding.code, finding.hint, finding.message)
		if finding.code == "unknown-result" && len(n.Args) > 0 {
			k.lose("step", n.Args[0].Text, k.stepsWith(n, around))
		}
	}
}

// callAround is the call with names where texts are wanted in which a name stands,
// or -1.
func callAround(calls []bareCall, source string, n jinja.Name) int {
	return slices.IndexFunc(calls, func(c bareCall) bool {
		line, column := placeIn(source, c.from)
		endLine, endColumn := placeIn(source, c.to)
		after := n.Line > line || n.Line == line && n.Column > column
		return after && (n.Line < endLine || n.Line == endLine && n.Column < endColumn)
	})
}

// nameFinding is what is wrong with a name; nothing is where message is empty.
type nameFinding struct {
	code, message, hint string
	arg                 int  // the argument that is wrong, from 1; 0 is the name itself
	mild                bool // it never is an error
}

func (k *checker) nameFinding(n jinja.Name, around scope) nameFinding {
	if !n.Known {
		hint := cmp.Or(fileHint(n, around), k.nameHint(n))
		if _, step := k.steps[n.Name]; step {
			hint = fmt.Sprintf("if it is the step, write get_pipe_result('%s', 'KEY')", n.Name)
		}
		return nameFinding{code: "unknown-name", message: fmt.Sprintf("the template uses %q, which is not defined", n.Name), hint: hint}
	}
	if !n.Call || len(n.Args) == 0 || n.Args[0].Text == "" {
		return nameFinding{}
	}
	switch n.Name {
	case "get_pipe_result", "has_failed":
		return k.resultFinding(n, around)
	case "get_parent_param":
		return parentFinding(n.Args[0].Text, around)
	case "get_env":
		return k.variableFinding(n.Args[0].Text, around)
	}
	return nameFinding{}
}

// resultFinding is for a step's result that can't be there.
func (k *checker) resultFinding(n jinja.Name, around scope) nameFinding {
	id := n.Args[0].Text
	use, there := around.results[id]
	if there {
		k.met("step", id)
		component, _ := k.catalog.Find(use)
		return yieldsFinding(n, id, use, component.Yields)
	}
	if around.open {
		return nameFinding{}
	}
	finding := nameFinding{code: "unknown-result", message: fmt.Sprintf("there is no result of a pipe %q here", id), arg: 1}
	ids := sortedKeys(around.results)
	elsewhere, exists := k.steps[id]
	switch near := params.Near(id, ids); {
	case exists && k.isRootStep(elsewhere):
		finding.hint = notShared
	case exists:
		finding.hint = fmt.Sprintf("%s is a step at %s: only steps that ran before in the same row, or in a row around it, can be seen", id, elsewhere)
	case near != "":
		finding.hint = "did you mean " + near + "?"
	case len(ids) > 0:
		finding.hint = "there is " + strings.Join(ids, ", ")
	default:
		finding.hint = "nothing runs before that could be asked"
		if near := params.Near(id, sortedKeys(k.steps)); k.isRootStep(k.steps[near]) {
			finding.hint = fmt.Sprintf("did you mean %s? %s", near, notShared)
		}
	}
	return finding
}

// stepsWith are the steps that ran before and have the result that is asked for.
func (k *checker) stepsWith(n jinja.Name, around scope) []string {
	ids := []string{}
	for _, id := range sortedKeys(around.results) {
		component, _ := k.catalog.Find(around.results[id])
		if yieldsFinding(n, id, "", component.Yields).message == "" {
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
	children := k.componentOf(k.doc.Orchestrator).childScope()
	return children.known && !children.sequence && isRootPath(path)
}

const notShared = "the orchestrator's own steps don't see each other's results: put both below params: steps: of one base:CompositePipe"

// yieldsFinding is for a key that a pipe's result never has.
func yieldsFinding(n jinja.Name, id, use string, yields []string) nameFinding {
	if n.Name != "get_pipe_result" || yields == nil {
		return nameFinding{}
	}
	key := "value"
	if len(n.Args) > 1 {
		key = n.Args[1].Text
	}
	if key == "" || slices.Contains(yields, key) {
		return nameFinding{}
	}
	finding := nameFinding{code: "unknown-result", message: fmt.Sprintf("the result of %q, a %s, has no %q", id, use, key)}
	if len(n.Args) > 1 {
		finding.arg = 2
	}
	near := nearResult(key, yields)
	if len(n.Args) == 1 {
		near = nearResult(n.Attribute, yields) // get_pipe_result('ID').KEY
	}
	switch {
	case len(yields) == 0:
		finding.hint = "it has no data; has_failed tells whether it did its work"
	case near != "":
		finding.hint = fmt.Sprintf("did you mean get_pipe_result('%s', '%s')?", id, near)
		if len(yields) > 1 {
			finding.hint += " It has " + strings.Join(yields, ", ")
		}
	default:
		finding.hint = fmt.Sprintf("write get_pipe_result('%s', '%s'); it has %s", id, yields[0], strings.Join(yields, ", "))
	}
	return finding
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

// variableFinding is for a variable that is not set, where one of nearly that name
// is. Any other may be set where the configuration runs.
func (k *checker) variableFinding(name string, around scope) nameFinding {
	near := params.Near(name, k.doc.names)
	if _, set := k.doc.lookup(name); set || near == "" || k.doc.variablesUnsure {
		return nameFinding{}
	}
	return nameFinding{code: "unset-variable", message: fmt.Sprintf("the environment variable %s is not set", name), hint: "did you mean " + near + "?", arg: 1, mild: around.pipe}
}

func parentFinding(key string, around scope) nameFinding {
	known, given := around.parent[key]
	if around.open || known {
		return nameFinding{}
	}
	finding := nameFinding{code: "unknown-parent-param", message: fmt.Sprintf("there is no parent param %q here", key), arg: 1}
	var keys []string
	for name, shown := range around.parent {
		if shown {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	switch near := params.Near(key, keys); {
	case given:
		finding.hint = "it is a secret, which is not handed on"
	case around.parent == nil:
		finding.hint = "there is no pipe around this one"
	case near != "":
		finding.hint = "did you mean " + near + "?"
	default:
		finding.hint = "there is " + strings.Join(keys, ", ")
	}
	return finding
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
