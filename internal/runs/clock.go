package runs

import (
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

var bootID = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
})

// BootClock returns the id of the machine's boot, "" if it can't be known, and the time
// since then, which goes on while the machine sleeps and whoever sets its clock.
func BootClock() (boot string, nanos int64) {
	var since unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &since) != nil {
		return "", 0
	}
	return bootID(), since.Nano()
}
