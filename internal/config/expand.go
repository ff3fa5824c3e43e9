package config

import (
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// reference is ${NAME}, ${NAME:-default} or ${file:PATH}. "$${" stands for the literal
// "${", and "${{ … }}" is left alone with all that is in it: it belongs to other
// languages.
var reference = lazyregexp.New(`\$\{\{(?s:.*?)\}\}|\$\$\{|\$\{(?:file:((?:[^{}\-]|` + vocabulary.VariablePattern + `)(?:[^{}]|` + vocabulary.VariablePattern + `)*)|([A-Za-z_][A-Za-z0-9_]*)(:-([^{}]*))?)\}`)

// references replaces ${NAME} and ${file:PATH} in the params of the services and in
// the infrastructure, once: what a variable or a file holds is not looked at again.
type references struct {
	lookup  func(name string) (string, bool)
	files   files
	tree    *tree
	diags   *Reporter
	secrets *secrets
	unset   map[string]bool // paths of values that are not known
	names   []string        // of the variables that there are
	quiet   bool            // a .env file has a mistake, and perhaps the variable
}

func (r references) expandDocument() {
	r.expand(r.tree.root.Get("infrastructure"), params.Keys("infrastructure"))
	services := r.tree.root.Get("services")
	for id := range services.Keys() {
		r.expand(services.Get(id).Get("params"), params.Keys("services", id, "params"))
	}
}

// expand replaces the references in n, whose text stays as it was written.
func (r references) expand(n *source.Node, path params.Path) {
	if n == nil {
		return
	}
	for _, p := range n.Pairs {
		if p.Value.IsNull() {
			r.empty(p.Value, path.Key(p.Key), p.Key)
		}
		r.expand(p.Value, path.Key(p.Key))
	}
	for i, item := range n.Items {
		r.expand(item, path.Index(i))
	}
	if text, ok := n.Value.(string); ok {
		n.Value = r.text(text, n, path)
	}
}

func (r references) text(text string, n *source.Node, path params.Path) string {
	// What a variable gives is a value, such as a password, and no more a source.
	if n.At.Line == 0 || r.misread(text, n, path) {
		return text
	}
	r.doubtful(text, n, path)
	if !strings.Contains(text, "${") {
		return text
	}
	r.misreadInside(text, n, path)
	var out strings.Builder
	end := 0
	for _, m := range reference.FindAllStringSubmatchIndex(text, -1) {
		out.WriteString(text[end:m[0]])
		end = m[1]
		part := func(n int) string { return text[m[2*n]:m[2*n+1]] }
		if m[2] < 0 && m[4] < 0 {
			out.WriteString(strings.Replace(part(0), "$${", "${", 1))
			continue
		}
		line, column := source.PlaceIn(text, m[0])
		at := r.tree.inside(n, line, column)
		if m[2] >= 0 {
			out.WriteString(literal(r.file(part(1), path, at), path))
			continue
		}
		name := part(2)
		value, set := r.lookup(name)
		switch {
		case m[6] >= 0 && value == "":
			out.WriteString(part(4))
		case set:
			if secretname.Is(name) || secretname.Below(path) {
				r.secrets.Add(value)
			}
			out.WriteString(literal(value, path))
		default:
			r.unset[path.String()] = true
			if r.quiet {
				break
			}
			hint := ""
			if near := params.Near(name, r.names); near != "" {
				hint = "did you mean " + near + "? Else "
			}
			r.diags.ReportError(at, path, "unset-variable",
				hint+fmt.Sprintf("set it in the environment or in .env, or write ${%s:-default}; $${ stands for a literal ${", name),
				"the environment variable %s is not set", name)
		}
	}
	out.WriteString(text[end:])
	return out.String()
}

// literal keeps a value from being a template in the params of a service, which would
// also lose a line break at its end.
func literal(value string, path params.Path) string {
	if path.HasPrefix(params.Keys("services")) && (jinja.HasTemplate(value) || strings.HasSuffix(value, "\n")) {
		return "{{ '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "' }}"
	}
	return value
}
