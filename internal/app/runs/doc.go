// Package runs is what people see of runs and ask of them: the commands below
// `otai runs`.
//
// A [Desk] is the run store that a configuration names, opened for looking. [Desk.List],
// [Desk.Show] and [Desk.Waiting] read it beside a service that works. [Desk.Retry] and its kind writes
// down what is asked of whoever works, and waits for the answer; where nobody works, it
// does the same itself.
//
// What a run has of tickets passes the redactor before anybody sees it.
package runs
