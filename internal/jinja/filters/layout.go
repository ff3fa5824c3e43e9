package filters

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func layoutFilters() []*runtime.Filter {
	return []*runtime.Filter{
		{Signature: runtime.Signature{Name: "truncate", Params: []string{"length", "killwords", "end", "leeway"}}, Markup: true, Apply: truncateFilter},
		{Signature: runtime.Signature{Name: "center", Params: []string{"width"}}, Markup: true, Formats: true, Apply: centerFilter},
		{Signature: runtime.Signature{Name: "indent", Params: []string{"width", "first", "blank"}}, Markup: true, Apply: indentFilter},
		{
			Signature: runtime.Signature{Name: "wordwrap", Params: []string{"width", "break_long_words", "wrapstring", "break_on_hyphens"}},
			Apply:     wordWrapFilter,
		},
		{Signature: runtime.Signature{Name: "filesizeformat", Params: []string{"binary"}}, Apply: fileSizeFilter},
	}
}

func truncateFilter(r *runtime.State, v any, a value.Args) (any, error) {
	size, err := a.Integer(0, 255)
	if err != nil {
		return nil, err
	}
	end, err := a.Text(2, "...")
	if err != nil {
		return nil, err
	}
	if f, ok := a.At(3, nil).(float64); ok && math.Abs(f) < 1<<31 {
		a.Values[3] = int64(math.Floor(f))
	}
	leeway, err := a.IntegerOrNone(3, 5)
	if err != nil {
		return nil, err
	}
	room := size - utf8.RuneCountInString(end)
	if room < 0 || leeway < 0 {
		return nil, position.Errorf("truncate to %s leaves no room for %s", position.Quote{Text: strconv.Itoa(size), Bare: true}, position.Quote{Text: end})
	}
	n, err := value.Length(v)
	if err != nil || n <= size+leeway {
		return v, err
	}
	s, err := needText("truncate", v)
	if err != nil {
		return nil, err
	}
	shown := value.FirstRunes(s, room)
	if !a.Truth(1) {
		if i := strings.LastIndexByte(shown, ' '); i >= 0 {
			shown = shown[:i]
		}
	}
	if _, ok := v.(value.Markup); ok {
		end = value.EscapeHTML(end)
	}
	return value.KeepMarkup(v, shown+end), r.Grow(len(shown) + len(end))
}

func centerFilter(r *runtime.State, v any, a value.Args) (any, error) {
	s, err := value.Text(r.Budget, v)
	if err != nil {
		return nil, err
	}
	width, err := a.Integer(0, 80)
	if err != nil {
		return nil, err
	}
	centered, err := value.Center(r.Budget, s, width, " ")
	if err != nil {
		return nil, err
	}
	return value.KeepMarkup(v, centered.(string)), nil
}

// needText is v, which must already be a string.
func needText(name string, v any) (string, error) {
	if u, ok := v.(*value.Undefined); ok {
		return "", u.Err()
	}
	s, ok := value.AsText(v)
	if !ok {
		return "", fmt.Errorf(`%s takes a string, not %s: put "| string" before it`, name, value.WithArticle(value.TypeName(v)))
	}
	return s, nil
}

func indentFilter(r *runtime.State, v any, a value.Args) (any, error) {
	s, err := needText("indent", v)
	if err != nil {
		return nil, err
	}
	margin, ok := value.AsText(a.At(0, nil))
	if !ok {
		width, err := a.Integer(0, 4)
		if err != nil {
			return nil, err
		}
		if err := r.CheckWidth("the width", width); err != nil {
			return nil, err
		}
		margin = strings.Repeat(" ", max(width, 0))
	}
	lines := value.SplitLines(s+"\n", false)
	if err := r.GrowTimes(len(lines), len(margin)); err != nil {
		return nil, err
	}
	for i, line := range lines {
		if i == 0 && !a.Truth(1) || i > 0 && line == "" && !a.Truth(2) {
			continue
		}
		lines[i] = margin + line
	}
	return value.KeepMarkup(v, strings.Join(lines, "\n")), r.Grow(len(s))
}

func fileSizeFilter(_ *runtime.State, v any, a value.Args) (any, error) {
	size, err := toFloat(v)
	if err != nil {
		return nil, err
	}
	base, units := 1000.0, [...]string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if a.Truth(0) {
		base, units = 1024, [...]string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case math.IsNaN(size) || math.IsInf(size, 1):
		return value.FloatText(size) + " " + units[len(units)-1], nil
	case size == 1:
		return "1 Byte", nil
	case size < base:
		return fmt.Sprintf("%.0f Bytes", math.Trunc(size)+0), nil
	}
	unit := base
	for i, name := range units {
		if size < unit*base || i == len(units)-1 {
			return fmt.Sprintf("%.1f %s", base*size/(base*unit), name), nil // rounded as Jinja2 does
		}
		unit *= base
	}
	return nil, nil
}
