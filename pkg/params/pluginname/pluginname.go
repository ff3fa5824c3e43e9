// Package pluginname has the forms that the names of plugins and of what they offer must
// have. The host, the commands for authors and the conformance kit all go by it.
package pluginname

import "regexp"

var (
	plugin     = regexp.MustCompile(`^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$`)
	injectable = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
)

// Valid reports whether a plugin can have this name, given without its beginning "otai-":
// letters and digits, joined by single hyphens or, as in the names of files, underscores.
func Valid(name string) bool { return plugin.MatchString(name) }

// ValidInjectable reports whether a service or a pipe can have this name: it begins with a
// letter, and has only letters, digits and underscores.
func ValidInjectable(name string) bool { return injectable.MatchString(name) }
