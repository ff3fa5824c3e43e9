package plugindev

import (
	"fmt"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Neighbor is a plugin that stands in a plugin folder. Whatever it links, all plugins that
// come after it have to link alike.
type Neighbor struct {
	File  string
	Build *debug.BuildInfo
}

// Taken is a version that was taken instead of the one that the plugin asks for, because
// one process can have only one.
type Taken struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	Wanted  string `json:"wanted"` // by its go.mod, or by a module that it requires
	By      string `json:"by"`     // the plugin file that links it; "" for this otai
}

// beside returns the host with what its plugins link, too, in their order; but not with
// what is in the file whose place the new plugin takes.
func (h Host) beside(neighbors []Neighbor, takes string) Host {
	h.Modules = maps.Clone(h.Modules)
	for _, n := range neighbors {
		if filepath.Base(n.File) == takes {
			continue
		}
		for _, dep := range n.Build.Deps {
			m := moduleOf(dep)
			if _, known := h.Modules[dep.Path]; known || m.From == "" { // the sources of a folder can't be had
				continue
			}
			m.By = n.File
			h.Modules[dep.Path] = m
		}
	}
	return h
}

// take notes a version that was taken; the highest one that is wanted counts.
func (b *building) take(t Taken) {
	n := slices.IndexFunc(b.taken, func(before Taken) bool { return before.Module == t.Module })
	switch {
	case n < 0:
		b.taken = append(b.taken, t)
	case newer(t.Wanted, b.taken[n].Wanted):
		b.taken[n].Wanted = t.Wanted
	}
}

// Older reports whether less was taken than is wanted.
func (t Taken) Older() bool { return newer(t.Wanted, t.Version) }

func newer(a, b string) bool {
	first, err := semver.NewVersion(a)
	if err != nil {
		return false
	}
	second, err := semver.NewVersion(b)
	return err == nil && first.GreaterThan(second)
}

// OlderError is a build that failed with versions older than those that the plugin asks for.
type OlderError struct {
	Taken []Taken
	Err   error
}

func (e *OlderError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v", e.Err)
	var get, files, anew []string
	for _, t := range e.Taken {
		by := "this otai"
		if t.By != "" {
			by = filepath.Base(t.By)
			if !slices.Contains(files, by) {
				files = append(files, by)
			}
			anew = append(anew, t.Module+"@"+t.Wanted)
		}
		fmt.Fprintf(&text, "\n%s %s was taken, because %s links it; the plugin asks for %s", t.Module, t.Version, by, t.Wanted)
		get = append(get, t.Module+"@"+t.Version)
	}
	fmt.Fprintf(&text, "\neither write the plugin for what was taken: go get %s; "+
		"or copy the packages that it needs into it, under import paths of its own", strings.Join(get, " "))
	if len(files) > 0 {
		names := strings.Join(files, ", ")
		fmt.Fprintf(&text, "; or first build %s anew, in its folder: go get %s; or build this one for hosts without %s: otai plugin build --alone",
			names, strings.Join(anew, " "), names)
	}
	return text.String()
}

// Unwrap returns the error of the build itself.
func (e *OlderError) Unwrap() error { return e.Err }

// blame names the versions that may be why a build failed.
func (b *building) blame(err error) error {
	var older []Taken
	for _, t := range b.taken {
		if t.Older() {
			older = append(older, t)
		}
	}
	if len(older) == 0 {
		return err
	}
	return &OlderError{Taken: older, Err: err}
}
