// Package registry is the ComponentRegistry: it answers a name that a
// configuration uses, "<plugin-prefix>:<InjectableName>", with the service or
// pipe that a plugin brought.
//
// The loader and the host's own base plugin register; the orchestrator, the
// checks of the configuration and the plugin commands find. A plugin enters with
// all that it offers or with nothing, so that a configuration never runs with
// half of a plugin. Nothing is ever taken out again, because a plugin file that
// was opened stays in the process.
package registry
