package supervise

import (
	"cmp"
	"time"

	"golang.org/x/sys/unix"
)

// mayBeBetterLater reports whether a worker could not begin what another one had done here.
func (s *supervisor) mayBeBetterLater(c *child) bool {
	if s.Once || s.asked != 0 || !s.worked || c.ready || *c.exit == 0 {
		return false
	}
	return *c.exit == s.Temporary || *c.exit == s.Refused && changedWithin(s.path, cmp.Or(s.unpacks, unpacking))
}

// unpacking is how long the files of a package may be of two releases: the new one's plugins aren't
// there when its binary is, or only half of one.
const unpacking = time.Minute

// changedWithin reports whether a file was put where it is, or written to, in the last so long.
func changedWithin(path string, last time.Duration) bool {
	var stat unix.Stat_t
	if unix.Stat(path, &stat) != nil {
		return true
	}
	age := time.Since(time.Unix(stat.Ctim.Unix()))
	return age >= 0 && age < last
}
