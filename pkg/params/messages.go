package params

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The texts of this file are for the author of a configuration: they name no Go type.

const isWrong = "is wrong"

// want is what a value must be, in words, and what else there is to say about it.
type want struct{ words, hint string }

var (
	wantText    = want{words: "text"}
	wantList    = want{words: "a list"}
	wantMapping = want{words: "a mapping"}
	wantBool    = want{words: "yes or no", hint: "or true, false, on, off, 1, 0"}
	wantNumber  = want{words: "a number"}
	wantTime    = want{words: "a time, such as 2025-03-31T14:30:00+02:00, 2025-03-31 14:30:00 (in UTC) or 2025-03-31"}
)

// What a whole number must be.
const (
	wantWhole     = "a whole number"
	wantAllDigits = "a whole number with all its digits" // a float64 doesn't have them
)

// wantInt describes a signed integer that has that many bits.
func wantInt(bits int) string {
	limit := int64(math.MaxInt64) >> (64 - bits)
	return fmt.Sprintf("a whole number from %d to %d", -limit-1, limit)
}

// What a duration must be.
const (
	durationForms  = "a duration, such as 30s, 1h30m, PT1H30M, P1D or 0:30:00, or a number of seconds"
	durationLength = "a duration of less than 292 years"
	durationMonths = "a duration without years and months, which have no fixed length: count days, as in P30D, or write PT1M for a minute"
)

func wantKeys(s *Spec) want {
	return want{words: "a mapping with the keys " + strings.Join(s.Names(), ", ")}
}

// unseen is a raw value that no message shows.
type unseen struct{ raw any }

// mismatch says what raw is and what it must be, without showing a secret.
func mismatch(code Code, s *Spec, raw any, w want) Diagnostic {
	hidden, hide := raw.(unseen)
	if hide {
		raw = hidden.raw
	}
	d := Diagnostic{Code: code, Spec: s, Given: kindOf(raw), Message: "must be " + w.words, Hint: w.hint}
	if !s.Secret && !hide {
		d.Message = "is " + show(raw) + " but must be " + w.words
	}
	return d
}

// notInEnum is for text, which was made of raw and is not one of the values of s.
func notInEnum(s *Spec, text string, raw any) Diagnostic {
	d := mismatch(CodeBadEnum, s, raw, want{words: "one of " + strings.Join(s.Enum, ", ")})
	_, hide := raw.(unseen)
	if near := Near(text, s.Enum); near != "" && !s.Secret && !hide {
		d.Near, d.Hint = near, didYouMean(near)
	}
	return d
}

// missing is for a required key. given is true for one that is null.
func missing(s *Spec, given bool) Diagnostic {
	if given {
		return Diagnostic{Code: CodeRequiredEmpty, Spec: s, Message: "is required, but empty"}
	}
	return Diagnostic{Code: CodeRequired, Spec: s, Message: "is required"}
}

func empty(s *Spec) Diagnostic {
	return Diagnostic{Code: CodeEmpty, Spec: s, Message: "is empty"}
}

// unknownKey is for a key of beside that s doesn't declare.
func unknownKey(s *Spec, key string, beside mapping) Diagnostic {
	d := Diagnostic{Code: CodeUnknownKey, Spec: s, Message: "unknown key"}
	names := s.Names()
	absent := slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, given := beside.get(name); return given })
	near, repeated := Near(key, absent), Near(key, names)
	switch {
	case s.injection(key) != nil:
		d.Detail = key + " is a service, which is named under injects"
	case near != "":
		d.Near, d.Hint = near, didYouMean(near)
	case repeated != "":
		d.Code, d.Near, d.Hint = CodeRepeatedKey, repeated, repeated+" is given already, so remove one of the two"
	case len(names) == 0:
		d.Detail = "there are no keys here"
	default:
		d.Hint = "there are " + strings.Join(names, ", ")
	}
	return d
}

// Text returns the message with its detail and its hint, without the path.
func (d Diagnostic) Text() string {
	text := d.withDetail(d.Message)
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	return text
}

// Named returns the message with its detail, for places that don't show the path. For an
// unknown key, it includes the key.
func (d Diagnostic) Named() string {
	message := d.Message
	if d.UnknownKey() && len(d.Path) > 0 {
		message += " " + strconv.Quote(d.Path.LastKey())
		if above := d.Path.Parent(); len(above) > 0 {
			message += " under " + above.String()
		}
	}
	return d.withDetail(message)
}

func (d Diagnostic) withDetail(message string) string {
	if d.Detail == "" {
		return message
	}
	return message + ": " + d.Detail
}

func didYouMean(near string) string { return fmt.Sprintf("did you mean %q?", near) }

// outOfBounds returns false where x, which was made of raw, is within the bounds of s.
func outOfBounds(s *Spec, x float64, raw any, text func(float64) string) (d Diagnostic, out bool) {
	switch {
	case s.Min != nil && x < *s.Min:
		return mismatch(CodeOutOfBounds, s, raw, want{words: "at least " + text(*s.Min)}), true
	case s.Max != nil && x > *s.Max:
		return mismatch(CodeOutOfBounds, s, raw, want{words: "at most " + text(*s.Max)}), true
	}
	return d, false
}

// secondsText writes seconds in the way of a duration.
func secondsText(seconds float64) string {
	return time.Duration(math.Round(seconds * float64(time.Second))).String()
}

// badLength returns false where length is within the bounds of s. one and many are
// what is counted.
func badLength(s *Spec, length int, one, many string) (d Diagnostic, bad bool) {
	bound, side := s.Min, "least"
	if bound == nil || float64(length) >= *bound {
		bound, side = s.Max, "most"
		if bound == nil || float64(length) <= *bound {
			return d, false
		}
	}
	counted := many
	if length == 1 {
		counted = one
	}
	return Diagnostic{Code: CodeBadLength, Spec: s, Message: fmt.Sprintf("has %d %s but must have at %s %s", length, counted, side, floatText(*bound))}, true
}

func noChildren(s *Spec) Diagnostic {
	return Diagnostic{Code: CodeChild, Spec: s, Message: "is a child pipe, which is not possible here"}
}

// badInjection is for the service that need asks for.
func badInjection(need *Spec, err error) Diagnostic {
	err = fmt.Errorf("injects.%s: %w", need.Name, err)
	return Diagnostic{Code: CodeInjection, Spec: need, Message: err.Error(), Err: err}
}

func missingService(need *Spec) error {
	return errors.New("is required: name a service there that is " + ServiceWords(need.Interface))
}

const shownLength = 60

// show describes a raw value in a message.
func show(raw any) string {
	switch x := raw.(type) {
	case nil:
		return "empty"
	case string:
		if utf8.RuneCountInString(x) > shownLength {
			return strconv.Quote(string([]rune(x)[:shownLength])) + "…"
		}
		return strconv.Quote(x)
	case []any:
		return "a list"
	}
	if text, ok := toText(raw); ok {
		return text
	}
	if _, ok := asMapping(raw); ok {
		return "a mapping"
	}
	return "something else"
}
