package preflight

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// running is a process of the test's own binary, which really runs, with what a
// host of plugins has besides.
func running(t *testing.T) (*Process, *Image) {
	t.Helper()
	host, err := Read("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if len(host.Libraries) == 0 {
		t.Skip("the test was linked statically")
	}
	host.Packages = map[string]Fingerprint{"fmt": {1}}
	return process(t, host), host
}

func TestWhatTheDynamicLinkerWouldMissIsFoundBefore(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "libpipe.so")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		needs  dynamic
		cause  string // "" when nothing is missing
		remedy string
	}{
		{"nothing", dynamic{}, "", ""},
		{"what the host needs", dynamic{needed: []string{"libc.so.6"}, undefined: []string{"malloc"}}, "", ""},
		{"a library that is there", dynamic{needed: []string{"libm.so.6"}, undefined: []string{"sin"}}, "", ""},
		{"a library that is nowhere", dynamic{needed: []string{"libzzz.so"}}, "needs the library libzzz.so, which is in none of the places", "install the library"},
		{"a library at a path", dynamic{needed: []string{"/nowhere/libzzz.so"}}, "looks in: /nowhere/libzzz.so", "install the library"},
		{"a library that is a named pipe", dynamic{needed: []string{pipe}}, "needs the library " + pipe, "install the library"},
		{
			"a folder beside the file",
			dynamic{needed: []string{"libzzz.so"}, runpath: "$ORIGIN/lib", origin: "/opt/x"},
			"/opt/x/lib", "install the library",
		},
		{
			"a version that is too new",
			dynamic{needed: []string{"libc.so.6"}, versions: map[string][]string{"libc.so.6": {"GLIBC_99.1"}}},
			"needs GLIBC_99.1 of the library libc.so.6", "as old as this one",
		},
		{"a function that nobody has", dynamic{undefined: []string{"no_such_function", "malloc"}}, "opened before defines: no_such_function", "write what is missing"},
		{"a function of the C library that the host doesn't call", dynamic{undefined: []string{"quick_exit"}}, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, _ := running(t)
			var err *Error
			errors.As(p.checkLibraries(&Image{shared: test.needs}), &err)
			switch {
			case test.cause == "" && err != nil:
				t.Error(err)
			case test.cause != "" && (err == nil || err.Code != MissingLibrary || !strings.Contains(err.Cause, test.cause) || !strings.Contains(err.Fix, test.remedy)):
				t.Errorf("%+v", err)
			}
		})
	}
}

func TestAPluginOpenedBeforeBringsItsSymbols(t *testing.T) {
	p, _ := running(t)
	wants := &Image{shared: dynamic{undefined: []string{"ours"}}}
	if err := p.checkLibraries(wants); err == nil {
		t.Error("nobody has it, but it was found")
	}
	p.Opened(&Image{PluginPath: "one", shared: dynamic{defined: []string{"ours"}}})
	if err := p.checkLibraries(wants); err != nil {
		t.Error(err)
	}
}

func TestFoldersOfLibrariesAreExpanded(t *testing.T) {
	for list, want := range map[string][]string{
		"":                       nil,
		"/a:/b":                  {"/a", "/b"},
		"/a:":                    {"/a", "."},
		"$ORIGIN:${ORIGIN}/../x": {"/o", "/o/../x"},
	} {
		if got := expand(list, "/o"); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
	if got := expand("/x/$LIB", "/o"); !slices.Contains(got, "/x/lib64") || !slices.Contains(got, "/x/lib") {
		t.Errorf("%q", got)
	}
}

func TestTheLinkersOwnCacheCanBeRead(t *testing.T) {
	if _, err := os.Stat(cacheFile); errors.Is(err, os.ErrNotExist) {
		t.Skip("this system has none")
	}
	for _, path := range cached("libc.so.6") {
		if strings.HasSuffix(path, "/libc.so.6") {
			return
		}
	}
	t.Errorf("the C library is missing: %q", cached("libc.so.6"))
}
