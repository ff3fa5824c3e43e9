// Package registry finds services and pipes by the names that a configuration uses for
// them in use, "<plugin-prefix>:<InjectableName>", such as "base:CompositePipe".
//
// # Who uses it
//
// A host makes one [Registry], registers its built-in plugin and lets the loader register
// those from files. The orchestrator, the checks of a configuration and the commands for
// plugins look names up.
//
// # All or nothing
//
// A plugin is registered with everything it offers or with nothing, so that a
// configuration never runs with half of a plugin. Nothing is ever removed, because a
// plugin file that was opened stays in the process.
package registry
