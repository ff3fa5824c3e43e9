// Package registry is the ComponentRegistry: for a name in a configuration,
// "<plugin-prefix>:<InjectableName>", it returns the service or pipe that a plugin
// offers.
//
// # Who uses it
//
// The loader and the base plugin of the host register; the orchestrator, the checks of
// the configuration and the plugin commands find.
//
// # All or nothing
//
// A plugin is registered with everything it offers or with nothing, so that a
// configuration never runs with half of a plugin. Nothing is ever removed, because a
// plugin file that was opened stays in the process.
package registry
