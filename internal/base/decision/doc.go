// Package decision decides what a label and its confidence mean for a ticket. It reads and
// writes nothing.
//
// A [Policy] is what a configuration says: a [Target] for each label, from which confidence
// on it is applied or suggested (thresholds.go), and what becomes of the rest. [Policy.Decide]
// (policy.go) makes a [Decision] of it. target.go has what is to be done with a ticket, and
// how people read it; text.go the built-in notes; table.go reads targets from a table (CSV),
// and names each [Mistake] with its line and column.
package decision
