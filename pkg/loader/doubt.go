package loader

// Doubt says how somebody who is neither root nor the effective user can change what is at
// a path.
type Doubt struct {
	Path    string // what is theirs, or can be written by others: on the way to the path, or its end
	Foreign bool   // somebody else owns it
	Owner   int    // of Path, where Foreign
	Cause   string // for people
	Fix     string // the command that ends the doubt
}

// DoubtAbout judges all that leads to an absolute path, and its end when that is a folder,
// by the rule for plugin files. Where there is no doubt, real is the path without symbolic
// links, also of what doesn't exist yet.
func DoubtAbout(path string, o Options) (real string, found *Doubt) {
	real, d, _ := trustOf(o).way(path) // what can't be read tells at its use
	if d == nil {
		return real, nil
	}
	return real, &Doubt{Path: d.path, Foreign: d.foreign, Owner: d.owner, Cause: d.cause, Fix: d.fix}
}
