package methods

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func numberMethod(name string, apply func(n any) (any, error)) *runtime.Method {
	return &runtime.Method{Signature: runtime.Signature{Name: name}, Apply: func(_ *runtime.State, self any, _ value.Args) (any, error) { return apply(value.Number(self)) }}
}

func integerMethods() []*runtime.Method {
	return []*runtime.Method{
		numberMethod("conjugate", func(n any) (any, error) { return n, nil }),
		numberMethod("bit_length", func(n any) (any, error) { return int64(value.AsBigInt(n).BitLen()), nil }),
		numberMethod("bit_count", func(n any) (any, error) {
			return int64(strings.Count(new(big.Int).Abs(value.AsBigInt(n)).Text(2), "1")), nil
		}),
		numberMethod("as_integer_ratio", func(n any) (any, error) { return value.Tuple{n, int64(1)}, nil }),
	}
}

func floatMethods() []*runtime.Method {
	return []*runtime.Method{
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
			return value.Tuple{value.Shrink(ratio.Num()), value.Shrink(ratio.Denom())}, nil
		}),
		numberMethod("hex", func(n any) (any, error) { return hexText(n.(float64)), nil }),
	}
}

// hexText is a float in Python's hexadecimal notation.
func hexText(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return value.FloatText(f)
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

func rangeMethods() []*runtime.Method {
	find := func(s value.Range, v any) (int64, bool) {
		n, ok := value.Number(v).(int64)
		if f, isFloat := v.(float64); isFloat && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			n, ok = int64(f), true
		}
		if !ok || (n-s.Start)%s.Step != 0 {
			return 0, false
		}
		i := (n - s.Start) / s.Step
		return i, i >= 0 && i < s.Count
	}
	return []*runtime.Method{
		{Signature: runtime.Signature{Name: "index", Params: []string{"value"}, Required: 1}, Apply: func(_ *runtime.State, self any, a value.Args) (any, error) {
			i, ok := find(self.(value.Range), a.Values[0])
			if !ok {
				return nil, errors.New("the value is not in the range")
			}
			return i, nil
		}},
		{Signature: runtime.Signature{Name: "count", Params: []string{"value"}, Required: 1}, Apply: func(_ *runtime.State, self any, a value.Args) (any, error) {
			if _, ok := find(self.(value.Range), a.Values[0]); ok {
				return int64(1), nil
			}
			return int64(0), nil
		}},
	}
}
