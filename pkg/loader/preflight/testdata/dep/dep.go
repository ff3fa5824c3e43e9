// Package dep stands for a library that host and plugin share.
package dep

// Double returns 2n.
func Double(n int) int { return 2 * n }
