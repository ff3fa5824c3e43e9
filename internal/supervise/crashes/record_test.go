package crashes

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// builds are the forms of plugins whose traces are recorded, for each release.
var builds = map[string][]string{
	"trimmed": {"-trimpath", "-ldflags=-s -w", "."},
	"unnamed": {"main.go", "deeper.go", "wild.go"}, // its package is plugin/unnamed-…
}

// kinds are the ways to end a process that testdata/record knows.
var kinds = []string{
	"text", "error", "struct", "title", "number", "nil", "wild", "again", "conversion", "closed", "overflow", "map-writes",
	"cgo", "thread", "abort", "labels", "frozen", "index", "std", "exit", "killed",
}

// TestRecord records traces of real plugins anew: OTAI_TEST_RECORD=1.26.11,1.27.4 go test -run TestRecord
func TestRecord(t *testing.T) {
	releases := os.Getenv("OTAI_TEST_RECORD")
	if releases == "" {
		t.Skip("OTAI_TEST_RECORD names no release of Go")
	}
	for release := range strings.SplitSeq(releases, ",") {
		for form, args := range builds {
			record(t, release, form, args)
		}
	}
}

func record(t *testing.T, release, form string, args []string) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "record"))))
	env := append(os.Environ(), "GOTOOLCHAIN=go"+release, "GOWORK=off", "GOFLAGS=")
	build := func(in string, args ...string) {
		cmd := exec.Command("go", append([]string{"build"}, args...)...)
		cmd.Dir, cmd.Env = filepath.Join(dir, in), env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	var trim []string
	if args[0] == "-trimpath" {
		trim = args[:1]
	}
	build("host", append(trim, "-o", "host", ".")...)
	build("plugin", append([]string{"-buildmode=plugin", "-o", "otai_crashing.so"}, args...)...)
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Env = env
	root, err := cmd.Output()
	must(t, err)
	var all bytes.Buffer
	for _, kind := range kinds {
		trace := filepath.Join(dir, kind)
		crash := exec.Command(filepath.Join(dir, "host", "host"), filepath.Join(dir, "plugin", "otai_crashing.so"), trace, kind)
		crash.Env = append(env, "GODEBUG=tracebacklabels=1") // which releases do from 1.27 on
		_ = crash.Run()
		content, err := os.ReadFile(trace)
		must(t, err)
		text := strings.ReplaceAll(string(content), strings.TrimSpace(string(root)), "/usr/local/go")
		text = strings.ReplaceAll(text, dir, "/home/ann")
		fmt.Fprintf(&all, "-- %s --\n%s", kind, text)
	}
	must(t, os.MkdirAll(filepath.Join("testdata", "traces"), 0o755))
	must(t, os.WriteFile(filepath.Join("testdata", "traces", release+"-"+form+".txt"), all.Bytes(), 0o644))
}
