package params

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// The functions of this file read what people write where a text, a yes or no, a
// number or a time is wanted: YAML turns an unquoted number or word into another
// type than the one that was meant, and an environment has only texts.

func toText(raw any) (string, bool) {
	switch x := raw.(type) {
	case string:
		return x, true
	case bool:
		return strconv.FormatBool(x), true
	case int:
		return strconv.Itoa(x), true
	case int64:
		return strconv.FormatInt(x, 10), true
	case uint64:
		return strconv.FormatUint(x, 10), true
	case float64:
		return floatText(x), true
	case json.Number:
		return string(x), true
	default:
		return "", false
	}
}

// floatText is the shortest text that yields x again, without an exponent where
// people would write none.
func floatText(x float64) string {
	if size := math.Abs(x); size == 0 || size >= 1e-6 && size < 1e21 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

func toBool(raw any) (value, ok bool) {
	switch x := raw.(type) {
	case bool:
		return x, true
	case string:
		return boolText(trim(x))
	case json.Number:
		return boolText(string(x))
	case int, int64, uint64, float64:
		n, want := toInt(raw)
		return n == 1, want == "" && (n == 0 || n == 1)
	default:
		return false, false
	}
}

func boolText(text string) (value, ok bool) {
	for _, word := range [...]string{"true", "yes", "on", "1", "t", "y"} {
		if strings.EqualFold(text, word) {
			return true, true
		}
	}
	for _, word := range [...]string{"false", "no", "off", "0", "f", "n"} {
		if strings.EqualFold(text, word) {
			return false, true
		}
	}
	return false, false
}

// toInt answers what raw should have been, "" where it is right.
func toInt(raw any) (n int64, want string) {
	switch x := raw.(type) {
	case int:
		return int64(x), ""
	case int64:
		return x, ""
	case uint64:
		if x > math.MaxInt64 {
			return 0, wantInt(64)
		}
		return int64(x), ""
	case float64:
		return wholeFloat(x)
	case string:
		return wholeText(trim(x))
	case json.Number:
		return wholeText(string(x))
	default:
		return 0, wantWhole
	}
}

func wholeText(text string) (int64, string) {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err == nil:
		return n, ""
	case errors.Is(err, strconv.ErrRange):
		return 0, wantInt(64)
	}
	// 5.0 and 1e3 are whole, too.
	x, ok := decimalText(text)
	if !ok {
		return 0, wantWhole
	}
	if math.Abs(x) > 1<<53 {
		return 0, wantAllDigits
	}
	return wholeFloat(x)
}

func wholeFloat(x float64) (int64, string) {
	switch {
	case x != math.Trunc(x) || math.IsNaN(x):
		return 0, wantWhole
	case x < -1<<63 || x >= 1<<63:
		return 0, wantInt(64)
	}
	return int64(x), ""
}

func toFloat(raw any) (x float64, ok bool) {
	switch x := raw.(type) {
	case int:
		return float64(x), true
	case int64:
		return float64(x), true
	case uint64:
		return float64(x), true
	case float64:
		return x, isFinite(x)
	case string:
		return decimalText(trim(x))
	case json.Number:
		return decimalText(string(x))
	default:
		return 0, false
	}
}

// decimalText reads a decimal number, without Go's further forms such as 0x1p-2
// and inf.
func decimalText(text string) (float64, bool) {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func toTime(raw any) (t time.Time, ok bool) {
	text, ok := raw.(string)
	if !ok {
		return t, false
	}
	text = trim(text)
	for _, layout := range [...]string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return t, false
}

// trim takes off the white space that a block text or an environment brings.
func trim(text string) string { return strings.Trim(text, " \t\r\n") }

// kindOf is the kind of a raw value, KindAny for none that is known, and "" for nil.
func kindOf(raw any) Kind {
	switch raw.(type) {
	case nil:
		return ""
	case string:
		return KindString
	case bool:
		return KindBool
	case int, int64, uint64:
		return KindInt
	case float64, json.Number:
		return KindFloat
	case []any:
		return KindList
	}
	if _, ok := asMapping(raw); ok {
		return KindMap
	}
	return KindAny
}
