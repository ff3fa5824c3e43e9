package value

// NumberAttribute is an attribute of a number other than a method.
func NumberAttribute(v any, name string) (any, bool) {
	n := Number(v)
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

// RangeAttribute is an attribute of what range() yields.
func RangeAttribute(s Range, name string) (any, bool) {
	switch name {
	case "start":
		return s.Start, true
	case "stop":
		return s.Stop, true
	case "step":
		return s.Step, true
	}
	return nil, false
}
