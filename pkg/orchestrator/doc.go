// Package orchestrator is the engine: it builds the services and pipes that a
// configuration describes, once, and runs the root pipe in cycles.
//
// # Building
//
// [New] builds the template renderer first, then each service by its id, then each
// pipe by its place in the configuration. Nothing is contacted yet, so a wrong
// configuration ends here, with a [ConfigError]. [Engine.Start] starts what is an
// [api.Starter], in order; [Engine.Close] closes it in reverse.
//
// # Running
//
// [Engine.Run] calls the root pipe again and again. Before each run of a pipe its
// params are rendered in the scope of that run and decoded into its params struct
// (render.go); afterwards its data is made plain. What goes wrong is a [RunError], a
// panic in a plugin's code is a [PanicError] in it.
//
// A root whose params implement [Pacer] gives the pauses between the cycles, and an
// error of one of its children concerns that child alone: it is retried with a
// growing pause of its own while the others go on.
package orchestrator
