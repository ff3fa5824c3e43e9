package params

import (
	"encoding/json"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a duration: ISO 8601 with weeks, days and smaller (P1W,
// P1DT12H, PT0.01S), H:MM or H:MM:SS, Go's own form (1h30m), or a number of seconds,
// also as text. All of them may be negative. A time.Duration is returned as it is.
func ParseDuration(v any) (time.Duration, error) {
	d, wanted := readDuration(v)
	if wanted != "" {
		return 0, &diagnosticError{mismatch(CodeBadDuration, &Spec{Kind: KindDuration}, v, want{words: wanted})}
	}
	return d, nil
}

// readDuration answers what v should have been, "" where it is right.
func readDuration(v any) (d time.Duration, want string) {
	switch x := v.(type) {
	case time.Duration:
		return x, ""
	case int:
		return wholeSeconds(int64(x))
	case int64:
		return wholeSeconds(x)
	case uint64:
		if x > math.MaxInt64 {
			return 0, durationLength
		}
		return wholeSeconds(int64(x))
	case float64:
		return floatSeconds(x)
	case json.Number:
		return durationText(string(x))
	case string:
		return durationText(x)
	default:
		return 0, durationForms
	}
}

func wholeSeconds(n int64) (time.Duration, string) {
	if n > math.MaxInt64/int64(time.Second) || n < math.MinInt64/int64(time.Second) {
		return 0, durationLength
	}
	return time.Duration(n) * time.Second, ""
}

func floatSeconds(x float64) (time.Duration, string) {
	ns := math.Round(x * float64(time.Second))
	switch {
	case math.IsNaN(x):
		return 0, durationForms
	case math.Abs(ns) >= 1<<63:
		return 0, durationLength
	}
	return time.Duration(ns), ""
}

func durationText(text string) (d time.Duration, want string) {
	text = trim(text)
	negative := false
	if text != "" && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		text = text[1:]
	}
	switch {
	case text == "" || text[0] == '-' || text[0] == '+':
		return 0, durationForms
	case text[0] == 'P' || text[0] == 'p':
		d, want = isoDuration(strings.ToUpper(text[1:]))
	case strings.IndexByte(text, ':') > 0:
		d, want = clockDuration(text)
	case decimalLength(text) == len(text):
		d, want = addScaled(0, text, time.Second)
	default:
		d, want = otherDuration(text)
	}
	if negative {
		d = -d
	}
	return d, want
}

// otherDuration reads Go's form, and numbers with an exponent.
func otherDuration(text string) (time.Duration, string) {
	if d, err := time.ParseDuration(text); err == nil {
		return d, ""
	}
	if x, ok := decimalText(text); ok {
		return floatSeconds(x)
	}
	return 0, durationForms
}

// isoDuration reads what follows the P. Only the last number may have a fraction.
func isoDuration(text string) (total time.Duration, want string) {
	if text == "" {
		return 0, durationForms
	}
	units := "WD"
	lengths := []time.Duration{7 * 24 * time.Hour, 24 * time.Hour}
	inTime := false
	for text != "" {
		if text[0] == 'T' {
			if inTime || len(text) == 1 {
				return 0, durationForms
			}
			inTime, text = true, text[1:]
			units, lengths = "HMS", []time.Duration{time.Hour, time.Minute, time.Second}
		}
		n := decimalLength(text)
		if n == 0 || n == len(text) {
			return 0, durationForms
		}
		number, unit := text[:n], text[n]
		text = text[n+1:]
		if !inTime && (unit == 'Y' || unit == 'M') {
			return 0, durationMonths
		}
		at := strings.IndexByte(units, unit)
		if at < 0 || text != "" && strings.ContainsAny(number, ".,") {
			return 0, durationForms
		}
		if total, want = addScaled(total, number, lengths[at]); want != "" {
			return 0, want
		}
		units, lengths = units[at+1:], lengths[at+1:]
	}
	return total, ""
}

// clockDuration reads H:MM and H:MM:SS, the seconds also with a fraction.
func clockDuration(text string) (total time.Duration, want string) {
	hours, rest, _ := strings.Cut(text, ":")
	minutes, seconds, withSeconds := strings.Cut(rest, ":")
	if !withSeconds {
		seconds = "00"
	}
	whole, _, _ := strings.Cut(seconds, ".")
	if !allDigits(hours) || !belowSixty(minutes) || !belowSixty(whole) || decimalLength(seconds) != len(seconds) {
		return 0, durationForms
	}
	for _, part := range []struct {
		number string
		unit   time.Duration
	}{{hours, time.Hour}, {minutes, time.Minute}, {seconds, time.Second}} {
		if total, want = addScaled(total, part.number, part.unit); want != "" {
			return 0, want
		}
	}
	return total, ""
}

func belowSixty(text string) bool { return len(text) == 2 && allDigits(text) && text[0] <= '5' }

func allDigits(text string) bool { return text != "" && digitsLength(text) == len(text) }

func digitsLength(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// decimalLength is the length of the number that text begins with, as in 1, 1.5,
// 1,5 or .5, and 0 without any digit.
func decimalLength(text string) int {
	n := digitsLength(text)
	if n < len(text) && (text[n] == '.' || text[n] == ',') {
		fraction := digitsLength(text[n+1:])
		if fraction == 0 {
			return n
		}
		return n + 1 + fraction
	}
	return n
}

// addScaled adds number, a decimal, times unit. The whole part is exact.
func addScaled(total time.Duration, number string, unit time.Duration) (time.Duration, string) {
	at := strings.IndexAny(number, ".,")
	whole, fraction := number, ""
	if at >= 0 {
		whole, fraction = number[:at], number[at+1:]
	}
	sum := uint64(total)
	if whole != "" {
		n, err := strconv.ParseUint(whole, 10, 64)
		high, low := bits.Mul64(n, uint64(unit))
		if err != nil || high > 0 || low > math.MaxInt64 {
			return 0, durationLength
		}
		sum += low // two summands below 1<<63 can't wrap around
	}
	if fraction != "" {
		x, err := strconv.ParseFloat("0."+fraction, 64)
		if err != nil {
			return 0, durationForms
		}
		if sum > math.MaxInt64 {
			return 0, durationLength
		}
		sum += uint64(math.Round(x * float64(unit)))
	}
	if sum > math.MaxInt64 {
		return 0, durationLength
	}
	return time.Duration(sum), ""
}
