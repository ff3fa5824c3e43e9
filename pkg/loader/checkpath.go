package loader

// Violation says how somebody other than root and the effective user can change what is
// at a path.
type Violation struct {
	Path    string // the file or folder that others own or can write to: the path itself, or one above it
	Foreign bool   // whether somebody else owns it; otherwise others can write to it
	Owner   int    // user id of its owner, if Foreign
	Cause   string // what is wrong, for people
	Fix     string // the command that fixes it
}

// CheckPath checks an absolute path by the rule for plugin files: every folder on the way
// to it, also behind symbolic links, and the path itself if it is a folder, belong to root
// or the effective user, and nobody else can write to them. Of o, it uses TrustGroup. It
// returns the first violation; if there is none, found is nil and real is the path without
// symbolic links, even if it doesn't exist yet.
func CheckPath(path string, o Options) (real string, found *Violation) {
	real, d, _ := trustOf(o).resolve(path) // what can't be read is an error at its use
	if d == nil {
		return real, nil
	}
	return real, &Violation{Path: d.path, Foreign: d.foreign, Owner: d.owner, Cause: d.cause, Fix: d.fix}
}
