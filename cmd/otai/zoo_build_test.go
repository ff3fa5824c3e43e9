package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// zoo builds the sources in testdata/zoo for one host.
type zoo struct {
	host  string
	flags []string // that the host was built with, beside those of goBuild
}

// build is one call of go build, in the folder testdata/zoo/SOURCE.
type build struct {
	source string
	mode   string   // "" is plugin
	flags  []string // later ones win
	env    []string
}

func newZoo(host string, flags ...string) *zoo { return &zoo{host: host, flags: flags} }

// build returns the file.
func (z *zoo) build(t *testing.T, b build) string {
	t.Helper()
	path, err := z.tryBuild(b)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (z *zoo) tryBuild(b build) (string, error) {
	mode := b.mode
	if mode == "" {
		mode = "plugin"
	}
	dir := filepath.Join(product.root, "cmd", "otai", "testdata", "zoo", filepath.FromSlash(b.source))
	flags := slices.Concat([]string{"-trimpath", "-pgo=off", "-buildvcs=false", "-ldflags=-s -w", "-buildmode=" + mode}, z.flags, b.flags)
	return outputOf(dir, b.env, flags...)
}

// maker puts a bad file into a plugin folder.
type maker func(t *testing.T, z *zoo, dir string)

// plugin is the source of that name, built as it should be.
func plugin(source string, flags ...string) maker {
	return made(build{source: source, flags: flags})
}

func made(b build) maker {
	return func(t *testing.T, z *zoo, dir string) {
		copyFile(t, z.build(t, b), filepath.Join(dir, badPackage+".so"))
	}
}

// ifBuilt skips what this machine can't build, for want of a network or a library.
func ifBuilt(b build) maker {
	return func(t *testing.T, z *zoo, dir string) {
		path, err := z.tryBuild(b)
		if err != nil {
			t.Skip("can't be built here:", err)
		}
		copyFile(t, path, filepath.Join(dir, badPackage+".so"))
	}
}

// damaged is a sound plugin whose bytes are changed.
func damaged(change func(content []byte) []byte) maker {
	return func(t *testing.T, z *zoo, dir string) {
		content, err := os.ReadFile(z.build(t, build{source: "sound"}))
		if err != nil {
			t.Fatal(err)
		}
		writeAt(t, filepath.Join(dir, badPackage+".so"), change(content))
	}
}

// content is a file with that content.
func content(text string) maker {
	return func(t *testing.T, _ *zoo, dir string) {
		writeAt(t, filepath.Join(dir, badPackage+".so"), []byte(text))
	}
}

// cLibrary is a shared library of C, which no Go is in.
func cLibrary(source string) maker {
	return func(t *testing.T, _ *zoo, dir string) {
		source := filepath.Join(product.root, "cmd", "otai", "testdata", "zoo", "c", source)
		out, err := newCommand("gcc", "-shared", "-fPIC", "-o", filepath.Join(dir, badPackage+".so"), source).CombinedOutput()
		if err != nil {
			t.Fatalf("gcc: %v\n%s", err, out)
		}
	}
}

// linked is a symbolic link.
func linked(target string) maker {
	return func(t *testing.T, _ *zoo, dir string) {
		if err := os.Symlink(target, filepath.Join(dir, badPackage+".so")); err != nil {
			t.Fatal(err)
		}
	}
}

// twin is a plugin, and its file once more under the name otai_b_bad.so.
func twin(again func(file, twin string) error) maker {
	return func(t *testing.T, z *zoo, dir string) {
		file := filepath.Join(dir, badPackage+".so")
		copyFile(t, z.build(t, build{source: "sound"}), file)
		if err := again(file, filepath.Join(dir, "otai_b_bad.so")); err != nil {
			t.Fatal(err)
		}
	}
}

// pair is two plugins that can't be in one process: otai_a_first.so and
// otai_b_bad.so.
func pair(first, second build) maker {
	return func(t *testing.T, z *zoo, dir string) {
		copyFile(t, z.build(t, first), filepath.Join(dir, "otai_a_first.so"))
		copyFile(t, z.build(t, second), filepath.Join(dir, "otai_b_bad.so"))
	}
}

// otherContract builds against a contract that has one declaration more than the
// released one.
func otherContract(t *testing.T, z *zoo, dir string) {
	contract := filepath.Join(t.TempDir(), "api")
	if err := os.CopyFS(contract, os.DirFS(filepath.Join(product.root, "pkg", "api"))); err != nil {
		t.Fatal(err)
	}
	writeAt(t, filepath.Join(contract, "more.go"), []byte("package api\n\n// More is in no release.\nfunc More() {}\n"))
	mod, err := os.ReadFile(filepath.Join(product.root, "cmd", "otai", "testdata", "zoo", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "go.mod")
	writeAt(t, file, []byte(strings.Replace(string(mod), "../../../../pkg/api", contract, 1)))
	target := filepath.Join(dir, badPackage+".so")
	if err := goBuild(filepath.Join(product.root, "cmd", "otai", "testdata", "zoo", "sound"), slices.Concat([]string{"-buildmode=plugin", "-modfile=" + file}, z.flags, []string{"-o", target, "."})...); err != nil {
		t.Fatal(err)
	}
}

func writeAt(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyFile overwrites in place where there is a file already.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeAt(t, to, content)
}
