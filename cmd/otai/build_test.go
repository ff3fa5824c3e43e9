package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// built is where TestMain put the real binary and the real plugins: a test binary
// itself can't open plugins, because it is built otherwise than they are.
type built struct {
	root    string // of the checkout
	dir     string // with bin/otai and plugins/*.so, as in a bundle
	otai    string
	plugins string
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
	root, err := filepath.Abs("../..")
	if err != nil {
		return 0, err
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
		root: root, dir: dir,
		otai:    filepath.Join(dir, "bin", "otai"),
		plugins: filepath.Join(dir, "plugins"),
	}
	for _, b := range [][]string{
		{".", "-o", product.otai, "./cmd/otai"},
		{"plugins/otobo-znuny", "-buildmode=plugin", "-o", filepath.Join(product.plugins, "otai_otobo_znuny.so"), "."},
		{"plugins/hf-local", "-buildmode=plugin", "-o", filepath.Join(product.plugins, "otai_hf_local.so"), "."},
	} {
		if err := goBuild(filepath.Join(root, b[0]), b[1:]...); err != nil {
			return 0, err
		}
	}
	return m.Run(), nil
}

// goBuild builds as the Makefile does.
func goBuild(dir string, args ...string) error {
	cmd := exec.Command("go", append([]string{"build", "-trimpath", "-pgo=off", "-buildvcs=false", "-ldflags=-s -w"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", dir, err, out)
	}
	return nil
}
