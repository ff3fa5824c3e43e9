package methods

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func searchMethods() []*runtime.Method {
	span := []string{"sub", "start", "end"}
	return []*runtime.Method{
		textMethod("startswith", []string{"prefix", "start", "end"}, 1, affix(strings.HasPrefix)),
		textMethod("endswith", []string{"suffix", "start", "end"}, 1, affix(strings.HasSuffix)),
		textMethod("find", span, 1, finder(strings.Index, false)),
		textMethod("rfind", span, 1, finder(strings.LastIndex, false)),
		textMethod("index", span, 1, finder(strings.Index, true)),
		textMethod("rindex", span, 1, finder(strings.LastIndex, true)),
		textMethod("count", span, 1, func(_ *runtime.State, s string, a value.Args) (any, error) {
			sub, err := a.Text(0, "")
			if err != nil {
				return nil, err
			}
			part, before, err := within(s, a)
			if before < 0 {
				return int64(0), err
			}
			return int64(strings.Count(part, sub)), err
		}),
	}
}

// within is the part of s from the second argument to the third, and how many
// characters are before it: -1 if it begins beyond the end of s or its own end.
func within(s string, a value.Args) (string, int64, error) {
	if a.At(1, nil) == nil && a.At(2, nil) == nil {
		return s, 0, nil
	}
	size := utf8.RuneCountInString(s)
	from, to, _, err := value.SliceIndices(a.At(1, nil), a.At(2, nil), nil, size)
	if err != nil {
		return "", 0, err
	}
	if start, ok := value.AsInt(a.At(1, nil)); ok && start > int64(size) || from > to {
		return "", -1, nil
	}
	s = s[len(value.FirstRunes(s, from)):]
	return value.FirstRunes(s, to-from), int64(from), nil
}

func affix(has func(string, string) bool) func(*runtime.State, string, value.Args) (any, error) {
	return func(_ *runtime.State, s string, a value.Args) (any, error) {
		part, before, err := within(s, a)
		if err != nil || before < 0 {
			return false, err
		}
		list, ok := a.Values[0].(value.Tuple)
		if !ok {
			list = value.Tuple{a.Values[0]}
		}
		for _, one := range list {
			affix, ok := value.AsText(one)
			if !ok {
				return nil, fmt.Errorf("a string can't begin or end with %s", value.WithArticle(value.TypeName(one)))
			}
			if has(part, affix) {
				return true, nil
			}
		}
		return false, nil
	}
}

func finder(index func(string, string) int, must bool) func(*runtime.State, string, value.Args) (any, error) {
	return func(_ *runtime.State, s string, a value.Args) (any, error) {
		sub, err := a.Text(0, "")
		if err != nil {
			return nil, err
		}
		part, before, err := within(s, a)
		if err != nil {
			return nil, err
		}
		i := index(part, sub)
		if before < 0 {
			i = -1
		}
		if i >= 0 {
			return before + int64(utf8.RuneCountInString(part[:i])), nil
		}
		if must {
			return nil, errors.New("the text is not in the string")
		}
		return int64(-1), nil
	}
}

func characterMethods() []*runtime.Method {
	all := func(name string, holds func(rune) bool) *runtime.Method {
		return question(name, func(s string) bool {
			return s != "" && strings.IndexFunc(s, func(c rune) bool { return !holds(c) }) < 0
		})
	}
	isDigit := func(c rune) bool { return unicode.IsDigit(c) || unicode.Is(value.SingleDigits, c) }
	return []*runtime.Method{
		all("isdigit", isDigit),
		all("isdecimal", unicode.IsDigit),
		all("isnumeric", value.IsNumeric),
		all("isalpha", unicode.IsLetter),
		all("isalnum", func(c rune) bool { return unicode.IsLetter(c) || value.IsNumeric(c) }),
		all("isspace", value.IsSpace),
		question("isascii", func(s string) bool { return strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) < 0 }),
		question("isupper", value.IsUpper),
		question("islower", value.IsLower),
		question("istitle", value.IsTitled),
	}
}

func question(name string, holds func(string) bool) *runtime.Method {
	return textMethod(name, nil, 0, func(_ *runtime.State, s string, _ value.Args) (any, error) { return holds(s), nil })
}
