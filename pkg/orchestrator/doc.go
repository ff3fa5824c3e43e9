// Package orchestrator runs a configuration: it builds the services and pipes that the
// configuration describes, once, and runs the children of the root pipe again and again.
//
// # Building
//
// [New] takes a [Definition], which the caller has read and checked. It builds the
// template renderer first, then each service by its id, then each pipe by its place in
// the configuration. No network is used yet, so a wrong configuration ends here, with a
// [ConfigError].
//
// # Starting and closing
//
// [Engine.Start] starts each service and pipe that is an [api.Starter], in the order in
// which they were built; [Engine.Run] does so, too. [Engine.Close] closes them in
// reverse order.
//
// # Running
//
// [Engine.Run] calls the children of the root again and again, each in a loop of its own
// and with its own number of workers ([crew]); a root whose children depend on each other
// is called itself. Where a run begins, such as the pipe that a runner runs, is a [Place]. Before each call of a pipe, its params are rendered in the
// scope of that run and decoded into its params struct; afterwards, its data is made plain.
// An error is a [RunError] with the place in the configuration; a panic in a plugin's code
// is a [PanicError] inside it.
//
// # Runs that are kept
//
// With [Options].Runs each execution is a [Run], which may go on after the end of this
// process. Each step is called through it, so that it can give the result that the step had
// before; for that a step has a key, and a place a hash of what is configured there
// (frame.go, hash.go). A crew takes what is due before its runner fires. The items of a
// [Loop] are runs of their own, at a place of their own (foreach.go).
//
// # Pauses and retries
//
// A root pipe whose params implement [Pacer] sets the pauses between the cycles. An
// error of one of its children affects only that child: it is retried after growing
// pauses while the others continue.
package orchestrator
