package preflight

import (
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// image makes an image of a plugin that the host made by the same function can
// open; changes are applied to it.
func image(changes ...func(*Image)) *Image {
	i := &Image{
		File: "some.so",
		Build: &debug.BuildInfo{
			GoVersion: "go1.26.8",
			Path:      "example.com/plug",
			Main:      debug.Module{Path: "example.com/plug", Version: "(devel)"},
			Deps: []*debug.Module{
				{Path: "example.org/lib", Version: "v1.2.0", Sum: "h1:abc="},
				{Path: "example.org/lib/nested", Version: "v0.9.0", Sum: "h1:def="},
			},
			Settings: []debug.BuildSetting{
				{Key: "-buildmode", Value: "plugin"},
				{Key: "-trimpath", Value: "true"},
				{Key: "CGO_ENABLED", Value: "1"},
				{Key: "GOARCH", Value: "amd64"},
			},
		},
		Packages: map[string]Fingerprint{
			"fmt": {1}, "os": {2}, "example.org/lib/json": {3}, "example.org/lib/nested/x": {4},
		},
		PluginPath: "example.com/plug",
		Exports:    map[string]Export{"Create": {Kind: Func, Type: "func(int) error"}, "Version": {Kind: Var, Type: "string"}},
		linked:     true,
		machine:    elf.EM_X86_64, class: elf.ELFCLASS64, data: elf.ELFDATA2LSB,
	}
	for _, change := range changes {
		change(i)
	}
	return i
}

var create = Symbol{Name: "Create", Type: "func(int) error"}

func set(key, value string) func(*Image) {
	return func(i *Image) {
		i.Build.Settings = slices.DeleteFunc(i.Build.Settings, func(s debug.BuildSetting) bool { return s.Key == key })
		if value != "" {
			i.Build.Settings = append(i.Build.Settings, debug.BuildSetting{Key: key, Value: value})
		}
	}
}

func goVersion(version string) func(*Image) {
	return func(i *Image) { i.Build.GoVersion = version }
}

func differs(packages ...string) func(*Image) {
	return func(i *Image) {
		for _, name := range packages {
			i.Packages[name] = Fingerprint{99}
		}
	}
}

func path(path string) func(*Image) {
	return func(i *Image) { i.PluginPath, i.File = path, path+".so" }
}

func process(t *testing.T, host *Image) *Process {
	t.Helper()
	p, err := NewProcess(host)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPluginThatMatchesIsAccepted(t *testing.T) {
	hosts := map[string]*Image{
		"the same flags":                 image(),
		"flags that don't matter":        image(set("-tags", "x"), set("-ldflags", "-s"), set("-pgo", "default.pgo"), set("-cover", "true")),
		"a host of further packages":     image(differs("net")),
		"both with the race detector":    image(set("-race", "true")),
		"both with the same experiments": image(goVersion("go1.26.8-X:jsonv2")),
		"packages in the plugin only": image(func(i *Image) {
			maps.DeleteFunc(i.Packages, func(name string, _ Fingerprint) bool { return name != "fmt" })
		}),
		"another version of equal code": image(func(i *Image) { i.Build.Deps[0].Version = "v1.3.0" }),
	}
	plugins := map[string]*Image{
		"both with the race detector":    image(set("-race", "true")),
		"both with the same experiments": image(goVersion("go1.26.8 X:jsonv2")),
	}
	for name, host := range hosts {
		t.Run(name, func(t *testing.T) {
			plugin, ok := plugins[name]
			if !ok {
				plugin = image()
			}
			if err := process(t, host).Check(plugin, create); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPluginThatDoesNotMatchIsRefusedWithAllDifferencesAndARemedy(t *testing.T) {
	tests := []struct {
		name         string
		host, plugin *Image
		code         Code
		cause, fix   string
	}{
		{
			"another processor", image(), image(func(i *Image) { i.machine = elf.EM_AARCH64 }), WrongArch,
			"EM_AARCH64 ELFCLASS64 ELFDATA2LSB", "GOARCH=amd64",
		},
		{
			"another build mode", image(), image(set("-buildmode", "c-shared")), NotAGoPlugin,
			"built with -buildmode=c-shared", "go build -trimpath -buildmode=plugin",
		},
		{
			"a plugin without symbols", image(), image(func(i *Image) { i.Packages, i.linked = nil, false }), NotAGoPlugin,
			"has not the symbols", "go build -trimpath -buildmode=plugin",
		},
		{
			"an older release", image(), image(goVersion("go1.25.1")), GoVersion,
			"built by go1.25.1, this host by go1.26.8", "GOTOOLCHAIN=go1.26.8 go build -trimpath -buildmode=plugin",
		},
		{
			"an unknown release, of whose file nothing is understood", image(), image(goVersion("go1.99.0"), func(i *Image) {
				i.Packages, i.linked, i.PluginPath, i.Exports, i.unsound = nil, false, "", nil, errors.New("not known")
			}), GoVersion,
			"built by go1.99.0, this host by go1.26.8", "GOTOOLCHAIN=go1.26.8",
		},
		{
			"experiments", image(), image(goVersion("go1.26.8-X:jsonv2")), BuildSettings,
			`GOEXPERIMENT="jsonv2", this host with ""`, "GOEXPERIMENT= go build",
		},
		{
			"without -trimpath", image(), image(set("-trimpath", "")), BuildSettings,
			"without -trimpath", "go build -trimpath -buildmode=plugin",
		},
		{
			"a host without -trimpath", image(set("-trimpath", "")), image(), BuildSettings,
			"with -trimpath, this host without", "build the host with -trimpath",
		},
		{
			"with the race detector", image(), image(set("-race", "true")), BuildSettings,
			"with -race, this host without", "with: go build -trimpath -buildmode=plugin",
		},
		{
			"without the race detector", image(set("-race", "true")), image(), BuildSettings,
			"without -race", "with: go build -trimpath -race -buildmode=plugin",
		},
		{
			"with the address sanitizer", image(), image(set("-asan", "true")), BuildSettings,
			"with -asan", "go build",
		},
		{
			"no function main", image(), image(func(i *Image) { i.withoutMain = true }), NoMain,
			"has no function main", "func main() {}",
		},
		{
			"no such symbol", image(), image(func(i *Image) { delete(i.Exports, "Create") }), MissingSymbol,
			"exports no Create (it exports Version)", "write a function Create",
		},
		{
			"no symbol at all", image(), image(func(i *Image) { i.Exports = nil }), MissingSymbol,
			"it exports nothing", "write a function Create",
		},
		{
			"a variable", image(), image(func(i *Image) { i.Exports["Create"] = Export{Kind: Var, Type: "func(int) error"} }), WrongSymbolType,
			"Create is a variable, not a function: var Create func(int) error", "func Create(int) error",
		},
		{
			"a function of another type", image(), image(func(i *Image) { i.Exports["Create"] = Export{Kind: Func, Type: "func(int)"} }), WrongSymbolType,
			"Create is func(int), but func(int) error is wanted", "declare it as func Create(int) error",
		},
		{
			"another version of a module", image(), image(differs("example.org/lib/json"), func(i *Image) { i.Build.Deps[0].Version = "v1.3.0" }), PackageMismatch,
			"example.org/lib/json (here v1.3.0, there v1.2.0)", "go get example.org/lib@v1.2.0",
		},
		{
			"other versions of a nested and an outer module", image(),
			image(differs("example.org/lib/json", "example.org/lib/nested/x"), func(i *Image) {
				i.Build.Deps[0].Version, i.Build.Deps[1].Version = "v1.3.0", "v0.8.0"
			}),
			PackageMismatch, "example.org/lib/nested/x (here v0.8.0", "go get example.org/lib@v1.2.0 example.org/lib/nested@v0.9.0",
		},
		{
			"other sources of one version", image(), image(differs("example.org/lib/json")), PackageMismatch,
			"in example.org/lib/json", "recorded paths",
		},
		{
			"other sources, replaced by a folder", image(), image(differs("example.org/lib/json"), func(i *Image) {
				i.Build.Deps[0].Replace = &debug.Module{Path: "../lib"}
			}), PackageMismatch, "v1.2.0 replaced by ../lib", "recorded paths",
		},
		{
			"the standard library, for no known reason", image(), image(differs("fmt", "os")), PackageMismatch,
			"in fmt, os", "-pgo=off",
		},
		{
			"profile-guided optimization", image(set("-pgo", "default.pgo")), image(differs("fmt")), BuildSettings,
			"-pgo is not set here and default.pgo there", "-pgo=off",
		},
		{
			"coverage", image(), image(set("-cover", "true"), differs("example.org/lib/json")), BuildSettings,
			"-cover is true here and not set there", "same flags",
		},
		{
			"tags and another version", image(), image(set("-tags", "x"), differs("example.org/lib/json"), func(i *Image) { i.Build.Deps[0].Version = "v1.3.0" }), PackageMismatch,
			"example.org/lib/json", "go get",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := process(t, test.host).Check(test.plugin, create)
			var rejection *Error
			if !errors.As(err, &rejection) {
				t.Fatalf("error = %v", err)
			}
			if rejection.Code != test.code || !strings.Contains(rejection.Cause, test.cause) || !strings.Contains(rejection.Fix, test.fix) {
				t.Errorf("%s: %s; %s\nwant %s: …%s…; …%s…", rejection.Code, rejection.Cause, rejection.Fix, test.code, test.cause, test.fix)
			}
		})
	}
}

func TestAllDifferencesAreListedThoughTheMessageIsShort(t *testing.T) {
	many := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	host := image(differs(many...))
	plugin := image(func(i *Image) {
		for _, name := range many {
			i.Packages[name] = Fingerprint{7}
		}
	})
	var rejection *Error
	if !errors.As(process(t, host).Check(plugin, create), &rejection) {
		t.Fatal("accepted")
	}
	var names []string
	for _, d := range rejection.Differences {
		names = append(names, d.Package)
	}
	if diff := cmp.Diff(many, names); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(rejection.Cause, "a, b, c, d, e, f and 2 more") {
		t.Error(rejection.Cause)
	}
}

func TestADifferenceThatAFlagExplainsIsMendedByTheFlag(t *testing.T) {
	plugin := image(set("-trimpath", ""), set("-race", "true"), differs("fmt", "example.org/lib/json", "example.org/lib/nested/x"), func(i *Image) { i.Build.Deps[0].Version = "v1.3.0" })
	var rejection *Error
	if !errors.As(process(t, image()).Check(plugin, create), &rejection) {
		t.Fatal("accepted")
	}
	var got []string
	for _, d := range rejection.Differences {
		got = append(got, fmt.Sprintf("%s %s %s: %s", d.Package, d.Plugin.Version, d.Host.Version, d.Fix))
	}
	want := []string{
		"fmt go1.26.8 go1.26.8: -trimpath -race=false",
		"example.org/lib/json v1.3.0 v1.2.0: go get example.org/lib@v1.2.0",
		"example.org/lib/nested/x v0.9.0 v0.9.0: -trimpath -race=false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestADifferenceNamesModuleAndBothVersions(t *testing.T) {
	plugin := image(differs("example.org/lib/json"), func(i *Image) { i.Build.Deps[0].Version, i.Build.Deps[0].Sum = "v1.3.0", "h1:xyz=" })
	var rejection *Error
	if !errors.As(process(t, image()).Check(plugin, create), &rejection) {
		t.Fatal("accepted")
	}
	want := []Difference{{Package: "example.org/lib/json", Module: "example.org/lib", Plugin: Version{Version: "v1.3.0", Sum: "h1:xyz="}, Host: Version{Version: "v1.2.0", Sum: "h1:abc="}, Fix: "go get example.org/lib@v1.2.0"}}
	if diff := cmp.Diff(want, rejection.Differences); diff != "" {
		t.Error(diff)
	}
}

func TestWhatWasOpenedBeforeCounts(t *testing.T) {
	const dep = "example.net/dep"
	with := func(version byte) func(*Image) {
		return func(i *Image) { i.Packages[dep] = Fingerprint{version} }
	}
	tests := []struct {
		name     string
		opened   []*Image
		failed   []*Image
		plugin   *Image
		code     Code
		mentions string
	}{
		{"another package", []*Image{image(path("one"))}, nil, image(path("two"), with(1)), "", ""},
		{"the same version of a package", []*Image{image(path("one"), with(1))}, nil, image(path("two"), with(1)), "", ""},
		{"another version of a package", []*Image{image(path("one"), with(1))}, nil, image(path("two"), with(2)), PackageConflict, "one.so"},
		{"the first one's version counts", []*Image{image(path("one"), with(1))}, []*Image{image(path("two"), with(2))}, image(path("three"), with(1)), "", ""},
		{"a package of one that failed", nil, []*Image{image(path("one"), with(1))}, image(path("two"), with(1)), Tainted, "one.so"},
		{"another version than one that failed", nil, []*Image{image(path("one"), with(1))}, image(path("two"), with(2)), Tainted, dep},
		{"nothing shared with one that failed", nil, []*Image{image(path("one"), with(1))}, image(path("two")), "", ""},
		{"the same plugin path", []*Image{image(path("one"))}, nil, image(path("one")), PluginPathInUse, "one.so"},
		{"the same plugin path as one that failed", nil, []*Image{image(path("one"))}, image(path("one")), PluginPathInUse, "one.so"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := process(t, image())
			for _, i := range test.opened {
				p.Opened(i)
			}
			for _, i := range test.failed {
				p.Failed(i)
			}
			err := p.Check(test.plugin, create)
			if test.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var rejection *Error
			if !errors.As(err, &rejection) || rejection.Code != test.code || !strings.Contains(rejection.Cause, test.mentions) || rejection.Fix == "" {
				t.Errorf("%+v, want %s, mentioning %s", err, test.code, test.mentions)
			}
		})
	}
}

func TestAHostThatCannotOpenPluginsIsNamedWithEveryRelease(t *testing.T) {
	bare := func(i *Image) { i.Packages, i.linked = nil, false }
	for _, release := range []string{"go1.25.1", "go1.26.8", "go1.27.4", "go1.99.0", "go1.99.0-X:jsonv2"} {
		for name, c := range map[string]struct {
			host       *Image
			cause, fix string
		}{
			"without cgo":    {image(bare, goVersion(release), set("CGO_ENABLED", "0")), "CGO_ENABLED=0", "CGO_ENABLED=1"},
			"linked wrongly": {image(bare, goVersion(release)), "-linkmode=internal", "-linkmode=external"},
		} {
			_, err := NewProcess(c.host)
			version, _ := splitRelease(release)
			rejection := (*Error)(nil)
			if !errors.As(err, &rejection) || rejection.Code != UnfitHost || !strings.Contains(rejection.Cause, c.cause) ||
				!strings.Contains(rejection.Cause, version) || !strings.Contains(rejection.Fix, c.fix) {
				t.Errorf("%s, %s: %#v", release, name, err)
			}
		}
	}
}

func TestAReleaseThatBreaksPluginsIsRefused(t *testing.T) {
	for release, bad := range map[string]bool{"go1.27.0": true, "go1.27.1": true, "go1.27.1-X:jsonv2": true, "go1.27.2": false, "go1.27.10": false, "go1.26.11": false} {
		_, err := NewProcess(image(goVersion(release)))
		rejection := (*Error)(nil)
		if found := errors.As(err, &rejection); found != bad {
			t.Errorf("%s: %v", release, err)
		} else if bad && (rejection.Code != BadToolchain || !strings.Contains(rejection.Cause, "golang/go#81303") || !strings.Contains(rejection.Fix, "GOTOOLCHAIN=go1.27.2")) {
			t.Errorf("%s: %+v", release, rejection)
		}
	}
}

func TestWhereANewReleaseCannotBeDecodedTheBuildInfoDecides(t *testing.T) {
	undecoded := func(i *Image) {
		i.Build.GoVersion, i.Packages, i.Exports, i.names = "go1.99.0", nil, nil, nil
	}
	p := process(t, image(undecoded))
	if err := p.Check(image(undecoded), create); err != nil {
		t.Errorf("equal modules: %v", err)
	}
	other := image(undecoded, func(i *Image) { i.Build.Deps[0].Version = "v1.3.0" })
	rejection := (*Error)(nil)
	if !errors.As(p.Check(other, create), &rejection) || rejection.Code != PackageMismatch || rejection.Differences[0].Fix != "go get example.org/lib@v1.2.0" {
		t.Errorf("another version: %+v", rejection)
	}
	if !errors.As(p.Check(image(undecoded, set("-race", "true"))), &rejection) || rejection.Code != BuildSettings {
		t.Errorf("another flag: %+v", rejection)
	}
}

func TestDifferencesAreGroupedByModule(t *testing.T) {
	plugin := image(differs("fmt", "os", "example.org/lib/json", "example.org/lib/nested/x"), set("-pgo", "x.pgo"))
	rejection := (*Error)(nil)
	if !errors.As(process(t, image()).Check(plugin, create), &rejection) {
		t.Fatal("accepted")
	}
	var modules []string
	for _, d := range rejection.Differences {
		modules = append(modules, d.Module)
		if d.Fix != "-pgo=off" {
			t.Errorf("%s: %q", d.Package, d.Fix)
		}
	}
	if diff := cmp.Diff([]string{"", "", "example.org/lib", "example.org/lib/nested"}, modules); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Setting{{Name: "-pgo", Plugin: "x.pgo", Fix: "-pgo=off"}}, rejection.Settings); diff != "" {
		t.Error(diff)
	}
}
