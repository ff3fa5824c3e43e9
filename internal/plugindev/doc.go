// Package plugindev makes plugins that load: it builds one from its sources so
// that it matches this very host, and writes new projects.
//
// Go opens a plugin only if every package that both sides link is the same one,
// recorded source path and build flags included. All of that can be read from the
// host's own binary: [ThisHost] takes the Go release, the flags and the versions of
// all modules from its build information. [Build] pins these versions in a
// temporary go.mod beside the plugin's own, which stays as it is, and builds with
// the same release and flags. Where Go selects another version than the host's
// although its sources are pinned, the compiler is told the path that the host
// recorded.
//
// The sources of the contract travel inside the host ([Contract]), so neither a
// checkout of otai nor a network is needed. [New] writes a project around them.
package plugindev
