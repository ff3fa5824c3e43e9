// Package supervise runs a command of otai as a worker: a process of its own, of the same
// binary, that opens plugins, under a supervisor that opens none. Whatever ends the worker, the
// supervisor lives, says so, and starts another.
//
// [Run] is the supervisor (supervisor.go). It starts a worker in a process group of its own
// (child.go), turns signals into words for it (signals.go, answers.go), and hears from it what it does
// (wire.go). A worker that ends without having said its exit code has died, whatever its exit
// status; so has one that is silent for long. What Go writes about its end doesn't reach the log
// (stderr.go). What follows from a death (deaths.go; suspects.go says whose it may be) is decided in one
// place (judge.go), by what package crashes remembers. Then nothing of it is left: its group is
// killed, and every descendant that walked out of it, which the kernel hands to the supervisor
// (package orphans).
//
// A reload has two workers for a moment (reload.go, and turns.go on their side): the new one is
// prepared while the old one works, and takes over what that gives back.
//
// After an update the supervisor becomes what its worker is already (succession.go): it executes that
// binary in its own place, after a process of it has been asked (trial.go), and leaves it all that it
// knows and has open (inherited.go).
//
// [Connect] is the worker's side (worker.go). It says what is about to run code of a plugin,
// hears when to stop, and ends when the supervisor has gone.
//
// What the two say has a version, and each passes over what it doesn't know, so that one may
// be of a later release than the other.
package supervise
