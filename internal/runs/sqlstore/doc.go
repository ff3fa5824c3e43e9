// Package sqlstore has the transactions of the run store, written once for SQLite and
// PostgreSQL.
//
// # What a database package gives
//
// A [DB] runs a piece of work in one transaction, in one of two kinds: a write, which may
// share its commit with others, and a read. Its [Dialect] has what differs in the language:
// how placeholders look, whether there are leases and locks of rows, and whose clock
// counts. Statements are written with $1 and with {names} in braces, see dialect.go.
//
// # How a transaction begins
//
// Whatever concerns a run that a host has begins with the same question (held.go): is it
// still this host's? The answer locks the run's row, so it stays true until the end.
//
// What nearly every transaction does needs no answer in between (holds in held.go): each
// statement without whose row nothing may stay ends the transaction by itself, and only
// then is asked at length what was otherwise. A database with a [Pipeline] carries such a
// transaction out in one round trip.
//
// # Order of the files
//
// schema.go, dialect.go, tx.go, rows.go: the ground. hosts.go: who lives, and whose runs
// become others'. held.go: whose a run is. claims.go: tickets. commit.go, effects.go,
// ends.go: what an attempt learns. lent.go: tickets that a loop lends to its items. take.go:
// what is due. decisions.go: the records of what was decided. causes.go: what refuses many. tickets.go, people.go, slots.go, clean.go:
// what searches, people, triggers and time need.
package sqlstore
