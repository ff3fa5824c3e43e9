package crashes

import (
	"io"
	"reflect"
	"strings"
)

// Reading is what a trace says of an end.
type Reading struct {
	Cause  string  // why the process ended
	Frame  string  // the first function of one of the plugins
	Plugin *Plugin // whose it is; nil: there is none
	// Own is true where the goroutine that crashed is one of otai's own, in which no code of a
	// plugin runs: then no plugin is guilty of what it did, whatever was dealt with meanwhile. No
	// goroutine of a frozen process has crashed.
	Own bool
}

// Name reads a trace. Only the goroutine that crashed counts, which comes first, since another one may
// just have waited; of a process that was frozen, each one that wasn't waiting.
func Name(trace io.Reader, frozen bool, plugins []Plugin) (t Reading) {
	var f formed
	var first []string // functions of the runtime's own stack, or of the first goroutine
	counts := false    // the lines at hand are of a goroutine that may be guilty
	host, foreign := false, false
	defer func() {
		t.Cause = orElse(t.Cause, first)
		t.Own = t.Plugin == nil && host && !foreign && !frozen
	}()
	for line := range lines(trace) {
		switch f.form(line) {
		case reason:
			if t.Cause == "" {
				t.Cause = line
			}
		case heading:
			if f.goroutines > 1 && !frozen {
				return t
			}
			counts = f.goroutines == 1 || !waits(line)
		case call:
			function := functionOf(line)
			if f.goroutines <= 1 && len(first) < 2 {
				first = append(first, function)
			}
			if counts && t.Plugin == nil {
				if t.Plugin = ownerOf(function, plugins); t.Plugin != nil {
					t.Frame = function
				}
			}
			host = host || counts && strings.HasPrefix(function, hostPath)
			foreign = foreign || counts && runsForeign(function)
		}
	}
	return t
}

// hostPath begins the paths of otai's packages.
var hostPath = strings.TrimSuffix(reflect.TypeFor[Reading]().PkgPath(), "internal/supervise/crashes")

// runsForeign reports whether a function is one in whose goroutine code of plugins runs.
func runsForeign(function string) bool {
	return strings.HasPrefix(function, hostPath+"pkg/params/freeze.") || strings.HasPrefix(function, "plugin.")
}

func orElse(cause string, functions []string) string {
	if cause == "" || strings.HasPrefix(cause, "[signal ") {
		if said := reasonOf(functions); said != "" {
			return strings.TrimSpace(said + " " + cause)
		}
	}
	return cause
}

// ownerOf returns the plugin to which a function belongs. Where one's module is inside another's
// path, that is the inner one.
func ownerOf(function string, plugins []Plugin) *Plugin {
	path, longest, owner := packageOf(function), -1, -1
	for i, p := range plugins {
		own := p.Package
		if p.Module != "" && (path == p.Module || strings.HasPrefix(path, p.Module+"/")) {
			own = p.Module
		} else if own == "" || path != own {
			continue
		}
		if len(own) > longest {
			longest, owner = len(own), i
		}
	}
	if owner < 0 {
		return nil
	}
	return &plugins[owner]
}

// packageOf is the path of the package of a function, as in "example.com/a.v2" of
// "example.com/a%2ev2.(*T).M": the dots of its last element are written so.
func packageOf(function string) string {
	path := function
	if end := strings.IndexAny(path, "(["); end >= 0 {
		path = path[:end]
	}
	last := strings.LastIndexByte(path, '/') + 1
	dot := strings.IndexByte(path[last:], '.')
	if dot < 0 {
		return ""
	}
	return strings.ReplaceAll(path[:last+dot], "%2e", ".")
}
