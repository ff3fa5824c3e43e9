// Package powercut cuts the power under the run store: its statements, run by another
// driver of SQLite on a disk of memory that keeps a record of what was written and what
// was synced. A module of its own, so that nothing of it is linked into otai.
package powercut
