package value

import (
	"math/big"
)

// IsUndefined reports whether v stands for what does not exist.
func IsUndefined(v any) bool { _, ok := v.(*Undefined); return ok }

// IsInteger reports whether v is an integer; true is not.
func IsInteger(v any) bool {
	switch v.(type) {
	case int64, int, *big.Int:
		return true
	}
	return false
}

// IsText reports whether v is a string.
func IsText(v any) bool { _, ok := AsText(v); return ok }

// IsMapping reports whether v is a mapping.
func IsMapping(v any) bool { _, ok := AsMapping(v); return ok }

// IsCallable reports whether v can be called.
func IsCallable(v any) bool {
	switch v.(type) {
	case callable, *Undefined: // Jinja2 considers what is missing callable
		return true
	}
	return false
}

// IsSequence reports whether v has a length and elements, as the test "sequence" has it.
func IsSequence(v any) bool {
	switch v.(type) {
	case *DictView:
		return false
	case iterable:
		return false
	}
	_, err := Length(v)
	return err == nil
}

// IsIterable reports whether v can be iterated over, as the test "iterable" has it.
func IsIterable(v any) bool {
	switch v.(type) {
	case *Iterator, *DictView:
		return true
	}
	return IsSequence(v)
}

// Is is Python's "is", as far as values here have an identity: numbers and text
// are the same when they are equal and of one type, a list only with itself.
func Is(v, other any) bool {
	switch a := v.(type) {
	case nil, bool, int64, int, float64, string:
		return TypeName(v) == TypeName(other) && isScalar(other) && v == other
	case []any:
		b, ok := other.([]any)
		return ok && len(a) > 0 && len(a) == len(b) && &a[0] == &b[0]
	case *MutableList:
		b, ok := other.(*MutableList)
		return ok && a == b
	case *Dict:
		b, ok := other.(*Dict)
		return ok && a == b
	}
	return identical(v, other)
}

func isScalar(v any) bool {
	switch v.(type) {
	case nil, bool, int64, int, float64, string:
		return true
	}
	return false
}
