// Package visible makes the texts of others harmless where people read them: what would
// steer a terminal, break a line or hide itself is shown as an escape.
package visible
