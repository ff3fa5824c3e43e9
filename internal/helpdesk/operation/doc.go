// Package operation is what a web service of the help desk can do with the tickets.
//
// # The operations
//
// Each [Operation] takes a [Call] and works on a [System], the tickets and the sessions: [Search], [Get] and [History] read,
// [Create] and [Update] write, [SessionCreate] and its siblings log in and out. Who sends a call proves it first (auth.go).
//
// # Writing
//
// A write is planned before it is done: names and values are checked in the order of the servers (plan.go, article.go,
// attachment.go). Then its steps follow each other (step.go, apply.go), and each stays done when a later one fails: an update is
// not atomic. A [Stop] ends a write between two of them.
package operation
