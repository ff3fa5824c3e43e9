package plugins

import (
	"bufio"
	"debug/buildinfo"
	"debug/elf"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// HostVersions are those of otai and of the machine, when the report is written.
type HostVersions struct {
	Version string    `json:"version"`
	API     string    `json:"api"`
	ABI     string    `json:"abi"`
	System  string    `json:"system"` // the kernel
	Libc    string    `json:"libc"`   // the C library at work; "" where that isn't known
	Build   BuildInfo `json:"build"`
}

// BuildInfo is what a file was built with and from.
type BuildInfo struct {
	Go       string            `json:"go"`
	Path     string            `json:"path"`   // of its package main
	Module   string            `json:"module"` // with its version
	Settings map[string]string `json:"settings"`
	Modules  map[string]string `json:"modules"` // path to version
}

// shownSettings are those of which a plugin and its host may differ. Flags for the linker
// aren't among them: people put values there.
var shownSettings = []string{
	"-buildmode", "-compiler", "-trimpath", "-race", "-msan", "-asan", "-cover", "-tags", "-pgo", "CGO_ENABLED", "GOARCH", "GOOS",
	"GOAMD64", "GOARM64", "GOEXPERIMENT", "vcs", "vcs.revision", "vcs.time", "vcs.modified",
}

// Versions are those of this otai and of this machine.
func Versions(s app.Settings) HostVersions {
	host := HostVersions{Version: s.Version, API: s.APILevel, ABI: api.ABI, System: system(), Libc: runningGlibc()}
	if info, ok := debug.ReadBuildInfo(); ok {
		host.Build = buildFrom(info)
	}
	host.Build.Go = runtime.Version()
	return host
}

func (r *Report) buildOf(file string) BuildInfo {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		r.unread("what a file was built from", err)
		return BuildInfo{Settings: map[string]string{}, Modules: map[string]string{}}
	}
	return buildFrom(info)
}

func buildFrom(info *debug.BuildInfo) BuildInfo {
	b := BuildInfo{Go: info.GoVersion, Path: info.Path, Module: strings.TrimSpace(info.Main.Path + " " + info.Main.Version), Settings: make(map[string]string), Modules: make(map[string]string)}
	for _, setting := range info.Settings {
		if slices.Contains(shownSettings, setting.Key) {
			b.Settings[setting.Key] = setting.Value
		}
	}
	for _, m := range info.Deps {
		version := m.Version
		if m.Replace != nil {
			version += " => " + strings.TrimSpace(m.Replace.Path+" "+m.Replace.Version)
		}
		b.Modules[m.Path] = version
	}
	return b
}

func (b *BuildInfo) clean(clean func(...*string)) {
	clean(&b.Path, &b.Module)
	for _, values := range []map[string]string{b.Settings, b.Modules} {
		for key, value := range values {
			clean(&value)
			values[key] = value
		}
	}
}

func system() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return runtime.GOOS + " " + runtime.GOARCH
	}
	return strings.Join([]string{unix.ByteSliceToString(name.Sysname[:]), unix.ByteSliceToString(name.Release[:]), unix.ByteSliceToString(name.Machine[:])}, " ")
}

// runningGlibc is the version of the GNU C library in this process: the newest of which it has
// symbols. "" stands for another library, or none.
func runningGlibc() string {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return ""
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if at := strings.IndexByte(lines.Text(), '/'); at >= 0 && strings.HasSuffix(lines.Text(), "/libc.so.6") {
			return definedGlibc(lines.Text()[at:])
		}
	}
	return ""
}

func definedGlibc(name string) string {
	file, err := elf.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close()
	versions, err := file.DynamicVersions()
	if err != nil {
		return ""
	}
	var highest [3]int
	for _, v := range versions {
		if version := glibcVersion(v.Name); newer(version, highest) {
			highest = version
		}
	}
	return glibcText(highest)
}
