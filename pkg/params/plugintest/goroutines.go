package plugintest

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

// thisPackage begins the names of the kit's own functions. A call that hangs is
// reported as such and not once more as a goroutine.
var thisPackage = reflect.TypeFor[kit]().PkgPath() + "."

// goroutines counts the goroutines by the place of the go statement.
func goroutines() map[string]int {
	var dump bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&dump, 2); err != nil {
		return nil
	}
	sites := make(map[string]int)
	for stack := range strings.SplitSeq(dump.String(), "\n\n") {
		_, origin, ok := strings.Cut(stack, "\ncreated by ")
		if !ok {
			continue // the first goroutine of the process
		}
		function, place, _ := strings.Cut(origin, "\n")
		function, _, _ = strings.Cut(function, " in goroutine ")
		place, _, _ = strings.Cut(strings.TrimSpace(place), " ")
		if !strings.HasPrefix(function, thisPackage) || strings.Contains(place, "_test.go:") {
			sites[function+" at "+place]++
		}
	}
	return sites
}

// leftBehind says which goroutines there are that were not there before, once
// those that are about to end had time to do so.
func leftBehind(before map[string]int, grace time.Duration) []string {
	for deadline := time.Now().Add(grace); ; time.Sleep(5 * time.Millisecond) {
		now := goroutines()
		var left []string
		for _, site := range slices.Sorted(maps.Keys(now)) {
			if more := now[site] - before[site]; more > 0 {
				left = append(left, describeLeft(site, more))
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

func describeLeft(site string, count int) string {
	if strings.HasPrefix(site, "os/signal.") {
		return "listens for signals, which are the host's"
	}
	if count == 1 {
		return "leaves a goroutine behind, made by " + site
	}
	return fmt.Sprintf("leaves %d goroutines behind, made by %s", count, site)
}
