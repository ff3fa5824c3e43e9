package plugindev

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
)

// Host is what a plugin has to match, as the host's binary records it.
type Host struct {
	Release string            // "go1.26.8"
	Flags   []string          // for go build, without -buildmode
	Env     []string          // "NAME=value", other settings that change the generated code
	Modules map[string]Module // by path
	GCFlags string            // of all packages of the host
}

// Module is a module that the host links, or a plugin beside which others are to stand.
type Module struct {
	Version string // as the recorded source path has it
	Sum     string // "h1:…" of the sources, "" when they came from a folder
	Path    string // what it is replaced by, or its own path
	From    string // the version of what it is replaced by; "" when that is a folder
	By      string // the plugin file that links it; "" for the host
}

// ThisHost reads the running binary's own build information.
func ThisHost() (Host, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Host{}, errors.New("this otai has no build information, so no plugin can be built to match it; build it as a module with: make")
	}
	return NewHost(info)
}

// NewHost reads the build information of any host.
func NewHost(info *debug.BuildInfo) (Host, error) {
	release, _, _ := strings.Cut(info.GoVersion, "-X:")
	release, _, _ = strings.Cut(release, " ")
	h := Host{Release: release, Modules: make(map[string]Module)}
	for _, s := range info.Settings {
		if err := h.setting(s.Key, s.Value); err != nil {
			return Host{}, err
		}
	}
	if !slices.Contains(h.Flags, "-trimpath=true") {
		return Host{}, errors.New("this otai was built without -trimpath, so the paths of its sources are recorded, and only plugins built beside it match; build it with: make")
	}
	// A profile is the host's own; with one, some packages would differ.
	h.Flags = append(h.Flags, "-pgo=off")
	for _, dep := range info.Deps {
		h.Modules[dep.Path] = moduleOf(dep)
	}
	return h, nil
}

func moduleOf(dep *debug.Module) Module {
	m := Module{Version: dep.Version, Sum: dep.Sum, Path: dep.Path, From: dep.Version}
	if r := dep.Replace; r != nil {
		m.Sum, m.Path, m.From = r.Sum, r.Path, r.Version
		if m.Sum == "" {
			m.From = "" // "(devel)": a folder of the machine that built it
		}
	}
	return m
}

// setting takes over one build setting, or returns why no plugin can have it.
func (h *Host) setting(key, value string) error {
	switch key {
	case "-trimpath", "-race", "-msan", "-asan", "-tags":
		h.Flags = append(h.Flags, key+"="+value)
	case "-gcflags":
		// Flags for the host's own package don't concern plugins.
		if all, ok := strings.CutPrefix(value, "all="); ok {
			h.GCFlags = all
			h.Flags = append(h.Flags, key+"="+value)
		}
	case "-pgo":
		if value != "off" {
			return fmt.Errorf("this otai was built with the profile %s, which no plugin can be built with; build it with: make", value)
		}
	case "-cover":
		if value == "true" {
			return errors.New("this otai was built with -cover, and which packages that changed is not recorded; build it with: make")
		}
	case "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFIPS140":
		h.Env = append(h.Env, key+"="+value)
	}
	return nil
}
