package filters

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func numberFilters() []*runtime.Filter {
	return []*runtime.Filter{
		{Signature: runtime.Signature{Name: "round", Params: []string{"precision", "method"}}, Apply: roundFilter},
		{Signature: runtime.Signature{Name: "int", Params: []string{"default", "base"}}, Apply: intFilter},
		{Signature: runtime.Signature{Name: "float", Params: []string{"default"}}, Apply: floatFilter},
		{Signature: runtime.Signature{Name: "abs"}, Apply: absFilter},
	}
}

func roundFilter(_ *runtime.State, v any, a value.Args) (any, error) {
	if a.Has(0) && a.Values[0] == nil && a.At(1, "common") == "common" {
		return roundWhole(v)
	}
	precision, err := a.Integer(0, 0)
	if err != nil {
		return nil, err
	}
	if precision < -400 || precision > 400 {
		return nil, position.Errorf("the precision %s is not a number of digits", position.Quote{Text: strconv.Itoa(precision), Bare: true})
	}
	method, err := a.Text(1, "common")
	if err != nil {
		return nil, err
	}
	if method == "common" {
		return round(v, precision)
	}
	f, err := value.AsFloat(v)
	if err != nil {
		return nil, err
	}
	scale := math.Pow(10, float64(precision))
	switch method {
	case "ceil", "floor":
		f *= scale
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, position.Errorf("%s is not near any integer", position.Quote{Text: value.FloatText(f), Bare: true})
		}
		if method == "ceil" {
			return (math.Ceil(f) + 0) / scale, nil
		}
		return (math.Floor(f) + 0) / scale, nil
	}
	return nil, position.Errorf("round takes the methods common, ceil and floor, not %s", position.Quote{Text: method})
}

// round rounds the exact value, half to even, as Python does: 2.675 to two digits
// is 2.67, because the float is a little less.
func round(v any, precision int) (any, error) {
	switch n := value.Number(v).(type) {
	case float64:
		if math.IsInf(n, 0) || math.IsNaN(n) || precision > 330 {
			return n, nil
		}
		if precision >= 0 {
			f, err := strconv.ParseFloat(strconv.FormatFloat(n, 'f', precision, 64), 64)
			return f, err
		}
		exact, _ := big.NewFloat(n).Rat(nil)
		f, _ := new(big.Rat).SetInt(roundTo(exact, precision)).Float64()
		return math.Copysign(f, n), nil
	case int64, *big.Int:
		if precision >= 0 {
			return n, nil
		}
		return value.Shrink(roundTo(new(big.Rat).SetInt(value.AsBigInt(n)), precision)), nil
	}
	if u, ok := v.(*value.Undefined); ok {
		return nil, u.Err()
	}
	return nil, fmt.Errorf("%s can't be rounded: it is not a number", value.WithArticle(value.TypeName(v)))
}

// roundWhole is v rounded to an int, as Python's round does without a number of digits.
func roundWhole(v any) (any, error) {
	rounded, err := round(v, 0)
	if f, ok := rounded.(float64); ok {
		return value.TruncateFloat(f)
	}
	return rounded, err
}

// roundTo rounds to a multiple of a power of ten, half to even; precision is
// negative.
func roundTo(exact *big.Rat, precision int) *big.Int {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-precision)), nil)
	denominator := new(big.Int).Mul(exact.Denom(), unit)
	quotient, rest := new(big.Int).DivMod(exact.Num(), denominator, new(big.Int))
	half := rest.Lsh(rest, 1).Cmp(denominator)
	if half > 0 || half == 0 && quotient.Bit(0) == 1 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient.Mul(quotient, unit)
}

func intFilter(_ *runtime.State, v any, a value.Args) (any, error) {
	otherwise := a.At(0, int64(0))
	switch n := value.Number(v).(type) {
	case int64, *big.Int:
		return n, nil
	case float64:
		if math.IsNaN(n) {
			return otherwise, nil
		}
		return value.TruncateFloat(n)
	}
	if u, ok := v.(*value.Undefined); ok {
		return nil, u.Err()
	}
	s, ok := value.AsText(v)
	if !ok {
		return otherwise, nil
	}
	// none as the base is not an error: the text is then also read as a float.
	base, ok := value.AsInt(a.At(1, int64(10)))
	if ok && (base == 0 || base >= 2 && base <= 36) {
		if n, ok := parseInteger(s, int(base)); ok {
			return value.Shrink(n), nil
		}
	}
	f, err := toFloat(s)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return otherwise, nil // what is not a number is the default
	}
	return value.TruncateFloat(f)
}

// parseInteger reads text as Python's int() does.
func parseInteger(s string, base int) (*big.Int, bool) {
	s = asciiDigits(strings.TrimFunc(s, value.IsSpace))
	sign := ""
	if c := value.ByteAt(s, 0); c == '-' || c == '+' {
		sign, s = s[:1], s[1:]
	}
	prefix := 0
	if value.ByteAt(s, 0) == '0' && value.BaseDigits(value.ByteAt(s, 1)) != "" {
		prefix = map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]
	}
	switch {
	case prefix != 0 && (base == 0 || base == prefix):
		s, base = strings.TrimPrefix(s[2:], "_"), prefix
	case base == 0:
		if len(s) > 1 && s[0] == '0' && strings.Trim(s, "0_") != "" {
			return nil, false
		}
		base = 10
	}
	if s == "" || len(s) > value.MaxDigits || s[0] == '_' || s[len(s)-1] == '_' || strings.Contains(s, "__") || strings.ContainsAny(s, "+-") {
		return nil, false
	}
	return new(big.Int).SetString(sign+strings.ReplaceAll(s, "_", ""), base)
}

// asciiDigits replaces the digits of all scripts by those of ASCII.
func asciiDigits(s string) string {
	if strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) < 0 {
		return s
	}
	return strings.Map(func(c rune) rune {
		if c < utf8.RuneSelf || !unicode.IsDigit(c) {
			return c
		}
		// Unicode has digits in rows of ten, and a row begins with its zero.
		for _, r := range unicode.Nd.R16 {
			if c <= rune(r.Hi) {
				return '0' + (c-rune(r.Lo))%10
			}
		}
		for _, r := range unicode.Nd.R32 {
			if c <= rune(r.Hi) {
				return '0' + (c-rune(r.Lo))%10
			}
		}
		return c
	}, s)
}

// toFloat is Python's float().
func toFloat(v any) (float64, error) {
	s, ok := value.AsText(v)
	if !ok {
		return value.AsFloat(v)
	}
	s = asciiDigits(strings.TrimFunc(s, value.IsSpace))
	digits := strings.TrimLeft(s, "+-")
	switch strings.ToLower(digits) {
	case "inf", "infinity", "nan":
		return strconv.ParseFloat(s, 64)
	}
	if digits == "" || strings.IndexFunc(digits, func(c rune) bool { return !strings.ContainsRune("0123456789.eE+-_", c) }) >= 0 ||
		strings.Contains(digits, "__") || !underscoresBetweenDigits(digits) {
		return 0, position.Errorf("%s is not a number", position.Quote{Text: s})
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if errors.Is(err, strconv.ErrRange) {
		return f, nil
	}
	return f, err
}

func underscoresBetweenDigits(s string) bool {
	for i := range len(s) {
		if s[i] == '_' && (!value.IsDigit(value.ByteAt(s, i-1)) || !value.IsDigit(value.ByteAt(s, i+1))) {
			return false
		}
	}
	return true
}

func floatFilter(_ *runtime.State, v any, a value.Args) (any, error) {
	if u, ok := v.(*value.Undefined); ok {
		return nil, u.Err()
	}
	f, err := toFloat(v)
	if errors.Is(err, value.ErrTooLarge) {
		return nil, err
	}
	if err != nil {
		return a.At(0, 0.0), nil // what is not a number is the default
	}
	return f, nil
}

func absFilter(_ *runtime.State, v any, _ value.Args) (any, error) {
	switch n := value.Number(v).(type) {
	case float64:
		return math.Abs(n), nil
	case int64, *big.Int:
		return value.Shrink(new(big.Int).Abs(value.AsBigInt(n))), nil
	}
	if u, ok := v.(*value.Undefined); ok {
		return nil, u.Err()
	}
	return nil, fmt.Errorf("%s has no absolute value: it is not a number", value.WithArticle(value.TypeName(v)))
}
