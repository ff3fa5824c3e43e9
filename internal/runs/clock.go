package runs

import (
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
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
	uptime, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return "", 0
	}
	text, _, _ := strings.Cut(string(uptime), " ")
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "", 0
	}
	return bootID(), int64(math.Round(seconds * float64(time.Second)))
}
