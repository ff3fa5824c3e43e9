package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The severities of a [Problem]. An advice is about what is right and could be
// better.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
	SeverityAdvice  = "advice"
)

// Problem is one thing that is wrong with a configuration. A Line of 0 means that
// File names an environment variable. Code is stable; Message and Hint are for
// people.
type Problem struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Path     string `json:"path"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
}

// String is one line: "file:line:column: key.path: what is wrong (hint)".
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
		}
		b.WriteString(": ")
	}
	if p.Severity == SeverityWarning || p.Severity == SeverityAdvice {
		b.WriteString(p.Severity + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems are sorted by file and position.
type Problems []Problem

// Error has one line for each problem, warnings included.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// HasErrors reports whether anything is worse than a warning.
func (ps Problems) HasErrors() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == SeverityError })
}

// OnlyAdvice reports whether there is neither an error nor a warning.
func (ps Problems) OnlyAdvice() bool {
	return !slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity != SeverityAdvice })
}

// And returns the problems of both, sorted, each once.
func (ps Problems) And(more Problems) Problems {
	all := slices.Concat(ps, more)
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.Compact(all)
}

// Excerpt shows the problem's line with a caret below its column, or "" when the
// line isn't in sources. Values that look secret are not shown.
func (p Problem) Excerpt(sources []Source) string {
	for _, s := range sources {
		if s.Name != p.File || p.Line < 1 {
			continue
		}
		lines := splitLines(s.Data)
		if p.Line > len(lines) || p.insideSecret(lines[p.Line-1]) {
			return ""
		}
		line := hideSecrets(lines[p.Line-1])
		column := max(0, min(p.Column-1, utf8.RuneCountInString(line)))
		line, column = window(line, column)
		margin := []rune(line)[:column]
		for i, r := range margin {
			if r != '\t' {
				margin[i] = ' '
			}
		}
		return fmt.Sprintf("%5d | %s\n      | %s^\n", p.Line, line, string(margin))
	}
	return ""
}

// insideSecret is true for a line of a secret's value that doesn't have its key.
func (p Problem) insideSecret(line string) bool {
	for _, step := range pathStep.FindAllString(p.Path, -1) {
		if key := strings.Trim(step, `"`); looksSecret(key) && !strings.Contains(line, key) {
			return true
		}
	}
	return false
}

// keyInLine is a key with the beginning of what it holds.
var keyInLine = regexp.MustCompile(`([\p{L}\d_-]+)["']?\s*:\s*`)

// wholeScalar is a value that certainly ends in the line.
var wholeScalar = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,{}\[\]"'|>&*!%@]+)(\s*(?:[,}\]]|$))`)

// hideSecrets blots out what a key named like a secret holds. It reads the text
// only, because the line may be the one that is no valid YAML: where it is not
// clear how far the secret goes, the rest of the line is left out.
func hideSecrets(line string) string {
	var out strings.Builder
	for line != "" {
		m := keyInLine.FindStringSubmatchIndex(line)
		if m == nil {
			break
		}
		out.WriteString(line[:m[1]])
		key, rest := line[m[2]:m[3]], line[m[1]:]
		switch scalar := wholeScalar.FindStringSubmatchIndex(rest); {
		case !looksSecret(key) || rest == "":
		case scalar == nil:
			return out.String() + "***"
		default:
			out.WriteString("***")
			rest = rest[scalar[2]:]
		}
		line = rest
	}
	out.WriteString(line)
	return out.String()
}

// excerptWidth is how much of a line is shown, in characters.
const excerptWidth = 200

// window cuts a very long line down to what is around column.
func window(line string, column int) (string, int) {
	runes := []rune(line)
	if len(runes) <= excerptWidth {
		return line, column
	}
	from := max(0, min(column-excerptWidth/2, len(runes)-excerptWidth))
	return string(runes[from : from+excerptWidth]), column - from
}

// findings collects problems on the way.
type findings struct {
	list Problems
	// notes are warnings about what is in the current form, and so nothing that
	// [Upgrade] changes.
	notes Problems
}

func (f *findings) note(at Position, path, code, hint, format string, args ...any) {
	var one findings
	one.warn(at, path, code, hint, format, args...)
	f.notes = append(f.notes, one.list...)
}

func (f *findings) err(at Position, path, code, hint, format string, args ...any) {
	f.add(SeverityError, at, path, code, hint, fmt.Sprintf(format, args...))
}

func (f *findings) warn(at Position, path, code, hint, format string, args ...any) {
	f.add(SeverityWarning, at, path, code, hint, fmt.Sprintf(format, args...))
}

func (f *findings) add(severity string, at Position, path, code, hint, message string) {
	f.list = append(f.list, Problem{
		File: at.File, Line: at.Line, Column: at.Column, Path: path,
		Severity: severity, Code: code, Message: message, Hint: hint,
	})
}

// consequences are the codes of what may be wrong with a text only because of a
// character in it that nobody sees.
var consequences = []string{"bad-param", "bad-value", "wrong-type", "unknown-use", "unknown-service", "template-syntax", "bad-variable"}

// causes is a list in which what an oddity explains is replaced by the oddity, as an
// error. An oddity that is known here to be something worse is taken out of odd.
func causes(list Problems, odd map[string]Problem) Problems {
	var out Problems
	for _, p := range list {
		cause, ok := odd[p.Path]
		switch {
		case ok && p.Severity == SeverityError && slices.Contains(consequences, p.Code):
			cause.Severity = SeverityError
			odd[p.Path] = cause
			out = append(out, cause)
		case ok && p.Severity == SeverityError:
			delete(odd, p.Path)
			out = append(out, p)
		default:
			out = append(out, p)
		}
	}
	return out
}

// sorted returns what was found without the secrets.
func (f *findings) sorted(s *secrets) Problems {
	out := f.notes.And(f.list)
	for i := range out {
		out[i].Message = s.Text(out[i].Message)
		out[i].Hint = s.Text(out[i].Hint)
	}
	return out
}
