package plugindev

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestMissingModulesAreFoundInWhatGoSays(t *testing.T) {
	for output, want := range map[string][]string{
		"go: example.com/a/b@v1.2.3: module lookup disabled by GOPROXY=off":                                                                              {"example.com/a/b@v1.2.3"},
		"go: example.com/a@v1.0.0 (replaced by example.com/b@v1.1.0): reading example.com/b/go.mod at revision v1.1.0: dial tcp: lookup x: no such host": {"example.com/b@v1.1.0"},
		"go: download go1.25.1 for linux/amd64: toolchain not available":                                                                                 {"golang.org/toolchain@v0.0.1-go1.25.1.linux-" + runtime.GOARCH},
		"main.go:3:2: undefined: x": nil,
	} {
		b := &building{}
		err := b.explain("list", output, t.TempDir(), nil)
		var missing *MissingError
		if found := errors.As(err, &missing); found != (want != nil) || found && !slices.Equal(missing.Modules, want) {
			t.Errorf("%s\n%v", output, err)
		}
	}
}

// A module that nobody has required has no version that could be downloaded.
func TestAPackageOfNoRequiredModuleIsNamed(t *testing.T) {
	const output = "main.go:4:2: cannot find module providing package example.com/rate/v2: module lookup disabled by GOPROXY=off"
	err := (&building{}).explain("list", output, t.TempDir(), nil)
	if errors.As(err, new(*MissingError)) || !strings.HasSuffix(err.Error(), "go get example.com/rate/v2") {
		t.Error(err)
	}
	if err := (&building{}).explain("list", "main.go:4:2: syntax error in package example.com/rate", t.TempDir(), nil); strings.Contains(err.Error(), "go get") {
		t.Error(err)
	}
}

func TestCapitalsAreEscapedAsInTheModuleCache(t *testing.T) {
	if got := escaped("github.com/Masterminds/semver/v3"); got != "github.com/!masterminds/semver/v3" {
		t.Error(got)
	}
}
