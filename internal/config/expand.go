package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"

	"github.com/open-ticket-ai/otai/internal/jinja"
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
	atlas   *atlas
	diags   *Reporter
	secrets *secrets
	unset   map[string]bool // paths of values that are not known
	names   []string        // of the variables that there are
	quiet   bool            // a .env file has a mistake, and perhaps the variable
}

func (r references) expandDocument(root map[string]any) {
	if v, ok := root["infrastructure"]; ok {
		root["infrastructure"] = r.value(v, "infrastructure")
	}
	services, _ := root["services"].(map[string]any)
	for _, id := range sortedKeys(services) {
		if service, ok := services[id].(map[string]any); ok && service["params"] != nil {
			service["params"] = r.value(service["params"], join(join("services", id), "params"))
		}
	}
}

func (r references) value(v any, path string) any {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if v[key] == nil {
				r.empty(join(path, key), key)
			}
			v[key] = r.value(v[key], join(path, key))
		}
	case []any:
		for i := range v {
			v[i] = r.value(v[i], at(path, i))
		}
	case string:
		return r.text(v, path)
	}
	return v
}

func (r references) text(text, path string) string {
	// What a variable gives is a value, such as a password, and no more a source.
	if r.atlas.valueAt(path).Line == 0 || r.misread(text, path) {
		return text
	}
	r.doubtful(text, path)
	if !strings.Contains(text, "${") {
		return text
	}
	r.misreadInside(text, path)
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
		line := strings.Count(text[:m[0]], "\n") + 1
		column := utf8.RuneCountInString(text[strings.LastIndexByte(text[:m[0]], '\n')+1:m[0]]) + 1
		at := r.atlas.inside(path, line, column)
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
			r.unset[path] = true
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
func literal(value, path string) string {
	if strings.HasPrefix(path, "services") && (jinja.HasTemplate(value) || strings.HasSuffix(value, "\n")) {
		return "{{ '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "' }}"
	}
	return value
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
