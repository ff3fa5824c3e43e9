// Package health says whether otai does its work, and if not, which part doesn't and why.
//
// Others report facts (facts.go): what was started, when a runner last found something, when a
// run last ended well. [Judge] is the one place that makes a [Report] of them (judge.go), which
// people and programs read (report.go, text.go). These don't make it red:
// tickets that are left alone, a runner that is paused, a queue that refuses while others take,
// another host that does all the work.
package health
