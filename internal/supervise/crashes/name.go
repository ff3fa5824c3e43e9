package crashes

import (
	"bufio"
	"io"
	"strings"
)

// Name finds in a trace why the process ended, and the first function of one of the
// plugins. Only the goroutine that crashed counts, which comes first, since another one may
// just have waited; of a process that was frozen, each one that wasn't waiting.
func Name(trace io.Reader, frozen bool, plugins []Plugin) (cause, frame string, named *Plugin) {
	lines := bufio.NewScanner(trace)
	lines.Buffer(nil, maxTrace)
	counts := true // the lines at hand are of a goroutine that may be guilty
	for seen := 0; lines.Scan(); {
		line := lines.Text()
		switch {
		case cause == "" && isCause(line):
			cause = line
		case strings.HasPrefix(line, "goroutine "):
			seen++
			counts = seen == 1 || frozen && !waits(line)
			if seen > 1 && !frozen {
				return cause, frame, named
			}
		case counts && seen > 0 && named == nil:
			if named = ownerOf(line, plugins); named != nil {
				frame = function(line)
			}
		}
	}
	return cause, frame, named
}

// isCause recognizes the line with which Go's runtime begins its report.
func isCause(line string) bool {
	for _, begin := range []string{"panic: ", "fatal error: ", "runtime: goroutine stack exceeds", "SIG"} {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	return false
}

// waits reports whether a goroutine's heading, as in "goroutine 7 [chan receive]:", says that
// it couldn't go on by itself.
func waits(heading string) bool {
	_, state, _ := strings.Cut(heading, "[")
	for _, busy := range []string{"running", "runnable", "syscall"} {
		if strings.HasPrefix(state, busy) {
			return false
		}
	}
	return true
}

// ownerOf returns the plugin to which the function belongs that a line of a trace names.
func ownerOf(line string, plugins []Plugin) *Plugin {
	name := strings.TrimPrefix(line, "created by ")
	if name == "" || name[0] == '\t' || name[0] == ' ' {
		return nil
	}
	for i, p := range plugins {
		if belongs(name, p.Package, ".") || belongs(name, p.Module, "/") || belongs(name, p.Module, ".") {
			return &plugins[i]
		}
	}
	return nil
}

func belongs(name, path, separator string) bool {
	return path != "" && strings.HasPrefix(name, path+separator)
}

// function is the name in a line of a trace, without arguments.
func function(line string) string {
	name := strings.TrimPrefix(line, "created by ")
	if before, _, ok := strings.Cut(name, " in goroutine "); ok {
		return before
	}
	if end := strings.LastIndexByte(name, '('); end > 0 {
		return name[:end]
	}
	return name
}
