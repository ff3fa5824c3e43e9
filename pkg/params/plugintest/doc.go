// Package plugintest tests plugins: it checks what a host expects of each of them, and
// helps to test what only one of them does. It needs no host, no plugin file and nothing
// beyond the standard library, the contract and package params.
//
// # Conformance
//
// [Run] takes a plugin's CreatePlugin and checks a list of promises. Each is a subtest,
// so go test -v prints a table of the promises that are kept and those that are not.
// The first ones concern the plugin as a whole: it only describes, returns the same the
// second time, has valid metadata and names. The others concern each service and pipe:
// its description, its params, how it is built, and how it ends.
//
// Nothing is really started or run, because that may need a network: contexts are
// canceled before they are passed on. A test that provides everything its plugin needs
// passes [Live]; then services are started and pipes run.
//
// What can't be observed from within the process goes unnoticed, such as a build
// function that reads a file and closes it; os.Exit ends the test itself.
//
// # An author's own tests
//
// [Find] returns a service or pipe of the plugin. [Service] and [Pipe] build and run it as
// a host would, with the params of a configuration; [Child] makes a child pipe for them.
//
// # Options
//
// [Params], [Inject] and [Env] provide what a service or pipe needs from a configuration
// and a host. [Live] and [Skip] say which promises [Run] checks.
package plugintest
