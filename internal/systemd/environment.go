package systemd

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrForm is the end of [Environment] where a line isn't in its form.
var ErrForm = errors.New("not in the form of an environment file")

// Environment reads a file as EnvironmentFile= of a unit does: a NAME=value on each line. Quotation
// marks are such only where the value, or a further part of it, begins: later ones belong to the value,
// as in a password. Nothing is put in for a dollar sign. What systemd passes over, such as a line
// without a name, and a mark that isn't closed are errors here, since nobody means them. Values in
// the errors would be secrets, so they name the line alone.
func Environment(text string) (list []string, err error) {
	r := environmentReader{text: text, line: 1}
	for {
		r.skip(blank + lineEnds)
		if r.text == "" {
			return list, nil
		}
		if strings.IndexByte("#;", r.text[0]) >= 0 {
			r.until(lineEnds)
			continue
		}
		at := r.line
		name, found := r.until("="+lineEnds), strings.HasPrefix(r.text, "=")
		if name = strings.TrimRight(name, blank); !found || !isName(name) {
			return nil, fmt.Errorf("%w: line %d is not NAME=value", ErrForm, at)
		}
		r.next()
		value, closed := r.value()
		switch {
		case !closed:
			return nil, fmt.Errorf("%w: line %d has a quotation mark that isn't closed", ErrForm, at)
		case !utf8.ValidString(value):
			return nil, fmt.Errorf("%w: the value of line %d is not UTF-8 text", ErrForm, at)
		case strings.ContainsRune(value, 0):
			return nil, fmt.Errorf("%w: the value of line %d has a NUL", ErrForm, at)
		}
		list = append(list, name+"="+value)
	}
}

const (
	blank    = " \t"
	lineEnds = "\r\n" // each is one
)

// environmentReader has what isn't read yet.
type environmentReader struct {
	text string
	line int
}

func (r *environmentReader) next() byte {
	c := r.text[0]
	r.text = r.text[1:]
	if c == '\n' {
		r.line++
	}
	return c
}

func (r *environmentReader) skip(set string) {
	for r.text != "" && strings.IndexByte(set, r.text[0]) >= 0 {
		r.next()
	}
}

// until returns what comes before one of set.
func (r *environmentReader) until(set string) string {
	n := strings.IndexAny(r.text, set)
	if n < 0 {
		n = len(r.text)
	}
	before := r.text[:n]
	r.text = r.text[n:]
	return before
}

// value reads to the end of the line, or of the last one where a backslash or a quotation mark goes
// on in the next.
func (r *environmentReader) value() (value string, closed bool) {
	var b strings.Builder
	for {
		r.skip(blank)
		if r.text == "" || strings.IndexByte(lineEnds, r.text[0]) >= 0 {
			return b.String(), true
		}
		switch r.text[0] {
		case '\'':
			r.next()
			b.WriteString(r.quoted("'"))
		case '"':
			r.next()
			for b.WriteString(r.quoted(`"\`)); strings.HasPrefix(r.text, `\`); b.WriteString(r.quoted(`"\`)) {
				r.next()
				r.escapedInQuotes(&b)
			}
		default:
			r.plain(&b)
			return b.String(), true
		}
		if r.text == "" {
			return "", false
		}
		r.next() // the closing mark
	}
}

// quoted is what comes before one of set, which line it may be on.
func (r *environmentReader) quoted(set string) string {
	text := r.until(set)
	r.line += strings.Count(text, "\n")
	return text
}

func (r *environmentReader) escapedInQuotes(b *strings.Builder) {
	if r.text == "" {
		return
	}
	c := r.next()
	if c == '\n' {
		return
	}
	if strings.IndexByte("\"\\`$", c) < 0 {
		b.WriteByte('\\') // it stands for itself
	}
	b.WriteByte(c)
}

// plain reads a value, or the rest of one, that isn't quoted. Blanks at its end don't belong to it.
func (r *environmentReader) plain(b *strings.Builder) {
	kept := b.Len() // at least
	text := []byte(b.String())
	for r.text != "" && strings.IndexByte(lineEnds, r.text[0]) < 0 {
		c := r.next()
		escaped := c == '\\'
		if escaped {
			if r.text == "" {
				break
			}
			if c = r.next(); strings.IndexByte(lineEnds, c) >= 0 {
				kept = len(text) // and the next line belongs to it
				continue
			}
		}
		if text = append(text, c); escaped || strings.IndexByte(blank, c) < 0 {
			kept = len(text)
		}
	}
	b.Reset()
	b.Write(text[:kept])
}

func isName(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
