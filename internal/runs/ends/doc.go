// Package ends decides what becomes of a run and of its ticket when an attempt ends.
//
// [Attempt] is what the steps and the gate saw. With what the store knows it is an [Ending],
// of which [Decide] makes a [Decision]: the one place that says what a run and its ticket
// may do next, a table without a store in it, tested line by line. [Memory] is what an attempt
// leaves to the next one.
package ends
