// Package record makes the records of decisions that the end of a run leaves.
//
// While a run is at work, its steps say what they know of it ([Said]); that is kept beside the
// results of the steps, and outlives a run's beginning anew where something was written by it.
// At the end [Maker.Of] makes of it, of the pictures of the run's tickets and of its effects a
// record for each ticket that the run wrote to, else for the one that it was about. What a
// record has is marked on the effect where the run may go on, so that no two of them have the
// same write.
package record
