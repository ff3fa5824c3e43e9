package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// lookalikes are whole values that other programs would take for a reference. The
// name of a variable is in upper case here: $ecretPassw0rd and pa$$word are plain.
var lookalikes = []struct {
	form *lazyregexp.Regexp
	what string
}{
	{lazyregexp.New(`^\$([A-Z_][A-Z0-9_]+)$`), "looks like a reference to a variable and is none"},
	{lazyregexp.New(`^%([A-Z_][A-Z0-9_]+)%$`), "looks like a reference to a variable and is none"},
	{lazyregexp.New(`^(?i:\$env):([A-Za-z_][A-Za-z0-9_]*)$`), "looks like a reference to a variable and is none"},
	{lazyregexp.New(`(?s)^\$\((.*)\)$`), "looks like a command, and none is run here"},
	{lazyregexp.New(`^\$\{\s*([\w.:/ -]*)$`), "begins a reference without its closing }"},
	{lazyregexp.New(`(?s)^\$\{(.*)\}$`), "looks like a reference to a variable and is none"},
}

// quotesOfText are those of word processors that come in pairs.
const quotesOfText = "“”„‟‘’‚‛«»‹›"

// IfItIsTheValue is what to do about a value that is right as it is, though it looks
// like something else.
const IfItIsTheValue = "if this really is the value, put it into a variable or a file, whose content is taken as it is"

// misread reports a value that as a whole looks like a reference and is none. It
// would become the password, silently. What it shows of the value is a name, and of
// a secret only one that a variable has.
func (r references) misread(text string, n *source.Node, path params.Path) bool {
	value := strings.TrimSpace(text)
	first, size := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	if size < len(value) && strings.ContainsRune(quotesOfText, first) && strings.ContainsRune(quotesOfText, last) && secretname.Below(path) {
		r.unset[path.String()] = true
		r.diags.ReportError(n.At, path, "not-a-reference", `write "…" around it; `+IfItIsTheValue,
			"the value stands in typographic quotes, which would be a part of it")
		return true
	}
	for _, l := range lookalikes {
		m := l.form.FindStringSubmatch(value)
		if m == nil || strings.HasPrefix(value, "${") && !strings.HasPrefix(strings.TrimSpace(reference.ReplaceAllString(value, "")), "${") {
			continue
		}
		r.unset[path.String()] = true
		name, set := r.nameFor(m[1], path)
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
				hint = fmt.Sprintf("write ${%s:-%s}; %s", d[1], shownDefault(path, d[2]), IfItIsTheValue)
			}
		}
		r.diags.ReportError(n.At, path, "not-a-reference", hint, "the value %s; it would be taken as it stands", l.what)
		return true
	}
	return false
}

// otherDefault is a variable with a default in the form of Spring, or of other shells.
var otherDefault = lazyregexp.New(`\$\{([A-Za-z_][A-Za-z0-9_]*)(?::=|:|=|-)([^-{}?+][^{}]*)\}`)

func shownDefault(path params.Path, text string) string {
	if secretname.Below(path) {
		return "default"
	}
	return text
}

// misreadInside warns of a default in another form within a longer text.
func (r references) misreadInside(text string, n *source.Node, path params.Path) {
	rest := reference.ReplaceAllStringFunc(text, func(found string) string { return strings.Repeat("\x00", len(found)) })
	for _, m := range otherDefault.FindAllStringSubmatchIndex(rest, -1) {
		if name := rest[m[2]:m[3]]; name == "env" || name == "file" {
			continue
		}
		line, column := source.PlaceIn(text, m[0])
		r.diags.Warn(r.tree.inside(n, line, column), path, "not-a-reference",
			fmt.Sprintf("write ${%s:-%s}", rest[m[2]:m[3]], shownDefault(path, rest[m[4]:m[5]])), "this looks like a reference to a variable and is none, so it is taken as it stands")
	}
}

var noName = lazyregexp.New(`[^A-Za-z0-9_]+`)

// nameFor is the variable that was probably meant, and whether there is one.
func (r references) nameFor(text string, path params.Path) (name string, set bool) {
	text, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "env:"), ":")
	name = strings.Trim(noName.ReplaceAllString(text, "_"), "_")
	for _, candidate := range []string{name, strings.ToUpper(name)} {
		if _, set := r.lookup(candidate); set && candidate != "" {
			return candidate, true
		}
	}
	if name == "" || secretname.Below(path) {
		return "NAME", false
	}
	return name, false
}
