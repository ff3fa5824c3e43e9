// Package runs gives the orchestrator runs that outlive their process.
//
// # The life of a run
//
// A run that has claimed no ticket and written nothing is only in memory ([Engine.Begin]).
// With its first claim or write its row is stored, and the results of the steps before.
// From then on one commit at the beginning of each step stores the result of the step
// before it and says which step is at work ([run.Step]). What costs nothing to do again,
// such as an expression, waits for the next commit.
//
// What is due is taken by [Engine.Next]. The stored results of its steps are given instead
// of calling them. Before it goes on, what it had begun to write is finished, from what was
// to be written and not from what its templates would say now ([run.prepare]). Where a step
// is given other params than at the time of its stored result, the run begins anew: results
// are dropped, its tickets and its writes are kept.
//
// # How an attempt ends
//
// The gate before the ticket systems reports what it saw, the steps report theirs
// ([ends.Attempt]), and [ends.Decide] alone makes of it what becomes of run and ticket. Its table is
// tested line by line. [run.End] stores the decision; where everything was applied the
// worker goes on meanwhile, as the run has its tickets until then.
//
// A request that is without an answer for unusually long gives the worker back before the
// attempt has ended ([overdue]).
//
// # Loops
//
// The items of a loop are runs of their own, stored in one transaction with the tickets
// that they are ([run.Each]). The process that makes them has begun them with that, and its
// workers take them from its memory; those for which it has none in time become due for
// all ([Engine.share]).
//
// # Before there were runs
//
// What a process of release 0.1.0 had begun to write becomes runs without a runner
// ([Engine.inherit]), in which there is nothing to do but to finish that.
//
// # What is due
//
// With SQLite one process works, so what becomes due is known by the commit that made it
// due, and a timer waits for the next ([places]). With PostgreSQL a [Queue] carries runs
// between hosts.
//
// One goroutine renews the lease, another looks after all that has its own time: hosts
// that died, causes, what people asked for, what is old ([Engine.tend]).
//
// # Order of the files
//
// engine.go, due.go, places.go: what begins, and what is due. run.go, prepare.go, step.go,
// once.go, overdue.go, commit.go: one attempt. each.go, spawn.go: loops. end.go: how it ends.
// streaks.go, say.go, waits.go: what is counted and said of several. keep.go, strays.go: what
// is kept of steps, also for another configuration. decided.go: what steps decide, and the records
// of it. tend.go, requests.go, unknown.go, slots.go,
// inherit.go: what the engine does beside.
package runs
