package loader

// Violation says how somebody who is neither root nor the effective user can change what is at
// a path.
type Violation struct {
	Path    string // what is theirs, or can be written by others: on the way to the path, or its end
	Foreign bool   // somebody else owns it
	Owner   int    // of Path, where Foreign
	Cause   string // for people
	Fix     string // the command that ends it
}

// CheckPath judges all that leads to an absolute path, and its end when that is a folder,
// by the rule for plugin files. Without a violation, real is the path without symbolic
// links, also of what doesn't exist yet.
func CheckPath(path string, o Options) (real string, found *Violation) {
	real, d, _ := trustOf(o).resolve(path) // what can't be read is an error at its use
	if d == nil {
		return real, nil
	}
	return real, &Violation{Path: d.path, Foreign: d.foreign, Owner: d.owner, Cause: d.cause, Fix: d.fix}
}
