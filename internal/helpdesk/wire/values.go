package wire

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Values is a decoded request, or a part of one.
type Values map[string]any

// Has tells whether the field counts as given: null, "", 0 and false don't, as in Perl.
func (f Values) Has(key string) bool { return truthy(f[key]) }

func truthy(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case map[string]any, []any:
		return true
	default:
		s := Scalar(v)
		return s != "" && s != "0"
	}
}

func (f Values) Text(key string) string { return Scalar(f[key]) }

// List returns the values of a field that may be one value or several; "" and null are none.
func (f Values) List(key string) []string {
	if s, ok := f[key].(string); ok && s == "" {
		return nil
	}
	return ListOf(f[key])
}

// Object returns the field as an object with something in it, which is the only form in which the servers accept one.
func (f Values) Object(key string) (Values, bool) {
	o, ok := f[key].(map[string]any)
	return Values(o), ok && len(o) > 0
}

// Objects returns the field as a list of objects; a single object is a list of one.
func (f Values) Objects(key string) ([]Values, bool) {
	switch v := f[key].(type) {
	case map[string]any:
		return []Values{v}, len(v) > 0
	case []any:
		all := make([]Values, 0, len(v))
		for _, e := range v {
			o, ok := e.(map[string]any)
			if !ok || len(o) == 0 {
				return nil, false
			}
			all = append(all, o)
		}
		return all, len(all) > 0
	default:
		return nil, false
	}
}

// Trimmed returns a copy whose texts have no white space around them.
func (f Values) Trimmed() Values {
	out := make(Values, len(f))
	for key, v := range f {
		if s, ok := v.(string); ok {
			v = strings.TrimSpace(s)
		}
		out[key] = v
	}
	return out
}

// Scalar is the text of a value as Perl would print it, "" for null, lists and objects.
func Scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return v.String()
		}
		if n, err := v.Float64(); err == nil {
			return strconv.FormatFloat(n, 'g', 15, 64)
		}
		return v.String()
	case bool:
		if v {
			return "1"
		}
		return "0"
	default:
		return ""
	}
}

func ListOf(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		all := make([]string, 0, len(v))
		for _, e := range v {
			all = append(all, Scalar(e))
		}
		return all
	default:
		return []string{Scalar(v)}
	}
}
