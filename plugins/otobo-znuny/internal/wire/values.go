package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// IDs are identifiers. Servers send them as numbers or strings, in a list or singly,
// and in different forms within one answer.
type IDs []string

// UnmarshalJSON accepts every form.
func (l *IDs) UnmarshalJSON(data []byte) error {
	v, err := decodeJSON(data)
	if err != nil {
		return err
	}
	*l = nil
	for _, e := range List(v) {
		if s := Text(e); s != "" {
			*l = append(*l, s)
		}
	}
	return nil
}

// decodeJSON keeps numbers as they were written, so that long ids stay exact.
func decodeJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// List is a list in any of its forms: null, a single value, several.
func List(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// Text is a scalar as text, "" for anything else.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
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

// Truth is a boolean in any of its forms: 1, "1", true, "yes".
func Truth(v any) bool {
	switch strings.ToLower(Canonical(v)) {
	case "", "0", "no", "false":
		return false
	default:
		return true
	}
}

// templateValue is a value as templates see it.
func templateValue(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil && !math.IsInf(f, 0) {
			return f
		}
		return v.String()
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = templateValue(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = templateValue(e)
		}
		return out
	default:
		return v
	}
}

// Canonical is a field's value in the form in which values are compared: null equals
// "", and a number its digits.
func Canonical(v any) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = Canonical(e)
		}
		return fmt.Sprintf("%q", parts)
	case []string:
		return fmt.Sprintf("%q", v)
	case nil, string, json.Number, bool:
		return strings.TrimSpace(Text(v))
	default:
		return strings.TrimSpace(fmt.Sprint(v))
	}
}

// timeLayouts are the forms of a time: the servers' own first, which has no zone.
var timeLayouts = []string{time.DateTime, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly}

// ParseTime reads a time in any form. One without a zone is in the help desk's.
func ParseTime(s string, zone *time.Location) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
