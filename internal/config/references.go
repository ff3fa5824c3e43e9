package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// reference is ${NAME}, ${NAME:-default} or ${file:PATH}. "$${" stands for the literal
// "${", and "${{ … }}" is left alone with all that is in it: it belongs to other
// languages.
var reference = lazyregexp.New(`\$\{\{(?s:.*?)\}\}|\$\$\{|\$\{(?:file:((?:[^{}\-]|` + vocabulary.VariablePattern + `)(?:[^{}]|` + vocabulary.VariablePattern + `)*)|([A-Za-z_][A-Za-z0-9_]*)(:-([^{}]*))?)\}`)

// references replaces ${NAME} and ${file:PATH} in the params of the services and in
// the infrastructure, once: what a variable or a file has is not looked at again.
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
	for _, section := range r.tree.root.Pairs {
		at := &source.Trail{Key: section.Key}
		switch section.Key {
		case "infrastructure":
			r.expand(section.Value, at, false)
		case "services":
			for _, service := range section.Value.Pairs {
				params := &source.Trail{Above: &source.Trail{Above: at, Key: service.Key}, Key: "params"}
				r.expand(service.Value.Get("params"), params, false)
			}
		}
	}
}

// expand replaces the references in n, whose text stays as it was written. secret says
// that n stands below a key that is named like a secret.
func (r references) expand(n *source.Node, at *source.Trail, secret bool) {
	if n == nil {
		return
	}
	for _, p := range n.Pairs {
		inside := &source.Trail{Above: at, Key: p.Key}
		named := secretname.Resembles(p.Key)
		if named && p.Value.Kind == yaml.ScalarNode && p.Value.Value == nil {
			r.emptySecret(p.Value, inside)
		}
		r.expand(p.Value, inside, secret || named)
	}
	for i, item := range n.Items {
		r.expand(item, &source.Trail{Above: at, Item: i + 1}, secret)
	}
	// What a variable gives is a value, such as a password, and no more a source.
	if text, ok := n.Value.(string); ok && n.At.Line > 0 {
		n.Value = r.text(text, n, at, secret)
	}
}

func (r references) text(text string, n *source.Node, trail *source.Trail, secret bool) string {
	if r.misread(text, n, trail, secret) {
		return text
	}
	if secret {
		r.doubtful(text, n, trail)
	}
	if !strings.Contains(text, "${") {
		return text
	}
	path := trail.Path()
	r.misreadInside(text, n, path, secret)
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
			if secret || secretname.Is(name) {
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

var inServices = params.KeyStep("services")

// literal keeps a value from being a template in the params of a service, which would
// also lose a line break at its end.
func literal(value string, path params.Path) string {
	if path[0] == inServices && (jinja.HasTemplate(value) || strings.HasSuffix(value, "\n")) {
		return "{{ '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "' }}"
	}
	return value
}

// lookalikes are whole values that other programs would take for a reference. The
// name of a variable is in upper case here: $ecretPassw0rd and pa$$word are plain.
var lookalikes = []struct {
	form *lazyregexp.Regexp
	what string
}{
	{lazyregexp.New(`^\$([A-Z_][A-Z0-9_]+)$`), "looks like a reference to a variable, and is not one"},
	{lazyregexp.New(`^%([A-Z_][A-Z0-9_]+)%$`), "looks like a reference to a variable, and is not one"},
	{lazyregexp.New(`^(?i:\$env):([A-Za-z_][A-Za-z0-9_]*)$`), "looks like a reference to a variable, and is not one"},
	{lazyregexp.New(`(?s)^\$\((.*)\)$`), "looks like a command, and none is run here"},
	{lazyregexp.New(`^\$\{\s*([\w.:/ -]*)$`), "begins a reference without its closing }"},
	{lazyregexp.New(`(?s)^\$\{(.*)\}$`), "looks like a reference to a variable, and is not one"},
}

// quotesOfText are those of word processors that come in pairs.
const quotesOfText = "“”„‟‘’‚‛«»‹›"

// IfItIsTheValue is what to do about a value that is right as it is, though it looks
// like something else.
const IfItIsTheValue = "if this really is the value, put it into a variable or a file, whose content is taken as it is"

// misread reports a value that as a whole looks like a reference, and is not one. It
// would become the password, silently. What it shows of the value is a name, and of
// a secret only one that a variable has.
func (r references) misread(text string, n *source.Node, trail *source.Trail, secret bool) bool {
	value := strings.TrimSpace(text)
	first, size := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	if size < len(value) && strings.ContainsRune(quotesOfText, first) && strings.ContainsRune(quotesOfText, last) && secret {
		r.unset[trail.Path().String()] = true
		r.diags.ReportError(n.At, trail.Path(), "not-a-reference", `write "…" around it; `+IfItIsTheValue,
			"the value stands in typographic quotes, which would be a part of it")
		return true
	}
	if first != '$' && first != '%' { // as all lookalikes begin
		return false
	}
	for _, l := range lookalikes {
		m := l.form.FindStringSubmatch(value)
		if m == nil || strings.HasPrefix(value, "${") && !strings.HasPrefix(strings.TrimSpace(reference.ReplaceAllString(value, "")), "${") {
			continue
		}
		r.unset[trail.Path().String()] = true
		name, set := r.nameFor(m[1], secret)
		if set {
			r.secrets.names[text] = true
		}
		hint := fmt.Sprintf("write ${%s}; %s", name, IfItIsTheValue)
		if name == "NAME" {
			hint = "write ${NAME}, with the variable's own name; " + IfItIsTheValue
		}
		switch {
		case strings.HasPrefix(value, "$("):
			hint = "let it write into a file and write ${file:PATH}, or into a variable and write ${NAME}; " + IfItIsTheValue
		case strings.HasPrefix(value, "${file:"):
			hint = "write ${file:PATH}, with at most a ${NAME} in it; " + IfItIsTheValue
		case !set || strings.Contains(m[1], ":") && !strings.HasPrefix(m[1], "env:"):
			if d := otherDefault.FindStringSubmatch(value); d != nil && d[1] != "env" {
				hint = fmt.Sprintf("write ${%s:-%s}; %s", d[1], shownDefault(d[2], secret), IfItIsTheValue)
			}
		}
		r.diags.ReportError(n.At, trail.Path(), "not-a-reference", hint, "the value %s; it would be taken as it stands", l.what)
		return true
	}
	return false
}

// otherDefault is a variable with a default in the form of Spring, or of other shells.
var otherDefault = lazyregexp.New(`\$\{([A-Za-z_][A-Za-z0-9_]*)(?::=|:|=|-)([^-{}?+][^{}]*)\}`)

func shownDefault(text string, secret bool) string {
	if secret {
		return "default"
	}
	return text
}

// misreadInside warns of a default in another form within a longer text.
func (r references) misreadInside(text string, n *source.Node, path params.Path, secret bool) {
	rest := reference.ReplaceAllStringFunc(text, func(found string) string { return strings.Repeat("\x00", len(found)) })
	for _, m := range otherDefault.FindAllStringSubmatchIndex(rest, -1) {
		if name := rest[m[2]:m[3]]; name == "env" || name == "file" {
			continue
		}
		line, column := source.PlaceIn(text, m[0])
		r.diags.Warn(r.tree.inside(n, line, column), path, "not-a-reference",
			fmt.Sprintf("write ${%s:-%s}", rest[m[2]:m[3]], shownDefault(rest[m[4]:m[5]], secret)), "this looks like a reference to a variable, and is not one, so it is taken as it stands")
	}
}

var noName = lazyregexp.New(`[^A-Za-z0-9_]+`)

// nameFor is the variable that was probably meant, and whether there is one.
func (r references) nameFor(text string, secret bool) (name string, set bool) {
	text, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "env:"), ":")
	name = strings.Trim(noName.ReplaceAllString(text, "_"), "_")
	for _, candidate := range []string{name, strings.ToUpper(name)} {
		if _, set := r.lookup(candidate); set && candidate != "" {
			return candidate, true
		}
	}
	if name == "" || secret {
		return "NAME", false
	}
	return name, false
}

const (
	variableForm = "a variable of the environment is written ${NAME}"
	fileForm     = "what is in a file is written ${file:PATH}"
	noVault      = "secrets of other programs aren't asked for here: let them write a file and write ${file:PATH}, or set a variable and write ${NAME}"
)

// doubtfulForms are whole values of secrets that may be references of other programs,
// and may be passwords.
var doubtfulForms = []struct {
	form *lazyregexp.Regexp
	hint string
}{
	{lazyregexp.New(`^(?i:\$?file:).+`), fileForm},
	{lazyregexp.New(`^@/?[\w.-]*/[\w./-]+$`), fileForm},
	{lazyregexp.New(`^(?:/run/secrets|/run/credentials|/etc|~)/[\w./-]+$`), fileForm},
	{lazyregexp.New(`^(?i:env):[A-Za-z_]\w*$`), variableForm},
	{lazyregexp.New(`^\$ +\{.*\}$`), variableForm},
	{lazyregexp.New(`^\$\$?[A-Z_][A-Z0-9_]+[:}]?$`), variableForm},
	{lazyregexp.New(`^[%#@]\{[^{}]*\}$`), variableForm},
	{lazyregexp.New(`^\{[A-Za-z_]\w*\}$`), variableForm},
	{lazyregexp.New(`^<[A-Za-z_][\w -]*>$`), variableForm},
	{lazyregexp.New(`^__[A-Za-z0-9]\w*__$`), variableForm},
	{lazyregexp.New(`^!(?i:env|file|secret|vault)\s.+$`), variableForm + ", and " + fileForm},
	{lazyregexp.New("^`.*`$"), "no command is run here: let it write a file and write ${file:PATH}, or set a variable and write ${NAME}"},
	{lazyregexp.New(`^(?i:op|vault|secret|secretref|keyring|keychain|pass|bw|bitwarden|aws|awssm|gcp|gcpsm|azure|akv|doppler|sops|infisical|ref\+\w+)://\S+$`), noVault},
	{lazyregexp.New(`^(?i:vault|awssm|gcpsm|akv|sops|keyring):\S+$`), noVault},
}

var nameOfVariable = lazyregexp.New(`^\$?([A-Za-z_]\w{2,})$`)

// doubtful warns of a secret that would be taken as it stands, though other programs
// put another value in its place. A password of such a form keeps working.
func (r references) doubtful(text string, n *source.Node, trail *source.Trail) {
	value := strings.TrimSpace(text)
	if strings.HasPrefix(value, "$${") {
		return
	}
	hint := ""
	for _, d := range doubtfulForms {
		if hint == "" && d.form.MatchString(value) {
			hint = d.hint
		}
	}
	if m := nameOfVariable.FindStringSubmatch(value); m != nil && hint == "" && r.isVariable(m[1]) {
		hint = "there is a variable of this name: " + variableForm
	}
	if hint != "" {
		r.diags.Warn(n.At, trail.Path(), "not-a-reference", hint+"; "+IfItIsTheValue, "the value looks like a reference, and is not one, so it is taken as it stands")
	}
}

func (r references) isVariable(name string) bool {
	for _, name := range []string{name, strings.ToUpper(name)} {
		if held, set := r.lookup(name); set && held != "" {
			return true
		}
	}
	return false
}

// swallowed is the beginning of a value that YAML takes for something else. What
// begins with # is found by what a param is declared to be, in the check.
var swallowed = lazyregexp.New(`^["']?\s*:\s+&\S+\s*$`)

// emptySecret reports a secret of which nothing is left, since it begins with &.
func (r references) emptySecret(n *source.Node, trail *source.Trail) {
	behind := []rune(r.tree.line(n.Key))
	behind = behind[min(max(n.Key.Column-1, 0), len(behind)):]
	_, rest, _ := strings.Cut(string(behind), trail.Key)
	if path := trail.Path(); swallowed.MatchString(rest) {
		r.unset[path.String()] = true
		r.diags.ReportError(n.Key, path, "empty-value", "write the value in quotes", "the value is empty, because & begins an anchor in YAML")
	}
}
