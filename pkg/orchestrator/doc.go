// Package orchestrator runs a configuration: it builds the services and pipes that the
// configuration describes, once, and runs the root pipe in cycles.
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
// [Engine.Run] calls the root pipe again and again. Before each run of a pipe, its
// params are rendered in the scope of that run and decoded into its params struct;
// afterwards, its data is made plain. An error is a [RunError] with the place in the
// configuration; a panic in a plugin's code is a [PanicError] inside it.
//
// # Pauses and retries
//
// A root pipe whose params implement [Pacer] sets the pauses between the cycles. An
// error of one of its children affects only that child: it is retried after growing
// pauses while the others continue.
package orchestrator
