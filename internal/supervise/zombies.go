package supervise

import (
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/orphans"
)

// reap takes the ends of children that have ended.
func reap(pids ...int) {
	for _, pid := range pids {
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil) // one that hasn't stays
	}
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
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || !strings.HasPrefix(afterName(string(stat)), " Z ") {
			continue
		}
		if seen[pid] = z[pid] + 1; seen[pid] >= forgotten {
			reap(pid)
		}
	}
	clear(z)
	maps.Copy(z, seen)
}

// afterName is the rest of a stat file, "PID (NAME) STATE PARENT …", whose name may have
// anything in it.
func afterName(stat string) string { return stat[strings.LastIndexByte(stat, ')')+1:] }

func parentOf(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(afterName(string(stat)))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/stat has another form", pid)
	}
	return strconv.Atoi(fields[1])
}
