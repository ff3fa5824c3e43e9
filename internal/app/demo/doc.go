// Package demo runs the built-in help desk: [Run] for the demonstration, which does the
// whole job against a help desk of its own and reports, [Helpdesk] for one that stays.
package demo
