// Package pluginname checks the names of plugins, and of the services and pipes that they
// offer. The host, the commands for authors and the conformance kit all use it.
package pluginname

import "regexp"

var (
	plugin     = regexp.MustCompile(`^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$`)
	injectable = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
)

// Valid reports whether a plugin can have this name, which is given without "otai-". It
// has letters and digits, joined by single hyphens or, as in file names, underscores.
func Valid(name string) bool { return plugin.MatchString(name) }

// ValidInjectable reports whether a service or a pipe can have this name, which is given
// without the plugin's prefix. It begins with a letter, and has only letters, digits and
// underscores.
func ValidInjectable(name string) bool { return injectable.MatchString(name) }
