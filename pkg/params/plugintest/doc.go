// Package plugintest is the conformance kit for plugins: what a host expects of
// each of them, as tests that their authors run. It needs no host, no plugin file
// and nothing beyond the standard library, the contract and package params.
//
// # Conformance
//
// [Run] takes a plugin's CreatePlugin and checks a list of promises, each a subtest
// of its own, so that the output reads as a table of what is kept and what isn't.
// First come those of the plugin as a whole: it only describes, says the same twice,
// has valid metadata and names. Then, for each service and pipe, those of its
// description, of its params, of being built, and of its end.
//
// Nothing is started or run for real, because that may need a network: contexts are
// canceled before they are passed on. A test that gives its plugin all that it needs
// says so by [Live], and more is promised.
//
// What can't be seen from within the process goes unnoticed, such as a build
// function that reads a file and closes it; os.Exit ends the test itself.
//
// # An author's own tests
//
// [Find], [Service], [Pipe] and [Child] build and run what a plugin offers as a host
// would, from the values of a configuration.
package plugintest
