// Package format writes values into the formats of Python: [Percent] is format % values
// (percent.go), [Brace] is str.format (brace.go). Both share the specifications of
// widths, precisions and signs (spec.go).
package format
