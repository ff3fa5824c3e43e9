package config

import (
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

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
func (r references) doubtful(text string, n *source.Node, path params.Path) {
	value := strings.TrimSpace(text)
	if !secretname.Below(path) || strings.HasPrefix(value, "$${") {
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
		r.diags.Warn(n.At, path, "not-a-reference", hint+"; "+IfItIsTheValue, "the value looks like a reference and is none, so it is taken as it stands")
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

// empty reports a secret of which nothing is left, since it begins with &.
func (r references) empty(n *source.Node, path params.Path, key string) {
	if !secretname.Resembles(key) {
		return
	}
	behind := []rune(r.tree.line(n.Key))
	behind = behind[min(max(n.Key.Column-1, 0), len(behind)):]
	_, rest, _ := strings.Cut(string(behind), key)
	if swallowed.MatchString(rest) {
		r.unset[path.String()] = true
		r.diags.ReportError(n.Key, path, "empty-value", "write the value in quotes", "the value is empty, because & begins an anchor in YAML")
	}
}
