// Package value has the values of templates, which behave as Python's do.
//
// What comes from outside is nil, bool, int64 (or int), float64, string, []any,
// map[string]any and [Mapping]. Kinds that exist only while a template runs are in
// values.go, [Dict] in dict.go; functions, macros and loops are defined by other
// packages, each an [Object].
//
// Behavior: conversion and kinds (kinds.go, values.go), numbers (numbers.go),
// comparison (compare.go), elements and slices (access.go), text forms (text.go,
// letters.go, strings.go, markup.go), the way back from text to a value (literal.go),
// and the arguments of calls (args.go).
//
// What could take long takes a [budget.Budget] first, and ends with an error where it
// is used up.
package value
