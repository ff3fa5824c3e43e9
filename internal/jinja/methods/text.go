package methods

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/format"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// textMethod is a method of strings.
func textMethod(name string, params []string, required int, apply func(r *runtime.State, s string, a value.Args) (any, error)) *runtime.Method {
	return &runtime.Method{Signature: runtime.Signature{Name: name, Params: params, Required: required}, Apply: func(r *runtime.State, self any, a value.Args) (any, error) {
		s, _ := value.AsText(self)
		return apply(r, s, a)
	}}
}

// changed is a method without arguments that returns a changed string.
func changed(name string, change func(string) string) *runtime.Method {
	return textMethod(name, nil, 0, func(r *runtime.State, s string, _ value.Args) (any, error) {
		s = change(s)
		return s, r.Grow(len(s))
	})
}

func textMethods() []*runtime.Method {
	return []*runtime.Method{
		changed("lower", value.Lower),
		changed("casefold", value.Casefold),
		changed("upper", value.Upper),
		changed("title", value.Title),
		changed("capitalize", value.Capitalize),
		changed("swapcase", value.SwapCase),
		textMethod("strip", []string{"chars"}, 0, func(_ *runtime.State, s string, a value.Args) (any, error) {
			return value.Trim(s, a, strings.TrimFunc)
		}),
		textMethod("lstrip", []string{"chars"}, 0, func(_ *runtime.State, s string, a value.Args) (any, error) {
			return value.Trim(s, a, strings.TrimLeftFunc)
		}),
		textMethod("rstrip", []string{"chars"}, 0, func(_ *runtime.State, s string, a value.Args) (any, error) {
			return value.Trim(s, a, strings.TrimRightFunc)
		}),
		textMethod("replace", []string{"old", "new", "count"}, 2, replaceMethod),
		textMethod("split", []string{"sep", "maxsplit"}, 0, splitMethod),
		textMethod("rsplit", []string{"sep", "maxsplit"}, 0, rsplitMethod),
		textMethod("splitlines", []string{"keepends"}, 0, func(r *runtime.State, s string, a value.Args) (any, error) {
			keep, err := a.Flag(0)
			if err != nil {
				return nil, err
			}
			if err := r.Step(len(s) / 8); err != nil {
				return nil, err
			}
			lines := value.SplitLines(s, keep)
			return value.AnyList(lines), r.Step(len(lines))
		}),
		textMethod("partition", []string{"sep"}, 1, func(_ *runtime.State, s string, a value.Args) (any, error) {
			return partition(s, a, strings.Index)
		}),
		textMethod("rpartition", []string{"sep"}, 1, func(_ *runtime.State, s string, a value.Args) (any, error) {
			return partition(s, a, strings.LastIndex)
		}),
		textMethod("join", []string{"iterable"}, 1, joinMethod),
		textMethod("removeprefix", []string{"prefix"}, 1, func(_ *runtime.State, s string, a value.Args) (any, error) {
			prefix, err := a.Text(0, "")
			return strings.TrimPrefix(s, prefix), err
		}),
		textMethod("removesuffix", []string{"suffix"}, 1, func(_ *runtime.State, s string, a value.Args) (any, error) {
			suffix, err := a.Text(0, "")
			return strings.TrimSuffix(s, suffix), err
		}),
		textMethod("zfill", []string{"width"}, 1, zfillMethod),
		textMethod("center", []string{"width", "fillchar"}, 1, padded(func(r *runtime.State, s string, width int, fill string) (any, error) {
			return value.Center(r.Budget, s, width, fill)
		})),
		textMethod("ljust", []string{"width", "fillchar"}, 1, padded(func(r *runtime.State, s string, width int, fill string) (any, error) {
			room, err := value.Padding(r.Budget, s, width)
			return s + strings.Repeat(fill, room), err
		})),
		textMethod("rjust", []string{"width", "fillchar"}, 1, padded(func(r *runtime.State, s string, width int, fill string) (any, error) {
			room, err := value.Padding(r.Budget, s, width)
			return strings.Repeat(fill, room) + s, err
		})),
		{Signature: runtime.Signature{Name: "format", Variadic: true, Keywords: true}, Apply: func(r *runtime.State, self any, a value.Args) (any, error) {
			s, _ := value.AsText(self)
			return format.Brace(r.Budget, s, a, false)
		}},
	}
}

func replaceMethod(r *runtime.State, s string, a value.Args) (any, error) {
	old, err := a.Text(0, "")
	if err != nil {
		return nil, err
	}
	with, err := a.Text(1, "")
	if err != nil {
		return nil, err
	}
	limit, err := a.Integer(2, -1)
	if err != nil {
		return nil, err
	}
	return value.Replace(r.Budget, s, old, with, limit)
}

// separator is the first argument of split, or "" for white space.
func separator(a value.Args) (string, int, error) {
	limit, err := a.Integer(1, -1)
	if err != nil || a.At(0, nil) == nil {
		return "", limit, err
	}
	sep, err := a.Text(0, "")
	if err == nil && sep == "" {
		err = errors.New("the separator is empty")
	}
	return sep, limit, err
}

func splitMethod(r *runtime.State, s string, a value.Args) (any, error) {
	sep, limit, err := separator(a)
	if err != nil {
		return nil, err
	}
	if err := r.Step(len(s) / value.BytesPerStep); err != nil {
		return nil, err
	}
	if sep != "" {
		if err := r.Step(strings.Count(s, sep)); err != nil {
			return nil, err
		}
		if limit < 0 {
			return value.AnyList(strings.Split(s, sep)), nil
		}
		return value.AnyList(strings.SplitN(s, sep, limit+1)), nil
	}
	var parts []any
	for s = strings.TrimLeftFunc(s, value.IsSpace); s != ""; s = strings.TrimLeftFunc(s, value.IsSpace) {
		end := strings.IndexFunc(s, value.IsSpace)
		if end < 0 || limit == len(parts) {
			return append(parts, s), nil
		}
		if err := r.Step(1); err != nil {
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

func rsplitMethod(r *runtime.State, s string, a value.Args) (any, error) {
	sep, limit, err := separator(a)
	if err != nil {
		return nil, err
	}
	if limit < 0 {
		return splitMethod(r, s, value.Args{Values: a.Values[:min(1, len(a.Values))]})
	}
	if err := r.Step(len(s) / 8); err != nil {
		return nil, err
	}
	var parts []string
	if sep == "" {
		s = strings.TrimRightFunc(s, value.IsSpace)
	}
	for limit > len(parts) {
		i, size := strings.LastIndex(s, sep), len(sep)
		if sep == "" {
			i, size = strings.LastIndexFunc(s, value.IsSpace), 0
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
			s = strings.TrimRightFunc(s, value.IsSpace)
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

func partition(s string, a value.Args, index func(string, string) int) (any, error) {
	sep, err := a.Text(0, "")
	if err != nil {
		return nil, err
	}
	if sep == "" {
		return nil, errors.New("the separator is empty")
	}
	i := index(s, sep)
	if i >= 0 {
		return value.Tuple{s[:i], sep, s[i+len(sep):]}, nil
	}
	if index("aba", "a") != 0 { // seen from the end
		return value.Tuple{"", "", s}, nil
	}
	return value.Tuple{s, "", ""}, nil
}

func joinMethod(r *runtime.State, s string, a value.Args) (any, error) {
	return value.JoinStrings(r.Budget, s, a.Values[0])
}

func zfillMethod(r *runtime.State, s string, a value.Args) (any, error) {
	width, err := a.Integer(0, 0)
	if err != nil {
		return nil, err
	}
	room, err := value.Padding(r.Budget, s, width)
	if err != nil {
		return nil, err
	}
	sign := 0
	if c := value.ByteAt(s, 0); c == '-' || c == '+' {
		sign = 1
	}
	return s[:sign] + strings.Repeat("0", room) + s[sign:], nil
}

func padded(pad func(r *runtime.State, s string, width int, fill string) (any, error)) func(*runtime.State, string, value.Args) (any, error) {
	return func(r *runtime.State, s string, a value.Args) (any, error) {
		width, err := a.Integer(0, 0)
		if err != nil {
			return nil, err
		}
		fill, err := a.Text(1, " ")
		if err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(fill) != 1 {
			return nil, errors.New("the fill is exactly one character")
		}
		return pad(r, s, width, fill)
	}
}
