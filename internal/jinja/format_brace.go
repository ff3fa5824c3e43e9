package jinja

import (
	"errors"
	"fmt"
	"strings"
)

// braceFormat is Python's str.format. Attributes of values can't be read in it,
// elements can: "{ticket[id]}".
func (r *run) braceFormat(format string, a args) (any, error) {
	f := brace{r: r, args: a}
	s, err := f.format(format, 0)
	return s, err
}

type brace struct {
	r    *run
	args args
	next int // of the places without a number
}

func (f *brace) format(format string, depth int) (string, error) {
	var b strings.Builder
	for rest := format; rest != ""; {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		c := rest[i]
		if byteAt(rest, i+1) == c && (c == '{' || depth == 0) {
			b.WriteByte(c)
			rest = rest[i+2:]
			continue
		}
		if c == '}' {
			return "", errors.New("the format has a single }: write }}")
		}
		end := matchingBrace(rest[i:])
		if end < 0 {
			return "", errors.New("the format has a single {: write {{")
		}
		s, err := f.place(rest[i+1:i+end], depth)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
		rest = rest[i+end+1:]
		if err := f.r.grow(len(s)); err != nil {
			return "", err
		}
	}
	return b.String(), f.r.grow(len(format))
}

// matchingBrace is the offset of the brace that closes the one at the start.
func matchingBrace(s string) int {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

// place formats one "name!conversion:specification".
func (f *brace) place(place string, depth int) (string, error) {
	if depth > 1 {
		return "", errors.New("places in the format are nested too deep")
	}
	name, spec, _ := strings.Cut(place, ":")
	name, conversion, converted := strings.Cut(name, "!")
	v, err := f.value(name)
	if err != nil {
		return "", err
	}
	if converted {
		var s string
		switch conversion {
		case "s":
			s, err = f.r.text(v)
		case "r", "a":
			s, err = f.r.repr(v)
		default:
			err = fmt.Errorf("%q is no conversion in a format", conversion)
		}
		if err != nil {
			return "", err
		}
		v = s
	}
	if strings.Contains(spec, "{") {
		if spec, err = f.format(spec, depth+1); err != nil {
			return "", err
		}
	}
	if spec == "" {
		return f.r.text(v)
	}
	parsed, err := parseSpec(spec)
	if err != nil {
		return "", err
	}
	return f.r.formatValue(v, parsed)
}

// value is the argument that a place names, with its elements: "0", "name[key]".
func (f *brace) value(name string) (any, error) {
	name, path, indexed := strings.Cut(name, "[")
	if strings.Contains(name, ".") {
		return nil, errors.New("attributes can't be read in a format: pass them as arguments")
	}
	v, err := f.argument(name)
	for indexed && err == nil {
		var key string
		var closed bool
		key, path, closed = strings.Cut(path, "]")
		if !closed {
			return nil, errors.New("the format has a [ without ]")
		}
		var k any = key
		if i, ok := pathIndex(key); ok {
			k = i
		}
		var found bool
		v, found, err = element(v, k)
		if err == nil && !found {
			err = fmt.Errorf("the format needs %q, which is not there", key)
		}
		path, indexed = strings.CutPrefix(path, "[")
		if !indexed && path != "" {
			return nil, errors.New("attributes can't be read in a format: pass them as arguments")
		}
	}
	return v, err
}

func (f *brace) argument(name string) (any, error) {
	i, numbered := pathIndex(name)
	if name == "" {
		i, numbered = int64(f.next), true
		f.next++
	}
	if numbered {
		if i >= int64(len(f.args.values)) {
			return nil, errors.New("the format has more places than there are values")
		}
		return f.args.values[i], nil
	}
	v, ok := given{named: f.args.named}.byName(name)
	if !ok {
		return nil, fmt.Errorf("the format needs %q, which is not given", name)
	}
	return v, nil
}
