// Package river carries runs between hosts on PostgreSQL, with River's queues.
//
// # A job is a hint
//
// What a run is and whose it is stands in the run store alone. A job of River says only
// "this run, with this fence, is due": whoever gets it takes the run by
// [store.Store.TakeRun], which refuses where the fence is another by now. So a job may be
// given twice, late, or to a host that was frozen since: at most one attempt comes of it.
// River's own retry and rescue, which know no fence, are off; each attempt has a job of
// its own. What a process begins by itself has none: a runner's own runs, and the items of
// its loops for which it has a worker in time.
//
// # The life of a job
//
// [Queue.Due] inserts it in the transaction that makes the run due. Each pair of runner
// and hash is a queue of River, at which only hosts listen that can continue its runs
// ([Queue.Open]). [Queue.Over] completes it in the transaction that ends the attempt.
// What is due later is made available when its time has come: in the next seconds by the
// host that inserted it (soon.go), else by whichever sweeps (sweep.go). River's own
// scheduler does it, too, but only every five seconds, where a leader is elected, and by
// that host's clock. What got lost on the way, as with a host that died between River's
// fetch and the run's beginning, the sweep inserts anew.
//
// # The database
//
// pool.go connects, check.go says whether a database will do, migrate.go makes the tables
// of River and of the run store.
package river
