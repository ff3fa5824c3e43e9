package main_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// built is where TestMain put the real binary and the real plugins: a test binary
// itself can't open plugins, because it is built otherwise than they are.
type built struct {
	root    string // of the checkout
	dir     string // with bin/otai and plugins/*.so, as in a bundle
	otai    string
	plugins string
	built   string // folder of what the tests build beside it
}

var product built

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	// The tests that run beside others wait more than they work.
	flag.Parse()
	if name := "test.parallel"; flag.Lookup(name).Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		if err := flag.Set(name, strconv.Itoa(3*runtime.GOMAXPROCS(0))); err != nil {
			return 0, err
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		return 0, err
	}
	beside, err := os.MkdirTemp("", "otai-built-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(beside)
	if dist := os.Getenv("OTAI_TEST_DIST"); dist != "" { // as in build/rows-against.sh
		product = built{root: root, dir: dist, otai: filepath.Join(dist, "bin", "otai"), plugins: filepath.Join(dist, "plugins"), built: beside}
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "otai-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	// Another user unpacks and runs the bundle made from here.
	if err := os.Chmod(dir, 0o755); err != nil {
		return 0, err
	}
	product = built{
		root: root, dir: dir, built: beside,
		otai:    filepath.Join(dir, "bin", "otai"),
		plugins: filepath.Join(dir, "plugins"),
	}
	if err := os.Symlink(filepath.Join(root, "examples"), filepath.Join(dir, "examples")); err != nil { // as in the bundle
		return 0, err
	}
	for _, b := range [][]string{
		{"cmd/otai", product.otai},
		{"plugins/otobo-znuny", filepath.Join(product.plugins, "otai_otobo_znuny.so"), "-buildmode=plugin"},
		{"plugins/hf-local", filepath.Join(product.plugins, "otai_hf_local.so"), "-buildmode=plugin"},
	} {
		if err := keptAt(b[1], 0o755, filepath.Join(root, b[0]), nil, buildFlags(filepath.Join(root, b[0]), b[2:]...)...); err != nil {
			return 0, err
		}
	}
	if coverage() != nil {
		if err := hideCoverage(product.otai); err != nil {
			return 0, err
		}
	}
	return m.Run(), nil
}

// coverage is the environment in which the binary writes down which of its statements
// ran; nothing but in `make cover`. The folder is one that every user may write to.
func coverage() []string {
	if folder := os.Getenv("OTAI_TEST_COVER"); folder != "" {
		return []string{"GOCOVERDIR=" + folder}
	}
	return nil
}

// hideCoverage renames the setting -cover in what a binary says of its build. otai builds
// and predicts no plugins for a host with -cover, because that usually changes packages
// that both link. Here it changes none of them, and plugins are built and loaded as ever.
func hideCoverage(binary string) error {
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	return os.WriteFile(binary, bytes.ReplaceAll(content, []byte("-cover=true"), []byte("-hides=true")), 0o755)
}

// buildFlags are those of the Makefile, and further ones. With coverage only the host's own
// packages are counted: one that plugins link, too, would no longer match theirs, and what a plugin's
// package does isn't known to the process that writes the counters.
func buildFlags(dir string, more ...string) []string {
	flags := []string{"-trimpath", "-pgo=off", "-buildvcs=false", "-ldflags=-s -w"}
	if dir = filepath.Clean(dir); coverage() != nil && (dir == product.root || dir == filepath.Join(product.root, "cmd", "otai")) {
		const module = "github.com/open-ticket-ai/otai/"
		flags = append(flags, "-cover", "-covermode=atomic", "-coverpkg="+
			module+"cmd/...,"+module+"internal/...,"+module+"pkg/loader/...,"+module+"pkg/orchestrator/...,"+module+"pkg/registry/...")
	}
	return append(flags, more...)
}

// goBuild builds anew, as the Makefile does.
func goBuild(dir string, args ...string) error {
	cmd := newCommand("go", append([]string{"build"}, buildFlags(dir, args...)...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", dir, err, out)
	}
	return nil
}
