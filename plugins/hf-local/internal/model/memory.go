package model

import (
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// memory is how much of it a process can still get, and what says so.
type memory struct {
	bytes int64
	said  string
}

// availableMemory asks the system below root, which is / except in tests: the
// kernel (proc_meminfo(5), MemAvailable), and the control groups that the process
// is in (the kernel's cgroup-v2.rst, memory.max). What says nothing limits
// nothing.
func availableMemory(root string) memory {
	least := memory{bytes: math.MaxInt64}
	limit := func(bytes int64, said string) {
		if bytes < least.bytes {
			least = memory{bytes: max(0, bytes), said: said}
		}
	}
	meminfo := filepath.Join(root, "proc/meminfo")
	if kilobytes, ok := field(meminfo, "MemAvailable:"); ok {
		limit(kilobytes*1024, "MemAvailable in "+meminfo)
	}
	text, _ := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	for _, line := range strings.Split(string(text), "\n") {
		group, ok := strings.CutPrefix(line, "0::")
		for ok && group != "." {
			folder := filepath.Join(root, "sys/fs/cgroup", path.Clean("/"+group))
			most, limited := number(filepath.Join(folder, "memory.max"))
			used, known := number(filepath.Join(folder, "memory.current"))
			if limited && known {
				// Cached files are given back when memory is needed.
				active, _ := field(filepath.Join(folder, "memory.stat"), "active_file")
				inactive, _ := field(filepath.Join(folder, "memory.stat"), "inactive_file")
				limit(most-used+active+inactive, filepath.Join(folder, "memory.max"))
			}
			if group == "/" {
				break
			}
			group = path.Dir(group)
		}
	}
	return least
}

// demand is an error unless that many bytes are available.
func (m memory) demand(bytes int64) error {
	if bytes <= m.bytes {
		return nil
	}
	return fmt.Errorf("its weights need %d MB of memory, but only %d MB are available (%s): take a smaller model or give the service more",
		bytes>>20, m.bytes>>20, m.said)
}

func number(path string) (int64, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil && n < math.MaxInt64/2 // "max" is none
}

// field returns the number behind a name at the beginning of a line.
func field(path, name string) (int64, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != name {
			continue
		}
		n, err := strconv.ParseInt(words[1], 10, 64)
		return n, err == nil && n >= 0 && n < math.MaxInt64/2048
	}
	return 0, false
}
