// Package report lays out figures for people: as one HTML file, and as text for a terminal.
//
// It has no figures of its own. Whoever has some makes a [Report] of them: facts, charts of
// bars, and tables. The HTML file needs nothing else, has no script, and is readable on a
// narrow screen and on paper. All that it is given is text, however it reads: tickets are
// written by anybody.
//
//	report.go  what a report consists of
//	html.go    the page, with its style
//	svg.go     a chart, and the same in words
//	width.go   how wide texts are
//	text.go    for a terminal
package report
