package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// appendJSON adds a plain value to b. Mappings keep their order, and a float shows
// that it is one: 1.0, not 1.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, x), nil
	case int64:
		return strconv.AppendInt(b, x, 10), nil
	case *big.Int:
		return x.Append(b, 10), nil
	case float64:
		return appendFloat(b, x)
	case string:
		return appendText(b, x)
	case []any:
		return appendList(b, x)
	case mapping:
		return appendMapping(b, x.Keys(), x.Get)
	case map[string]any:
		return appendMapping(b, slices.Sorted(maps.Keys(x)), func(key string) (any, bool) { v, ok := x[key]; return v, ok })
	}
	return nil, fmt.Errorf("the template's value is a %T, which has no form in JSON", v)
}

func appendFloat(b []byte, f float64) ([]byte, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, fmt.Errorf("the template's value is %v, which has no form in JSON: see its text with --text", f)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		text = strconv.FormatFloat(f, 'e', -1, 64)
	}
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return append(b, text...), nil
}

func appendText(b []byte, s string) ([]byte, error) {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...), err
}

func appendList(b []byte, list []any) ([]byte, error) {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		var err error
		if b, err = appendJSON(b, v); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendMapping(b []byte, keys []string, get func(string) (any, bool)) ([]byte, error) {
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ", "...)
		}
		var err error
		if b, err = appendText(b, key); err != nil {
			return nil, err
		}
		b = append(b, ": "...)
		v, _ := get(key)
		if b, err = appendJSON(b, v); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
