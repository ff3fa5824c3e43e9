package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// lookalikes are whole values that other programs would take for a reference. The
// name of a variable is in upper case here: $ecretPassw0rd and pa$$word are plain.
var lookalikes = []struct {
	form *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`^\$([A-Z_][A-Z0-9_]+)$`), "looks like a reference to a variable and is none"},
	{regexp.MustCompile(`^%([A-Z_][A-Z0-9_]+)%$`), "looks like a reference to a variable and is none"},
	{regexp.MustCompile(`^(?i:\$env):([A-Za-z_][A-Za-z0-9_]*)$`), "looks like a reference to a variable and is none"},
	{regexp.MustCompile(`(?s)^\$\((.*)\)$`), "looks like a command, and none is run here"},
	{regexp.MustCompile(`^\$\{\s*([\w.:/ -]*)$`), "begins a reference without its closing }"},
	{regexp.MustCompile(`(?s)^\$\{(.*)\}$`), "looks like a reference to a variable and is none"},
}

// quotesOfText are those of word processors that come in pairs.
const quotesOfText = "“”„‟‘’‚‛«»‹›"

const ifItIsTheValue = "if this really is the value, put it into a variable or a file, whose content is taken as it is"

// misread reports a value that as a whole looks like a reference and is none. It
// would become the password, silently. What it shows of the value is a name, and of
// a secret only one that a variable has.
func (r references) misread(text, path string) bool {
	value := strings.TrimSpace(text)
	where := r.atlas.valueAt(path)
	first, size := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	if size < len(value) && strings.ContainsRune(quotesOfText, first) && strings.ContainsRune(quotesOfText, last) && secretPath(path) {
		r.unset[path] = true
		r.found.err(where, path, "not-a-reference", `write "…" around it; `+ifItIsTheValue,
			"the value stands in typographic quotes, which would be a part of it")
		return true
	}
	for _, l := range lookalikes {
		m := l.form.FindStringSubmatch(value)
		if m == nil || strings.HasPrefix(value, "${") && !strings.HasPrefix(strings.TrimSpace(reference.ReplaceAllString(value, "")), "${") {
			continue
		}
		r.unset[path] = true
		name, set := r.nameFor(m[1], path)
		if set {
			r.secrets.names[text] = true
		}
		hint := fmt.Sprintf("write ${%s}; %s", name, ifItIsTheValue)
		if name == "NAME" {
			hint = "write ${NAME}, with the variable's own name; " + ifItIsTheValue
		}
		switch {
		case strings.HasPrefix(value, "$("):
			hint = "let it write into a file and write ${file:PATH}, or into a variable and write ${NAME}; " + ifItIsTheValue
		case strings.HasPrefix(value, "${file:"):
			hint = "write ${file:PATH}, with at most a ${NAME} in it; " + ifItIsTheValue
		}
		r.found.err(where, path, "not-a-reference", hint, "the value %s; it would be taken as it stands", l.what)
		return true
	}
	return false
}

var noName = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// nameFor is the variable that was probably meant, and whether there is one.
func (r references) nameFor(text, path string) (name string, set bool) {
	text, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "env:"), ":")
	name = strings.Trim(noName.ReplaceAllString(text, "_"), "_")
	for _, candidate := range []string{name, strings.ToUpper(name)} {
		if _, set := r.lookup(candidate); set && candidate != "" {
			return candidate, true
		}
	}
	if name == "" || secretPath(path) {
		return "NAME", false
	}
	return name, false
}
