// Package dep is shared by several plugins and not linked into the host.
package dep

import "strings"

var names = []string{"de", "p"}

// Name returns the package's name.
func Name() string { return strings.Join(names, "") }
