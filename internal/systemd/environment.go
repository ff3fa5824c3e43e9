package systemd

import (
	"errors"
	"fmt"
	"strings"
)

// ErrForm is the end of [Environment] where a line isn't in its form.
var ErrForm = errors.New("not in the form of an environment file")

// Environment reads a file as EnvironmentFile= of a unit does: a NAME=value on each line, with
// quotation marks as in a shell, but nothing is put in for a dollar sign. Values in the errors would
// be secrets, so they name the line alone.
func Environment(text string) (list []string, err error) {
	lines := strings.Split(text, "\n")
	for n := 0; n < len(lines); n++ {
		at, line := n+1, strings.TrimSpace(lines[n])
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		for strings.HasSuffix(line, `\`) && n+1 < len(lines) {
			n++
			line = line[:len(line)-1] + strings.TrimSpace(lines[n])
		}
		name, value, found := strings.Cut(line, "=")
		if !found || !isName(name) {
			return nil, fmt.Errorf("%w: line %d is not NAME=value", ErrForm, at)
		}
		value, closed := unquote(strings.TrimSpace(value))
		if !closed {
			return nil, fmt.Errorf("%w: line %d has a quotation mark that isn't closed", ErrForm, at)
		}
		list = append(list, name+"="+value)
	}
	return list, nil
}

func isName(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// unquote takes away quotation marks and backslashes, and reports whether the last one is closed.
func unquote(text string) (value string, closed bool) {
	var b strings.Builder
	quote := rune(0)
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			if quote == '"' && !strings.ContainsRune("\"\\`$", r) {
				b.WriteByte('\\') // it stands for itself
			}
			b.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case r == quote:
			quote = 0
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), quote == 0
}
