// Package orchestrator is the engine: it makes the services and pipes that a
// configuration describes, once, and runs the root pipe in cycles.
//
// [New] builds: the template renderer first, then each service by id, then each
// pipe by its place in the configuration. Nothing is contacted yet, so a wrong
// configuration ends here. [Engine.Start] starts what wants to be started, in
// order; [Engine.Close] closes it in reverse.
//
// [Engine.Run] calls the root pipe again and again. Before each run of a pipe its
// params are rendered in the scope of that run and decoded into its params
// struct; afterwards its data is made plain. A root whose params implement
// [Pacer] gives the pauses between the cycles, and a fault of one of its children
// stays with that child: it is retried with a growing pause of its own while the
// others go on.
package orchestrator
