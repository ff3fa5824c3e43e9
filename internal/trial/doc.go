// Package trial runs a configuration without effect: `otai try` and `otai run --dry-run`.
//
// # What is the same, and what isn't
//
// The engine, the pipes and the models are those of `otai run`. A [Trial] takes the places of
// the three things that would have an effect: it is the engine's [orchestrator.Runs], so that
// runs live in memory and each runner gets a ticket once; it stands before each ticket system
// ([Trial.Wrap]), so that searches are judged, and what would be written is shown and laid over
// the ticket in memory; and it says whose code may run at all ([Trial.May]).
//
// # The way of a ticket
//
//  1. A run's first search is answered from the tickets of the trial ([Source]): those that
//     this runner has not had and that no run is at. Whether a ticket meets the criteria is
//     judged from the ticket, with all that was laid over it; what only the ticket system
//     understands is asked there, by the ticket's id.
//  2. The run's steps are called. What they have classified and decided they say themselves.
//  3. A write is compared with the ticket, field by field, then laid over it. So a later runner
//     whose search finds the ticket as it is then gets it. With [Options.InTurns] the runners
//     work one after another.
//  4. The end of the run makes a [Prediction] of each ticket that it wrote to, else of the one
//     that it was about.
//
// # Files
//
//	trial.go   Trial, and whose code may run
//	runs.go    what the engine asks of runs
//	run.go     one run, and the predictions that its end makes
//	turns.go   which runner works
//	system.go  the ticket system as the pipes see it
//	find.go    which tickets a search gets
//	foreign.go the same, as the trial calls it
//	read.go    the tickets of the trial are read, many at a time
//	desk.go    what is known of the tickets of one help desk
//	write.go   old and new
package trial
