// Package gate stands before every ticket system. A search goes through it to claim
// what it finds for the run that searched; a write goes through it to be stored before
// it is sent, and to be sent once.
//
// The gate finds the run by the context of the call ([WithStep]). A call without one,
// as in a start, goes to the ticket system as it is.
//
// # In order
//
// step.go is what the engine offers and learns; gate.go wraps services, service.go
// says what one may offer beyond the contract, and foreign.go guards what the host runs of it.
//
// A search: fetch.go asks for as many tickets as are wanted and as are passed over,
// claims, reads what was claimed (read.go, where one ticket that fails keeps no other from
// being read), and lets go what doesn't meet the criteria any more (criteria.go). What a
// search found beyond what its fetch took serves the next fetches of the same runner for a
// few seconds (spare.go).
//
// After a search: settle.go looks after the tickets that were passed over, whether somebody
// changed them. forget.go drops what is remembered of tickets that no search has found for
// long, unfound.go keeps which refused tickets the last search missed, and others.go notices
// another otai with a store of its own.
//
// A write: write.go has it judged by the bounds of its service (bounds.go), holds it back while its cause is closed (rejection.go), compares the
// ticket with the picture that the run has of it, and makes an intent (intent.go) of
// what is still wanted. ahead.go reads a ticket again together with those of other runs that are
// due. carry.go has it sent and stores what became of it; call.go is
// what the ticket system asks meanwhile: whether it may send, and to keep its record.
// overdue.go notices when an answer takes unusually long: then the run's worker goes on
// with other runs. finish.go finishes what was interrupted, begun.go what release 0.1.0 had
// begun; create.go makes new tickets.
//
// memory.go has what the gate keeps in the store beside runs; young.go is more careful where
// that store has no past; health.go asks the services whether a failure is theirs or a
// ticket's.
package gate
