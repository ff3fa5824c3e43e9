package value

// Operator is an operator with two operands.
type Operator byte

// The operators, arithmetic first.
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

// String is the operator as a template writes it.
func (o Operator) String() string {
	return [...]string{"+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "in", "not in"}[o]
}
