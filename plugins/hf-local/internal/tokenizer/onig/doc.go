// Package onig matches the patterns that a tokenizer.json holds, which are written
// for the library Oniguruma in its Ruby syntax: look-ahead and look-behind,
// possessive repetition, and the classes of that library's Unicode version.
//
// [Compile] reads a pattern (parse.go and parse_*.go) into a program of a few
// instructions (program.go, width.go); [Pattern.Each] runs it (match.go) by
// backtracking, as Oniguruma does, so that the same alternative wins. Unlike there, the time is bounded: once
// a text needs many steps, what failed at a place is remembered and not tried
// again, which makes it proportional to the length of pattern and text.
//
// What a tokenizer has no use for is rejected by an error that names it: back
// references, \G, \K, \R, \X, conditions, and repetition without bound in a
// look-around.
package onig
