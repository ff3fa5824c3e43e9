package value

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
)

// TruncateFloat is f without its fraction.
func TruncateFloat(f float64) (any, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, position.Errorf("%s is not an integer", position.Quote{Text: FloatText(f), Bare: true})
	}
	n, _ := big.NewFloat(f).Int(nil)
	return Shrink(n), nil
}

// Bounds on integers.
const (
	MaxIntegerBits = 1 << 16
	MaxDigits      = 4300 // Python's own limit
)

// Number is v as int64, *big.Int or float64, or nil where it is not a number. As in
// Python, true counts as 1.
func Number(v any) any {
	switch n := v.(type) {
	case int64, float64, *big.Int:
		return n
	case int:
		return int64(n)
	case bool:
		if n {
			return int64(1)
		}
		return int64(0)
	}
	return nil
}

// Shrink is n as an int64 where it fits.
func Shrink(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// AsBigInt is a number as a big integer, or nil for a float.
func AsBigInt(n any) *big.Int {
	switch x := n.(type) {
	case int64:
		return big.NewInt(x)
	case *big.Int:
		return x
	}
	return nil
}

// ErrTooLarge is the error for an integer that no float can stand for.
var ErrTooLarge = errors.New("the integer is too large for a float")

// ToFloat is a number as a float64.
func ToFloat(n any) (float64, error) {
	switch x := n.(type) {
	case int64:
		return float64(x), nil
	case float64:
		return x, nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		if math.IsInf(f, 0) {
			return 0, ErrTooLarge
		}
		return f, nil
	}
	return 0, fmt.Errorf("%s is not a number", WithArticle(TypeName(n)))
}

// AsFloat is ToFloat for any value.
func AsFloat(v any) (float64, error) {
	n := Number(v)
	if n == nil {
		return 0, fmt.Errorf("%s is not a number", WithArticle(TypeName(v)))
	}
	return ToFloat(n)
}

// Arithmetic is x op y for two numbers.
func Arithmetic(op Operator, x, y any) (any, error) {
	a, small := x.(int64)
	b, small2 := y.(int64)
	if small && small2 {
		if v, ok, err := SmallIntegers(op, a, b); ok || err != nil {
			return v, err
		}
	}
	p, q := AsBigInt(x), AsBigInt(y)
	if p != nil && q != nil {
		return bigIntegers(op, p, q)
	}
	f, err := ToFloat(x)
	if err != nil {
		return nil, err
	}
	g, err := ToFloat(y)
	if err != nil {
		return nil, err
	}
	return floats(op, f, g)
}

var errDivision = errors.New("division by zero")

// SmallIntegers computes what cannot overflow.
func SmallIntegers(op Operator, a, b int64) (any, bool, error) {
	switch op {
	case OpAdd:
		if s := a + b; (s > a) == (b > 0) {
			return s, true, nil
		}
	case OpSubtract:
		if d := a - b; (d < a) == (b > 0) {
			return d, true, nil
		}
	case OpMultiply:
		if a == int64(int32(a)) && b == int64(int32(b)) {
			return a * b, true, nil
		}
	case OpDivide:
		if b == 0 {
			return nil, false, errDivision
		}
		if exact := int64(1) << 53; a > -exact && a < exact && b > -exact && b < exact {
			return float64(a) / float64(b), true, nil
		}
	case OpFloorDivide, OpModulo:
		if b == 0 {
			return nil, false, errDivision
		}
		if a == math.MinInt64 {
			return nil, false, nil
		}
		quotient, rest := a/b, a%b
		if rest != 0 && (rest < 0) != (b < 0) {
			quotient, rest = quotient-1, rest+b
		}
		if op == OpModulo {
			return rest, true, nil
		}
		return quotient, true, nil
	}
	return nil, false, nil
}

func bigIntegers(op Operator, a, b *big.Int) (any, error) {
	z := new(big.Int)
	switch op {
	case OpAdd:
		z.Add(a, b)
	case OpSubtract:
		z.Sub(a, b)
	case OpMultiply:
		if a.BitLen()+b.BitLen() > MaxIntegerBits {
			return nil, fmt.Errorf("the integer has more than %d bits", MaxIntegerBits)
		}
		z.Mul(a, b)
	case OpDivide:
		if b.Sign() == 0 {
			return nil, errDivision
		}
		if a.Sign() == 0 {
			return 0 / float64(b.Sign()), nil
		}
		f, _ := new(big.Rat).SetFrac(a, b).Float64()
		if math.IsInf(f, 0) {
			return nil, ErrTooLarge
		}
		return f, nil
	case OpFloorDivide, OpModulo:
		if b.Sign() == 0 {
			return nil, errDivision
		}
		rest := new(big.Int)
		z.QuoRem(a, b, rest)
		if rest.Sign() != 0 && rest.Sign() != b.Sign() {
			z.Sub(z, big.NewInt(1))
			rest.Add(rest, b)
		}
		if op == OpModulo {
			z = rest
		}
	case OpPower:
		return power(a, b)
	}
	if z.BitLen() > MaxIntegerBits {
		return nil, fmt.Errorf("the integer has more than %d bits", MaxIntegerBits)
	}
	return Shrink(z), nil
}

func power(base, exponent *big.Int) (any, error) {
	if exponent.Sign() < 0 {
		f, err := ToFloat(Shrink(base))
		if err != nil {
			return nil, err
		}
		g, err := ToFloat(Shrink(exponent))
		if err != nil {
			return nil, err
		}
		return floats(OpPower, f, g)
	}
	if base.BitLen() > 1 && (!exponent.IsInt64() || exponent.Int64() > MaxIntegerBits/int64(base.BitLen()-1)) {
		return nil, fmt.Errorf("the integer has more than %d bits", MaxIntegerBits)
	}
	if base.BitLen() <= 1 { // 0, 1 or -1: only whether the exponent is 0 or odd counts
		switch {
		case exponent.Sign() == 0, base.Sign() < 0 && exponent.Bit(0) == 0:
			return int64(1), nil
		}
		return base.Int64(), nil
	}
	return Shrink(new(big.Int).Exp(base, exponent, nil)), nil
}

func floats(op Operator, a, b float64) (any, error) {
	switch op {
	case OpAdd:
		return a + b, nil
	case OpSubtract:
		return a - b, nil
	case OpMultiply:
		return a * b, nil
	case OpPower:
		return floatPower(a, b)
	}
	if b == 0 {
		return nil, errDivision
	}
	if op == OpDivide {
		return a / b, nil
	}
	quotient, rest := floorDivide(a, b)
	if op == OpModulo {
		return rest, nil
	}
	return quotient, nil
}

// floorDivide is Python's divmod for floats.
func floorDivide(a, b float64) (quotient, rest float64) {
	rest = math.Mod(a, b)
	division := (a - rest) / b
	if rest != 0 {
		if (b < 0) != (rest < 0) {
			rest += b
			division--
		}
	} else {
		rest = math.Copysign(0, b)
	}
	if division == 0 {
		return math.Copysign(0, a/b), rest
	}
	quotient = math.Floor(division)
	if division-quotient > 0.5 {
		quotient++
	}
	return quotient, rest
}

func floatPower(a, b float64) (any, error) {
	if a == 0 && b < 0 {
		return nil, errors.New("zero can't be raised to a negative power")
	}
	if a < 0 && b != math.Trunc(b) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, errors.New("a negative number can't be raised to a fraction")
	}
	f := exactPower(a, b)
	if math.IsInf(f, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, errors.New("the power is too large for a float")
	}
	return f, nil
}

// exactPower is a to the power of b, rounded once: Go's math.Pow is off in the last
// digits. A power with a fraction is computed as exp(b log a).
func exactPower(a, b float64) float64 {
	rough := math.Pow(a, b)
	if math.IsInf(a, 0) || math.IsInf(b, 0) || a == 0 || rough == 0 || math.IsInf(rough, 0) || math.IsNaN(rough) {
		return rough
	}
	if b != math.Trunc(b) || math.Abs(b) > 1000 {
		f, _ := bigExp(new(big.Float).Mul(bigLog(math.Abs(a)), big.NewFloat(b))).Float64()
		return math.Copysign(f, rough)
	}
	product := exactFloat(1)
	factor := exactFloat(a)
	for n := int(math.Abs(b)); n > 0; n >>= 1 {
		if n&1 == 1 {
			product.Mul(product, factor)
		}
		factor.Mul(factor, factor)
	}
	if b < 0 {
		product.Quo(exactFloat(1), product)
	}
	f, _ := product.Float64()
	return f
}

// exactFloat is f with digits to spare.
func exactFloat(f float64) *big.Float { return new(big.Float).SetPrec(320).SetFloat64(f) }

// bigExp is e to the power of x: the Taylor series for a small part of x, squared.
func bigExp(x *big.Float) *big.Float {
	squarings := max(x.MantExp(nil)+16, 0)
	small := exactFloat(0).SetMantExp(x, -squarings)
	sum, term := exactFloat(1), exactFloat(1)
	for n := 1; n < 20; n++ {
		term.Mul(term, small)
		term.Quo(term, exactFloat(float64(n)))
		sum.Add(sum, term)
	}
	for range squarings {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigLog is the logarithm of a: math.Log's, made exact by Halley's iteration, each
// of which yields three times the digits.
func bigLog(a float64) *big.Float {
	y, x := exactFloat(math.Log(a)), exactFloat(a)
	for range 2 {
		e := bigExp(y)
		step := exactFloat(0).Sub(x, e)
		step.Quo(step, e.Add(e, x))
		y.Add(y, step.Mul(step, exactFloat(2)))
	}
	return y
}

// SignedValue is +v or -v.
func SignedValue(v any, minus bool) (any, error) {
	switch n := Number(v).(type) {
	case int64:
		if !minus {
			return n, nil
		}
		if n == -n && n != 0 {
			return new(big.Int).Neg(big.NewInt(n)), nil
		}
		return -n, nil
	case float64:
		if minus {
			return -n, nil
		}
		return n, nil
	case *big.Int:
		if minus {
			return Shrink(new(big.Int).Neg(n)), nil
		}
		return n, nil
	}
	if u, ok := v.(*Undefined); ok {
		return nil, u.Err()
	}
	return nil, fmt.Errorf("%s has no sign: it is not a number", WithArticle(TypeName(v)))
}
