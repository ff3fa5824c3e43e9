package value

type Operator byte

const (
	OpAdd Operator = iota
	OpSubtract
	OpMultiply
	OpDivide
	OpFloorDivide
	OpModulo
	OpPower
	OpEqual
	OpNotEqual
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpIn
	OpNotIn
)

func (o Operator) String() string {
	return [...]string{"+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "in", "not in"}[o]
}
