package params

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Path leads from the params, or from a whole configuration, to a value inside. The
// empty Path leads to the whole.
type Path []Step

// Step is one step of a [Path]: the key of a mapping or the index of a list.
type Step struct {
	key   string
	index int // one more than the index, and 0 for a key, so that the zero Step is the key ""
}

// KeyStep returns the step to a key of a mapping. Any text is a key, even "".
func KeyStep(key string) Step { return Step{key: key} }

// IndexStep returns the step to an element of a list, counted from 0.
func IndexStep(i int) Step { return Step{index: i + 1} }

// Key returns the key, and whether s leads to a key of a mapping.
func (s Step) Key() (key string, ok bool) { return s.key, s.index == 0 }

// Index returns the index, and whether s leads to an element of a list.
func (s Step) Index() (i int, ok bool) { return s.index - 1, s.index > 0 }

// String writes s as the only step of a path: "subject" or "[2]".
func (s Step) String() string { return Path{s}.String() }

// Keys returns the path that leads through mappings by these keys, the outermost first.
func Keys(keys ...string) Path {
	p := make(Path, len(keys))
	for i, key := range keys {
		p[i] = KeyStep(key)
	}
	return p
}

// Key returns the path to a key of the mapping at p. It doesn't change p.
func (p Path) Key(key string) Path { return append(slices.Clip(p), KeyStep(key)) }

// Index returns the path to element i of the list at p, counted from 0. It doesn't
// change p.
func (p Path) Index(i int) Path { return append(slices.Clip(p), IndexStep(i)) }

// Join returns the path that leads along p and from there along rest. It changes
// neither.
func (p Path) Join(rest Path) Path { return append(slices.Clip(p), rest...) }

// Parent returns p without its last step. The parent of the empty path is the empty path.
func (p Path) Parent() Path {
	if len(p) == 0 {
		return p
	}
	return p[:len(p)-1]
}

// Last returns the last step, and false for the empty path.
func (p Path) Last() (s Step, ok bool) {
	if len(p) == 0 {
		return Step{}, false
	}
	return p[len(p)-1], true
}

// LastKey returns the key that the last step leads to, and "" if it leads to an
// element of a list or p is empty.
func (p Path) LastKey() string {
	last, _ := p.Last()
	return last.key
}

// HasPrefix reports whether p begins with the steps of above: whether p leads to the
// same place or to one inside it.
func (p Path) HasPrefix(above Path) bool {
	return len(p) >= len(above) && slices.Equal(p[:len(above)], above)
}

// Equal reports whether both paths have the same steps.
func (p Path) Equal(other Path) bool { return slices.Equal(p, other) }

// Compare orders paths by their steps: keys by their bytes, elements by their index,
// keys before elements, and a path before those that continue it. It returns a negative
// number, 0 or a positive number, as slices.SortFunc wants it.
func (p Path) Compare(other Path) int { return slices.CompareFunc(p, other, Step.compare) }

func (s Step) compare(other Step) int {
	if s.index != other.index {
		if s.index < other.index {
			return -1
		}
		return 1
	}
	return strings.Compare(s.key, other.key)
}

// String writes p as in "note.subject" and "steps[2].id". A key that would make this
// ambiguous is written in brackets and Go's quotes: fields["a.b"]. No two paths are
// written alike, and [ParsePath] reads each back.
func (p Path) String() string {
	switch {
	case len(p) == 0:
		return ""
	case len(p) == 1 && p[0].index == 0 && isPlainKey(p[0].key):
		return p[0].key
	}
	text := make([]byte, 0, 48)
	for i, s := range p {
		switch {
		case s.index > 0:
			text = append(text, '[')
			text = strconv.AppendInt(text, int64(s.index-1), 10)
			text = append(text, ']')
		case isPlainKey(s.key):
			if i > 0 {
				text = append(text, '.')
			}
			text = append(text, s.key...)
		default:
			text = append(text, '[')
			text = strconv.AppendQuote(text, s.key)
			text = append(text, ']')
		}
	}
	return string(text)
}

// isPlainKey is true for a key that needs no quotes. Control characters and what is
// not UTF-8 would not survive the ways that a path takes, such as JSON and a terminal.
func isPlainKey(key string) bool {
	return key != "" && !strings.ContainsAny(key, ".[]\": \t") && strings.IndexFunc(key, unicode.IsControl) < 0 && utf8.ValidString(key)
}

// ParsePath reads what [Path.String] writes. It also accepts keys without quotes
// that String would quote, as long as they contain no dot and no bracket. "" is the
// empty path.
func ParsePath(text string) (Path, error) {
	var p Path
	for rest := text; rest != ""; {
		var s Step
		var err error
		if rest[0] == '[' {
			s, rest, err = parseBrackets(rest)
		} else {
			s, rest, err = parsePlain(rest, len(p) > 0)
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a path: %w", text, err)
		}
		p = append(p, s)
	}
	return p, nil
}

// parsePlain reads the key that text begins with, after a dot where it is not the
// first.
func parsePlain(text string, dotted bool) (s Step, rest string, err error) {
	if dotted {
		var ok bool
		if text, ok = strings.CutPrefix(text, "."); !ok {
			return s, "", fmt.Errorf("a dot or a bracket is missing before %q", text)
		}
	}
	end := strings.IndexAny(text, ".[]")
	if end < 0 {
		end = len(text)
	}
	switch {
	case end == 0:
		return s, "", fmt.Errorf("a key is missing before %q", text)
	case end < len(text) && text[end] == ']':
		return s, "", fmt.Errorf("a bracket is closed that was not opened at %q", text[end:])
	}
	return KeyStep(text[:end]), text[end:], nil
}

// parseBrackets reads the [2] or ["key"] that text begins with.
func parseBrackets(text string) (s Step, rest string, err error) {
	inner := text[1:]
	if strings.HasPrefix(inner, `"`) {
		quoted, err := strconv.QuotedPrefix(inner)
		if err != nil {
			return s, "", fmt.Errorf("the quotes are not closed at %q", inner)
		}
		key, err := strconv.Unquote(quoted)
		if err != nil {
			return s, "", fmt.Errorf("%s can't be read: %w", quoted, err)
		}
		rest, closed := strings.CutPrefix(inner[len(quoted):], "]")
		if !closed {
			return s, "", fmt.Errorf("the bracket is not closed at %q", text)
		}
		return KeyStep(key), rest, nil
	}
	digits, rest, closed := strings.Cut(inner, "]")
	if !closed {
		return s, "", fmt.Errorf("the bracket is not closed at %q", text)
	}
	i, err := strconv.Atoi(digits)
	if err != nil || i < 0 || strconv.Itoa(i) != digits {
		return s, "", fmt.Errorf("%q is neither an index nor a key in quotes", digits)
	}
	return IndexStep(i), rest, nil
}

// MarshalText writes p as [Path.String] does.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what [Path.MarshalText] writes.
func (p *Path) UnmarshalText(text []byte) error {
	parsed, err := ParsePath(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}
