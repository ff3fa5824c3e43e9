// Package decisions is the record of what was decided about a ticket, and why.
//
// A [Record] is made at the end of a run, by internal/runs, for each ticket that the run wrote
// to, else for the one that it was about, and is never changed. It says what was read of the
// ticket, what a model said of it and which model that was, what the pipes made of it, and what
// was written: old and new by field. It has no text of a ticket, unless the configuration asks
// for it. Its JSON form is stable: see schema.go.
//
// What a step knows of it says the step itself: a pipe that has classified calls [Classified],
// one that has decided calls [Decided], with the context of its call. Whoever called it gave
// that context a [Sink] ([With]); without one nobody listens.
package decisions
