package main_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/internal/keptbuild"
)

// What the tests build is kept in Go's cache (package keptbuild). Within one run go build isn't even
// asked twice.

var keptBuilds struct {
	mu   sync.Mutex
	made map[string]func() (string, error)
}

// outputOf is what `go build` with these flags makes of the main package in a folder. The file is
// everybody's: it is to be copied.
func outputOf(dir string, env []string, flags ...string) (string, error) {
	key, err := keyOfBuild(dir, env, flags)
	if err != nil {
		return "", err
	}
	keptBuilds.mu.Lock()
	once, ok := keptBuilds.made[key]
	if !ok {
		if keptBuilds.made == nil {
			keptBuilds.made = map[string]func() (string, error){}
		}
		once = sync.OnceValues(func() (string, error) { return buildKept(key, dir, env, flags) })
		keptBuilds.made[key] = once
	}
	keptBuilds.mu.Unlock()
	return once()
}

// keyOfBuild names a folder of the checkout by its path, and another one by its content: it is a
// test's own.
func keyOfBuild(dir string, env, flags []string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q\n", env, flags)
	if in, err := filepath.Rel(product.root, dir); err == nil && filepath.IsLocal(in) {
		fmt.Fprintln(sum, in)
		return fmt.Sprintf("%x", sum.Sum(nil)[:12]), nil
	}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		fmt.Fprintf(sum, "%q %q\n", name, content)
		return err
	})
	return fmt.Sprintf("%x", sum.Sum(nil)[:12]), err
}

func buildKept(key, dir string, env, flags []string) (string, error) {
	name := key
	if slices.ContainsFunc(flags, func(flag string) bool { return strings.HasPrefix(flag, "-buildmode=") }) {
		name += ".so"
	}
	file := filepath.Join(product.built, name)
	return file, keptbuild.Build(name, file, 0o755, func(kept string) *exec.Cmd {
		cmd := newCommand("go", slices.Concat([]string{"build"}, flags, []string{"-o", kept, "."})...)
		cmd.Dir, cmd.Env = dir, slices.Concat(os.Environ(), []string{"CGO_ENABLED=1"}, env)
		return cmd
	})
}

// keptAt is a copy of what was kept.
func keptAt(to string, mode fs.FileMode, dir string, env []string, flags ...string) error {
	file, err := outputOf(dir, env, flags...)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return keptbuild.WriteProgram(to, content, mode)
}

// keptAs is goBuild of what is kept under this name.
func keptAs(name, to, dir string, args ...string) error {
	return keptbuild.Build(name, to, 0o755, func(kept string) *exec.Cmd {
		cmd := newCommand("go", slices.Concat([]string{"build", "-o", kept}, buildFlags(dir, args...))...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=1")
		return cmd
	})
}

// TestWhatIsBuiltOfEqualSourcesIsKept, and of others isn't taken for it.
func TestWhatIsBuiltOfEqualSourcesIsKept(t *testing.T) {
	t.Parallel()
	source := strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.0.0 <2")
	var files []string
	for _, source := range []string{source, source, strings.Replace(source, "Finds words.", "Finds other words.", 1)} {
		file, err := outputOf(writeModule(t, "otai-words", source), plainPluginEnv, plainPlugin...)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if files[0] != files[1] || files[0] == files[2] {
		t.Errorf("%q", files)
	}
	content, err := os.ReadFile(files[2])
	if err != nil || !strings.Contains(string(content), "Finds other words.") {
		t.Errorf("%v: it is another one's", err)
	}
}
