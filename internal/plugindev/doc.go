// Package plugindev makes plugins that load: it builds a plugin from its sources so
// that it matches this very host, and writes new projects.
//
// # Matching a host
//
// Go opens a plugin only if every package that both sides link is the same one,
// including the recorded source path and the build flags. All of that can be read from the
// binary of the host: [ThisHost] takes the Go release, the flags and the versions of
// all modules from its build information. [Build] pins these versions in a
// temporary go.mod, leaves the plugin's own as it is, and builds with
// the same release and flags. If Go selects a version other than the host's for sources
// that are pinned, the compiler is made to record the path that the host recorded.
//
// # New projects
//
// The sources of the contract are part of the host ([Contract]), so neither a
// checkout of otai nor a network is needed. [New] writes a project around them.
package plugindev
