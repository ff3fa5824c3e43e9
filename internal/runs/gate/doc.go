// Package gate stands before every ticket system. A search goes through it to claim
// what it finds for the run that searched; a write goes through it to be stored before
// it is sent, and to be sent once.
//
// The gate finds the run by the context of the call ([WithStep]). A call without one,
// as in a start, goes to the ticket system as it is.
//
// # In order
//
// step.go is what the engine offers and learns; gate.go wraps services, and service.go
// says what one may offer beyond the contract.
//
// A search: fetch.go asks for as many tickets as are wanted and as are passed over,
// claims, reads what was claimed, and lets go what doesn't meet the criteria any more
// (criteria.go). settle.go looks after the tickets that were passed over: whether
// somebody changed them. forget.go drops what is remembered of tickets that no search
// has found for long, and unfound.go keeps which refused tickets the last search missed.
//
// A write: write.go holds it back while its cause is closed (rejection.go), compares the
// ticket with the picture that the run has of it, and makes an intent (intent.go) of
// what is still wanted. carry.go has it sent and stores what became of it; call.go is
// what the ticket system asks meanwhile: whether it may send, and to keep its record.
// finish.go finishes what was interrupted, create.go makes new tickets.
package gate
