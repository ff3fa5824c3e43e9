package source

import "cmp"

// Position is a place in a file. Line and Column count from 1, in characters. A
// Line of 0 means that File names an environment variable, or nothing at all.
type Position struct {
	File         string
	Line, Column int
}

// ComparePositions has what stands in no file, such as a variable, last.
func ComparePositions(a, b Position) int {
	if (a.Line == 0) != (b.Line == 0) {
		return cmp.Compare(b.Line, a.Line)
	}
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}
