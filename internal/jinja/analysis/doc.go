// Package analysis finds out about a template without running it: [Names] are the names
// that it uses (names.go), [Misuses] the calls that can't succeed (misuses.go),
// [Comparisons] the values that results are compared with (comparisons.go). [Outcomes] is
// what it can yield when only some of the names are known (outcomes.go).
package analysis
