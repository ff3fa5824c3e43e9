package decision

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Thresholds say from which confidence on something is done: for all labels, or for each
// its own. The zero value is not given.
type Thresholds struct {
	given    bool
	fallback *float64
	of       map[string]float64
}

// ForAll is the key under which a mapping has the threshold of all labels that it doesn't
// name.
const ForAll = "default"

// ReadThresholds reads a number from 0 to 1, or a mapping of labels to such numbers with
// [ForAll] for the rest; nil is not given. A mistake in a mapping is an [api.FieldError].
func ReadThresholds(raw any) (Thresholds, error) {
	if raw == nil {
		return Thresholds{}, nil
	}
	byLabel, several := mapping(raw)
	if !several {
		x, err := fraction(raw)
		return Thresholds{given: true, fallback: &x}, err
	}
	t := Thresholds{given: true, of: make(map[string]float64, len(byLabel))}
	var wrong []error
	for _, label := range slices.Sorted(maps.Keys(byLabel)) {
		x, err := fraction(byLabel[label])
		switch {
		case err != nil:
			wrong = append(wrong, &api.FieldError{Field: label, Err: err})
		case label == ForAll:
			t.fallback = &x
		default:
			t.of[label] = x
		}
	}
	if len(byLabel) == 0 {
		wrong = append(wrong, errors.New("it names no confidence"))
	}
	return t, errors.Join(wrong...)
}

func fraction(raw any) (x float64, err error) {
	switch v := raw.(type) {
	case float64:
		x = v
	case int:
		x = float64(v)
	case int64:
		x = float64(v)
	case string:
		if x, err = strconv.ParseFloat(strings.TrimSpace(v), 64); err != nil {
			return 0, errNoFraction
		}
	default:
		return 0, errNoFraction
	}
	if !(x >= 0 && x <= 1) {
		return 0, fmt.Errorf("%v is not a confidence: %w", raw, errNoFraction)
	}
	return x, nil
}

var errNoFraction = errors.New("it must be a number from 0 to 1, such as 0.9")

// Given reports whether there are any.
func (t Thresholds) Given() bool { return t.given }

// Of is the threshold of a label; ok is false if it has none.
func (t Thresholds) Of(label string) (x float64, ok bool) {
	if x, ok = t.of[label]; ok {
		return x, true
	}
	if t.fallback == nil {
		return 0, false
	}
	return *t.fallback, true
}

// Labels are those that have a threshold of their own, in order.
func (t Thresholds) Labels() []string { return slices.Sorted(maps.Keys(t.of)) }

// Above returns the labels of which these thresholds are above others, in order; [ForAll]
// stands for all that neither names.
func (t Thresholds) Above(others Thresholds) []string {
	labels := append(t.Labels(), others.Labels()...)
	slices.Sort(labels)
	var above []string
	for _, label := range append([]string{ForAll}, slices.Compact(labels)...) {
		x, ok := t.Of(label)
		other, known := others.Of(label)
		if ok && known && x > other {
			above = append(above, label)
		}
	}
	return above
}
