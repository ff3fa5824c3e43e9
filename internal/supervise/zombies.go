package supervise

import (
	"maps"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/orphans"
)

// reap takes the end of a child if it has ended.
func reap(pid int) (ended bool) {
	of, err := unix.Wait4(pid, nil, unix.WNOHANG, nil)
	return err == nil && of == pid
}

// zombies are children of a worker that have ended and weren't waited for, and how often they
// were seen. A plugin may still wait for its own; those that it has inherited, nobody does.
type zombies map[int]int

// forgotten is how often one is seen before nobody waits for it any more.
const forgotten = 12

// reap takes the ends of those that were seen for long.
func (z zombies) reap() {
	seen := zombies{}
	for _, pid := range orphans.Children() {
		if state, _, err := orphans.Stat(pid); err != nil || state != "Z" {
			continue
		}
		if seen[pid] = z[pid] + 1; seen[pid] >= forgotten {
			reap(pid)
		}
	}
	clear(z)
	maps.Copy(z, seen)
}
