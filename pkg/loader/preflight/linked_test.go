package preflight

import (
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsLinkedHasItsModuleAndVersion(t *testing.T) {
	i := &Image{
		Build: &debug.BuildInfo{
			GoVersion: "go1.26.8",
			Main:      debug.Module{Path: "example.com/host"},
			Deps:      []*debug.Module{{Path: "example.com/host/api", Version: "v1.0.0"}, {Path: "example.com/lib", Version: "v1.2.0", Sum: "h1:x"}},
		},
		Packages: map[string]Fingerprint{"main": {}, "example.com/host/x": {}, "example.com/host/api": {}, "example.com/lib/deep": {}, "example.com/lib": {}, "fmt": {}},
	}
	want := []Linked{
		{"fmt", "", Version{Version: "go1.26.8"}},
		{"example.com/host/api", "example.com/host/api", Version{Version: "v1.0.0"}},
		{"example.com/lib", "example.com/lib", Version{Version: "v1.2.0", Sum: "h1:x"}},
		{"example.com/lib/deep", "example.com/lib", Version{Version: "v1.2.0", Sum: "h1:x"}},
	}
	if diff := cmp.Diff(want, i.Linked()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsSaidOfAConflictIsWhatCuresIt(t *testing.T) {
	for name, c := range map[string]struct {
		plugin, other Version
		want          string
	}{
		"another version":               {Version{Version: "v1.0.0"}, Version{Version: "v1.1.0"}, "in the plugin's folder: go get example.com/lib@v1.1.0, then build it again"},
		"other sources":                 {Version{Version: "v1.0.0"}, Version{Version: "v1.0.0"}, "build both plugins with the same version of it from the same sources, or give one of the two another import path"},
		"a folder of the other's maker": {Version{Version: "v1.0.0"}, Version{Version: "v1.1.0", Replaced: "../lib"}, "build both plugins with the same version of it from the same sources, or give one of the two another import path"},
	} {
		d := Difference{Package: "example.com/lib", Module: "example.com/lib", Plugin: c.plugin, Host: c.other, Opened: "otai_other.so"}
		d.Fix = fixDifference(d)
		if got := fixConflict([]Difference{d}); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
