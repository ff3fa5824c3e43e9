package plugindev

import (
	"errors"
	"runtime/debug"
	"testing"
)

func TestTheHostsVersionsComeFirstThenThoseOfThePluginsInTheirOrder(t *testing.T) {
	host := Host{Modules: map[string]Module{"example.com/a": {Version: "v1.0.0"}}}
	of := func(file string, deps ...*debug.Module) Neighbor {
		return Neighbor{File: file, Build: &debug.BuildInfo{Deps: deps}}
	}
	dep := func(path, version string) *debug.Module {
		return &debug.Module{Path: path, Version: version, Sum: "h1:x"}
	}
	folder := dep("example.com/folder", "v1.0.0")
	folder.Replace = &debug.Module{Path: "../folder", Version: "(devel)"}
	forked := dep("example.com/forked", "v1.0.0")
	forked.Replace = dep("example.com/fork", "v1.5.0")
	got := host.beside([]Neighbor{
		of("/p/otai_new.so", dep("example.com/old", "v9.0.0")),
		of("/p/otai_one.so", dep("example.com/a", "v2.0.0"), dep("example.com/b", "v1.1.0"), folder, forked),
		of("/p/otai_two.so", dep("example.com/b", "v1.2.0"), dep("example.com/c", "v1.3.0")),
	}, "otai_new.so").Modules
	want := map[string]Module{
		"example.com/a":      {Version: "v1.0.0"},
		"example.com/b":      {Version: "v1.1.0", Sum: "h1:x", Path: "example.com/b", From: "v1.1.0", By: "/p/otai_one.so"},
		"example.com/c":      {Version: "v1.3.0", Sum: "h1:x", Path: "example.com/c", From: "v1.3.0", By: "/p/otai_two.so"},
		"example.com/forked": {Version: "v1.0.0", Sum: "h1:x", Path: "example.com/fork", From: "v1.5.0", By: "/p/otai_one.so"},
	}
	for path, m := range want {
		if got[path] != m {
			t.Errorf("%s is %+v, want %+v", path, got[path], m)
		}
	}
	if len(got) != len(want) || len(host.Modules) != 1 {
		t.Errorf("got %v; the host has %v", got, host.Modules)
	}
}

func TestOnlyAVersionOlderThanWhatIsWantedIsBlamed(t *testing.T) {
	failed := errors.New("go build: undefined: x.New")
	b := &building{}
	b.take(Taken{Module: "example.com/a", Version: "v1.1.0", Wanted: "v1.0.0"})
	if got := b.blame(failed); got != failed {
		t.Errorf("a later version is blamed: %v", got)
	}
	b.take(Taken{Module: "example.com/b", Version: "v1.9.0", Wanted: "v1.10.0", By: "/p/otai_one.so"})
	b.take(Taken{Module: "example.com/b", Version: "v1.9.0", Wanted: "v1.11.0", By: "/p/otai_one.so"})
	older := (*OlderError)(nil)
	if err := b.blame(failed); !errors.As(err, &older) || !errors.Is(err, failed) || len(older.Taken) != 1 || older.Taken[0].Wanted != "v1.11.0" {
		t.Errorf("got %v", err)
	}
}
