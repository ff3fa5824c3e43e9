// Package eval renders a template. A [Template] is what a source says (package syntax) in
// an [Environment]. A run evaluates its expressions (expr.go, call.go), executes its
// statements (stmt.go, loop.go, macro.go) with the names of each block (scope.go), and
// makes one value of what was put out (output.go): a text that a template hands on from
// the pipeline stays a text, whatever stands in it (written.go).
package eval
