package loader

import "github.com/open-ticket-ai/otai/pkg/loader/trust"

// Violation says how somebody other than root and the effective user can change what is
// at a path.
type Violation = trust.Violation

// CheckPath checks an absolute path by the rule for plugin files: every folder on the way
// to it, also behind symbolic links, and the path itself if it is a folder, belong to root
// or the effective user, and nobody else can write to them. Of o, it uses TrustGroup. It
// returns the first violation; if there is none, found is nil and real is the path without
// symbolic links, even if it doesn't exist yet.
func CheckPath(path string, o Options) (real string, found *Violation) {
	real, found, _ = trust.Of(o.TrustGroup).Resolve(path) // what can't be read is an error at its use
	return real, found
}
