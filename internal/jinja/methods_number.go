package jinja

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// numberAttribute is an attribute of a number that is no method.
func numberAttribute(v any, name string) (any, bool) {
	n := number(v)
	if n == nil {
		return nil, false
	}
	_, isFloat := n.(float64)
	switch name {
	case "real":
		return n, true
	case "imag":
		if isFloat {
			return 0.0, true
		}
		return int64(0), true
	case "numerator":
		return n, !isFloat
	case "denominator":
		return int64(1), !isFloat
	}
	return nil, false
}

func numberMethod(name string, apply func(n any) (any, error)) *method {
	return &method{signature{name: name}, func(_ *state, self any, _ args) (any, error) { return apply(number(self)) }}
}

func integerMethods() []*method {
	return []*method{
		numberMethod("conjugate", func(n any) (any, error) { return n, nil }),
		numberMethod("bit_length", func(n any) (any, error) { return int64(whole(n).BitLen()), nil }),
		numberMethod("bit_count", func(n any) (any, error) {
			return int64(strings.Count(new(big.Int).Abs(whole(n)).Text(2), "1")), nil
		}),
		numberMethod("as_integer_ratio", func(n any) (any, error) { return tuple{n, int64(1)}, nil }),
	}
}

func floatMethods() []*method {
	return []*method{
		numberMethod("conjugate", func(n any) (any, error) { return n, nil }),
		numberMethod("is_integer", func(n any) (any, error) {
			f := n.(float64)
			return f == math.Trunc(f) && !math.IsInf(f, 0), nil
		}),
		numberMethod("as_integer_ratio", func(n any) (any, error) {
			f := n.(float64)
			if math.IsInf(f, 0) || math.IsNaN(f) {
				return nil, errors.New("only a finite number is a ratio of integers")
			}
			ratio, _ := big.NewFloat(f).Rat(nil)
			return tuple{shrink(ratio.Num()), shrink(ratio.Denom())}, nil
		}),
		numberMethod("hex", func(n any) (any, error) { return hexText(n.(float64)), nil }),
	}
}

// hexText is a float in Python's hexadecimal notation.
func hexText(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return floatText(f)
	}
	if f == 0 {
		if math.Signbit(f) {
			return "-0x0.0p+0"
		}
		return "0x0.0p+0"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'x', 13, 64), "p")
	n, _ := strconv.Atoi(exponent)
	sign := ""
	if n >= 0 {
		sign = "+"
	}
	return mantissa + "p" + sign + strconv.Itoa(n)
}

// rangeAttribute is an attribute of what range() yields.
func rangeAttribute(s span, name string) (any, bool) {
	switch name {
	case "start":
		return s.start, true
	case "stop":
		return s.stop, true
	case "step":
		return s.step, true
	}
	return nil, false
}

func rangeMethods() []*method {
	find := func(s span, v any) (int64, bool) {
		n, ok := number(v).(int64)
		if f, isFloat := v.(float64); isFloat && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			n, ok = int64(f), true
		}
		if !ok || (n-s.start)%s.step != 0 {
			return 0, false
		}
		i := (n - s.start) / s.step
		return i, i >= 0 && i < s.count
	}
	return []*method{
		{signature{name: "index", params: []string{"value"}, required: 1}, func(_ *state, self any, a args) (any, error) {
			i, ok := find(self.(span), a.values[0])
			if !ok {
				return nil, errors.New("the value is not in the range")
			}
			return i, nil
		}},
		{signature{name: "count", params: []string{"value"}, required: 1}, func(_ *state, self any, a args) (any, error) {
			if _, ok := find(self.(span), a.values[0]); ok {
				return int64(1), nil
			}
			return int64(0), nil
		}},
	}
}
