package format

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// Brace is Python's str.format. Of attributes only those of numbers can be
// read in it; elements can: "{ticket[id]}". With escape it escapes the values, as
// the formats of escaped text do.
func Brace(meter *budget.Budget, format string, a value.Args, escape bool) (any, error) {
	f := brace{meter: meter, args: a, escape: escape}
	s, err := f.format(format, 0)
	return s, err
}

// BraceMap is Brace with the values by name from a mapping.
func BraceMap(meter *budget.Budget, format string, mapping any, escape bool) (any, error) {
	f := brace{meter: meter, mapping: mapping, escape: escape}
	s, err := f.format(format, 0)
	return s, err
}

type brace struct {
	meter   *budget.Budget
	args    value.Args
	mapping any // of the names, instead of args
	next    int // the next place without a number
	counts  numbering
	escape  bool
}

// numbering is how the places of a format are numbered; the two don't mix.
type numbering byte

const (
	unknown numbering = iota
	automatic
	manual
)

func (f *brace) format(format string, depth int) (string, error) {
	if depth > 1 {
		return "", errors.New("places in the format are nested too deep")
	}
	var b strings.Builder
	for rest := format; rest != ""; {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		c := rest[i]
		if value.ByteAt(rest, i+1) == c {
			b.WriteByte(c)
			rest = rest[i+2:]
			continue
		}
		if c == '}' {
			return "", errors.New("the format has a single }: write }}")
		}
		end := closing(rest[i:], '{', '}')
		if end < 0 {
			return "", errors.New("the format has a single {: write {{")
		}
		s, err := f.place(rest[i+1:i+end], depth)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
		rest = rest[i+end+1:]
		if err := f.meter.Grow(len(s)); err != nil {
			return "", err
		}
	}
	return b.String(), f.meter.Grow(len(format))
}

// closing is the offset of the end mark that belongs to the mark at the start, or -1.
func closing(s string, mark, end byte) int {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case mark:
			open++
		case end:
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

// place formats one "name!conversion:specification".
func (f *brace) place(place string, depth int) (string, error) {
	end := strings.IndexAny(place, "!:")
	if i := strings.IndexByte(place, '['); i >= 0 && i < end {
		if j := strings.IndexByte(place[i:], ']'); j >= 0 {
			if end = strings.IndexAny(place[i+j:], "!:"); end >= 0 {
				end += i + j
			}
		}
	}
	name, spec, conversion := place, "", byte(0)
	if end >= 0 {
		name, spec = place[:end], place[end+1:]
		if place[end] == '!' {
			if spec == "" || len(spec) > 1 && spec[1] != ':' {
				return "", errors.New(`the conversion in the format is one letter, then ":" or the end`)
			}
			conversion, spec = spec[0], strings.TrimPrefix(spec[1:], ":")
		}
	}
	v, err := f.value(name)
	if err != nil {
		return "", err
	}
	if v, err = f.converted(v, conversion); err != nil {
		return "", err
	}
	if strings.ContainsAny(spec, "{}") {
		inner := brace{meter: f.meter, args: f.args, mapping: f.mapping, next: f.next, counts: f.counts}
		if spec, err = inner.format(spec, depth+1); err != nil {
			return "", err
		}
		f.next, f.counts = inner.next, inner.counts
	}
	s, err := f.laidOut(v, spec)
	if err != nil || !f.escape {
		return s, err
	}
	if _, safe := v.(value.Markup); safe {
		if spec != "" {
			return "", errors.New("escaped text takes no format")
		}
		return s, nil
	}
	return value.EscapeHTML(s), nil
}

func (f *brace) converted(v any, conversion byte) (any, error) {
	switch conversion {
	case 0:
		return v, nil
	case 's':
		return value.Text(f.meter, v)
	case 'r':
		return value.Repr(f.meter, v)
	case 'a':
		s, err := value.Repr(f.meter, v)
		return value.ASCII(s), err
	}
	return nil, position.Errorf("%s is not a conversion in a format", position.Quote{Text: string(conversion)})
}

func (f *brace) laidOut(v any, spec string) (string, error) {
	if spec == "" {
		return value.Text(f.meter, v)
	}
	parsed, err := parseSpec(spec)
	if err != nil {
		return "", err
	}
	return formatValue(f.meter, v, parsed)
}

// value is the argument that a place names, with its elements: "0", "name[key]".
func (f *brace) value(name string) (any, error) {
	rest := ""
	if end := strings.IndexAny(name, ".["); end >= 0 {
		name, rest = name[:end], name[end:]
	}
	v, err := f.argument(name)
	for rest != "" && err == nil {
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			v, err = f.attribute(v, rest[1:end])
			rest = rest[end:]
			continue
		}
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 0 {
			return nil, errors.New("the format has a [ without ], or something behind a ]")
		}
		v, err = f.element(v, rest[1:end])
		rest = rest[end+1:]
	}
	return v, err
}

func (f *brace) attribute(v any, name string) (any, error) {
	if a, ok := value.NumberAttribute(v, name); ok {
		return a, nil
	}
	return nil, position.Errorf("the attribute %s can't be read in a format: pass it as an argument", position.Quote{Text: name})
}

func (f *brace) element(v any, key string) (any, error) {
	if key == "" {
		return nil, errors.New("the format has empty brackets")
	}
	var k any = key
	if i, ok := value.PathIndex(key); ok {
		k = i
	}
	found, ok, err := value.Element(v, k)
	if err == nil && !ok {
		err = position.Errorf("the format needs %s, which is not there", position.Quote{Text: key})
	}
	return found, err
}

func (f *brace) argument(name string) (any, error) {
	i, numbered := value.PathIndex(name)
	if name == "" || numbered {
		counts := manual
		if name == "" {
			i, counts = int64(f.next), automatic
			f.next++
		}
		if f.counts != unknown && f.counts != counts {
			return nil, errors.New("the format has places with and without a number")
		}
		f.counts = counts
		if f.mapping != nil {
			return nil, errors.New("the format has numbered places, the values have names")
		}
		if i >= int64(len(f.args.Values)) {
			return nil, errors.New("the format has more places than there are values")
		}
		return f.args.Values[i], nil
	}
	if f.mapping != nil {
		v, ok, err := named(f.mapping, name)
		if err == nil && !ok {
			err = position.Errorf("the format needs %s, which is not given", position.Quote{Text: name})
		}
		return v, err
	}
	v, ok := value.CallArgs{Named: f.args.Named}.ByName(name)
	if !ok {
		return nil, position.Errorf("the format needs %s, which is not given", position.Quote{Text: name})
	}
	return v, nil
}

// named is value.Member for a value that may not be a mapping.
func named(v any, name string) (any, bool, error) {
	if !value.IsMapping(v) {
		return nil, false, fmt.Errorf("format_map takes a mapping, not %s", value.WithArticle(value.TypeName(v)))
	}
	return value.Member(v, name)
}
