package hfjson

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Float reads one number.
func (s *Scanner) Float() (float64, error) {
	text, err := s.Number()
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not a number", text)
	}
	if s.Python {
		return f, nil
	}
	return serdeFloat(text, f), nil
}

// serdeFloat is the value that HuggingFace tokenizers has for a number. Its reader,
// serde_json without the feature float_roundtrip, divides the digits by a power of
// ten, so that the last bit of every seventh number of 17 digits is another one
// than that of the nearest value. Where ways through a word are equally good, as
// through "aaaaaaaa", that bit decides between them.
func serdeFloat(text string, nearest float64) float64 {
	digits, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(text[i+1:]); err != nil {
			return nearest
		}
		digits = text[:i]
	}
	var significand uint64
	full, behind := false, false
	for _, c := range []byte(strings.TrimPrefix(digits, "-")) {
		switch d := uint64(c - '0'); {
		case c == '.':
			behind = true
		case c < '0' || c > '9':
			return nearest
		case full || significand > (math.MaxUint64-d)/10:
			// What doesn't fit into 64 bits is left out.
			if full = true; !behind {
				exponent++
			}
		default:
			significand = significand*10 + d
			if behind {
				exponent--
			}
		}
	}
	f := float64(significand)
	switch {
	case exponent < -308:
		f = f / 1e308 / powerOfTen(-exponent-308)
	case exponent < 0:
		f /= powerOfTen(-exponent)
	default:
		f *= powerOfTen(exponent)
	}
	return math.Copysign(f, nearest)
}

// powerOfTen is the value nearest to 10ⁿ, which math.Pow10 isn't from 32 on.
func powerOfTen(n int) float64 {
	if n < 32 {
		return math.Pow10(n)
	}
	f, _ := strconv.ParseFloat("1e"+strconv.Itoa(n), 64) // out of range it is infinite
	return f
}
