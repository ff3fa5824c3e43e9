package wire

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Values are those of a decoded request, or of a part of one, by their keys.
type Values map[string]any

// Has reports whether a value counts as given: as in Perl, null, "", 0 and false don't.
func (v Values) Has(key string) bool { return truthy(v[key]) }

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

// Text returns a value as a text, "" for null, lists and objects.
func (v Values) Text(key string) string { return Scalar(v[key]) }

// List returns a value that may be one or several; "" and null are none.
func (v Values) List(key string) []string {
	if s, ok := v[key].(string); ok && s == "" {
		return nil
	}
	return ListOf(v[key])
}

// Object returns a value as an object. As for the servers, an empty one doesn't count.
func (v Values) Object(key string) (Values, bool) {
	o, ok := v[key].(map[string]any)
	return Values(o), ok && len(o) > 0
}

// Objects returns a value as a list of objects; a single object is a list of one.
func (v Values) Objects(key string) ([]Values, bool) {
	switch v := v[key].(type) {
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
func (v Values) Trimmed() Values {
	out := make(Values, len(v))
	for key, value := range v {
		if s, ok := value.(string); ok {
			value = strings.TrimSpace(s)
		}
		out[key] = value
	}
	return out
}

// Scalar returns a value as Perl would print it, "" for null, lists and objects.
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

// Elements returns those of a list; any other value is a list of one, and null an empty one.
func Elements(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// ListOf returns the [Elements] of a value as texts.
func ListOf(v any) []string {
	var all []string
	for _, e := range Elements(v) {
		all = append(all, Scalar(e))
	}
	return all
}
