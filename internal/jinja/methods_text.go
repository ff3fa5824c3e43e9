package jinja

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// textMethod is a method of strings that looks at its arguments itself.
func textMethod(name string, params []string, required int, apply func(r *state, s string, a args) (any, error)) *method {
	return &method{signature{name: name, params: params, required: required}, func(r *state, self any, a args) (any, error) {
		s, _ := asText(self)
		return apply(r, s, a)
	}}
}

// changed is a method of strings without arguments.
func changed(name string, change func(string) string) *method {
	return textMethod(name, nil, 0, func(r *state, s string, _ args) (any, error) {
		s = change(s)
		return s, r.grow(len(s))
	})
}

func textMethods() []*method {
	return []*method{
		changed("lower", lower),
		changed("casefold", casefold),
		changed("upper", upper),
		changed("title", title),
		changed("capitalize", capitalize),
		changed("swapcase", swapCase),
		textMethod("strip", []string{"chars"}, 0, func(_ *state, s string, a args) (any, error) {
			return trimmed(s, a, strings.TrimFunc)
		}),
		textMethod("lstrip", []string{"chars"}, 0, func(_ *state, s string, a args) (any, error) {
			return trimmed(s, a, strings.TrimLeftFunc)
		}),
		textMethod("rstrip", []string{"chars"}, 0, func(_ *state, s string, a args) (any, error) {
			return trimmed(s, a, strings.TrimRightFunc)
		}),
		textMethod("replace", []string{"old", "new", "count"}, 2, replaceMethod),
		textMethod("split", []string{"sep", "maxsplit"}, 0, splitMethod),
		textMethod("rsplit", []string{"sep", "maxsplit"}, 0, rsplitMethod),
		textMethod("splitlines", []string{"keepends"}, 0, func(r *state, s string, a args) (any, error) {
			keep, err := a.flag(0)
			if err != nil {
				return nil, err
			}
			if err := r.tick(len(s) / 8); err != nil {
				return nil, err
			}
			lines := splitLines(s, keep)
			return anyList(lines), r.tick(len(lines))
		}),
		textMethod("partition", []string{"sep"}, 1, func(_ *state, s string, a args) (any, error) {
			return partition(s, a, strings.Index)
		}),
		textMethod("rpartition", []string{"sep"}, 1, func(_ *state, s string, a args) (any, error) {
			return partition(s, a, strings.LastIndex)
		}),
		textMethod("join", []string{"iterable"}, 1, joinMethod),
		textMethod("removeprefix", []string{"prefix"}, 1, func(_ *state, s string, a args) (any, error) {
			prefix, err := a.text(0, "")
			return strings.TrimPrefix(s, prefix), err
		}),
		textMethod("removesuffix", []string{"suffix"}, 1, func(_ *state, s string, a args) (any, error) {
			suffix, err := a.text(0, "")
			return strings.TrimSuffix(s, suffix), err
		}),
		textMethod("zfill", []string{"width"}, 1, zfillMethod),
		textMethod("center", []string{"width", "fillchar"}, 1, padded(func(r *state, s string, width int, fill string) (any, error) {
			return r.centered(s, width, fill)
		})),
		textMethod("ljust", []string{"width", "fillchar"}, 1, padded(func(r *state, s string, width int, fill string) (any, error) {
			room, err := r.room(s, width)
			return s + strings.Repeat(fill, room), err
		})),
		textMethod("rjust", []string{"width", "fillchar"}, 1, padded(func(r *state, s string, width int, fill string) (any, error) {
			room, err := r.room(s, width)
			return strings.Repeat(fill, room) + s, err
		})),
		{signature{name: "format", variadic: true, keywords: true}, func(r *state, self any, a args) (any, error) {
			s, _ := asText(self)
			return r.braceFormat(s, a, false)
		}},
	}
}

func anyList(texts []string) []any {
	list := make([]any, len(texts))
	for i, s := range texts {
		list[i] = s
	}
	return list
}

func replaceMethod(r *state, s string, a args) (any, error) {
	old, err := a.text(0, "")
	if err != nil {
		return nil, err
	}
	with, err := a.text(1, "")
	if err != nil {
		return nil, err
	}
	limit, err := a.integer(2, -1)
	if err != nil {
		return nil, err
	}
	return r.replaced(s, old, with, limit)
}

// separator is the first argument of split, or "" for white space.
func separator(a args) (string, int, error) {
	limit, err := a.integer(1, -1)
	if err != nil || a.at(0, nil) == nil {
		return "", limit, err
	}
	sep, err := a.text(0, "")
	if err == nil && sep == "" {
		err = errors.New("the separator is empty")
	}
	return sep, limit, err
}

func splitMethod(r *state, s string, a args) (any, error) {
	sep, limit, err := separator(a)
	if err != nil {
		return nil, err
	}
	if err := r.tick(len(s) / bytesPerStep); err != nil {
		return nil, err
	}
	if sep != "" {
		if err := r.tick(strings.Count(s, sep)); err != nil {
			return nil, err
		}
		if limit < 0 {
			return anyList(strings.Split(s, sep)), nil
		}
		return anyList(strings.SplitN(s, sep, limit+1)), nil
	}
	var parts []any
	for s = strings.TrimLeftFunc(s, isSpace); s != ""; s = strings.TrimLeftFunc(s, isSpace) {
		end := strings.IndexFunc(s, isSpace)
		if end < 0 || limit == len(parts) {
			return append(parts, s), nil
		}
		if err := r.tick(1); err != nil {
			return nil, err
		}
		parts = append(parts, s[:end])
		s = s[end:]
	}
	if parts == nil {
		return []any{}, nil
	}
	return parts, nil
}

func rsplitMethod(r *state, s string, a args) (any, error) {
	sep, limit, err := separator(a)
	if err != nil {
		return nil, err
	}
	if limit < 0 {
		return splitMethod(r, s, args{values: a.values[:min(1, len(a.values))]})
	}
	if err := r.tick(len(s) / 8); err != nil {
		return nil, err
	}
	var parts []string
	if sep == "" {
		s = strings.TrimRightFunc(s, isSpace)
	}
	for limit > len(parts) {
		i, size := strings.LastIndex(s, sep), len(sep)
		if sep == "" {
			i, size = strings.LastIndexFunc(s, isSpace), 0
			if i >= 0 {
				_, size = utf8.DecodeRuneInString(s[i:])
			}
		}
		if i < 0 {
			break
		}
		parts = append(parts, s[i+size:])
		s = s[:i]
		if sep == "" {
			s = strings.TrimRightFunc(s, isSpace)
		}
	}
	if s != "" || sep != "" {
		parts = append(parts, s)
	}
	list := make([]any, len(parts))
	for i, part := range parts {
		list[len(parts)-1-i] = part
	}
	return list, nil
}

func partition(s string, a args, index func(string, string) int) (any, error) {
	sep, err := a.text(0, "")
	if err != nil {
		return nil, err
	}
	if sep == "" {
		return nil, errors.New("the separator is empty")
	}
	i := index(s, sep)
	if i >= 0 {
		return tuple{s[:i], sep, s[i+len(sep):]}, nil
	}
	if index("aba", "a") != 0 { // seen from the end
		return tuple{"", "", s}, nil
	}
	return tuple{s, "", ""}, nil
}

func joinMethod(r *state, s string, a args) (any, error) { return r.joinStrings(s, a.values[0]) }

// joinStrings joins elements that are strings already.
func (r *budget) joinStrings(s string, elements any) (any, error) {
	list, err := r.elements(elements)
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(list))
	for i, element := range list {
		part, ok := asText(element)
		if !ok {
			return nil, fmt.Errorf("element %d is %s and should be a string: use the filter join", i, article(typeName(element)))
		}
		parts[i] = part
		if err := r.grow(len(part) + len(s)); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, s), r.tick(len(list))
}

func zfillMethod(r *state, s string, a args) (any, error) {
	width, err := a.integer(0, 0)
	if err != nil {
		return nil, err
	}
	room, err := r.room(s, width)
	if err != nil {
		return nil, err
	}
	sign := 0
	if c := byteAt(s, 0); c == '-' || c == '+' {
		sign = 1
	}
	return s[:sign] + strings.Repeat("0", room) + s[sign:], nil
}

func padded(pad func(r *state, s string, width int, fill string) (any, error)) func(*state, string, args) (any, error) {
	return func(r *state, s string, a args) (any, error) {
		width, err := a.integer(0, 0)
		if err != nil {
			return nil, err
		}
		fill, err := a.text(1, " ")
		if err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(fill) != 1 {
			return nil, errors.New("the fill is exactly one character")
		}
		return pad(r, s, width, fill)
	}
}
