package loader

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/loader/trust"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

func testState(t *testing.T, dir string) stateFolder {
	t.Helper()
	s, err := openState(dir, trust.Of(false))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testCopies(t *testing.T, stateDir string) *copies {
	t.Helper()
	s := testState(t, stateDir)
	sums, err := openChecksums(s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c, err := openCopies(s, sums)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func take(t *testing.T, c *copies, path string) (p Plugin, private string) {
	t.Helper()
	p.Path = path
	source, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	private, failure := c.take(&p, source)
	if failure != nil {
		t.Fatal(failure)
	}
	return p, private
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

const content = "content of a plugin"

func TestACopyIsNamedByItsContentAndNobodyElseCanWriteIt(t *testing.T) {
	state := filepath.Join(t.TempDir(), "new", "state")
	p, private := take(t, testCopies(t, state), write(t, t.TempDir(), "otai_x.so", content))
	if private != filepath.Join(state, "plugins", p.SHA256+".so") || len(p.SHA256) != 64 || p.Size != int64(len(content)) {
		t.Errorf("copy %s of %+v", private, p)
	}
	if got, err := os.ReadFile(private); err != nil || string(got) != content {
		t.Errorf("the copy holds %q, %v", got, err)
	}
	for path, mode := range map[string]os.FileMode{private: 0o400, filepath.Dir(private): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, mode)
		}
	}
}

func TestAFolderThatOthersCanEnterIsClosed(t *testing.T) {
	state := t.TempDir()
	dir := filepath.Join(state, "plugins")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	testCopies(t, state)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestAnEqualCopyIsUsedAgain(t *testing.T) {
	state, source := t.TempDir(), write(t, t.TempDir(), "otai_x.so", content)
	_, private := take(t, testCopies(t, state), source)
	before, err := os.Stat(private)
	if err != nil {
		t.Fatal(err)
	}
	take(t, testCopies(t, state), source)
	if after, err := os.Stat(private); err != nil || !os.SameFile(before, after) {
		t.Errorf("the copy was replaced: %v", err)
	}
	if got := names(t, filepath.Dir(private)); len(got) != 1 {
		t.Errorf("the folder holds %q", got)
	}
}

func TestACopyThatWasDamagedIsReplaced(t *testing.T) {
	damage := map[string]func(t *testing.T, path string){
		"cut off": func(t *testing.T, path string) {
			// None but root can write to what is read-only.
			if err := errors.Join(os.Chmod(path, 0o600), os.Truncate(path, 3), os.Chmod(path, 0o400)); err != nil {
				t.Fatal(err)
			}
		},
		"writable": func(t *testing.T, path string) {
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a symbolic link": func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Symlink(write(t, t.TempDir(), "elsewhere", content), path)); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			state, source := t.TempDir(), write(t, t.TempDir(), "otai_x.so", content)
			_, private := take(t, testCopies(t, state), source)
			spoil(t, private)
			take(t, testCopies(t, state), source)
			info, err := os.Lstat(private)
			if err != nil || info.Mode() != 0o400 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			if got, err := os.ReadFile(private); err != nil || string(got) != content {
				t.Errorf("the copy holds %q, %v", got, err)
			}
		})
	}
}

func TestOnlyOldUnusedCopiesAreRemoved(t *testing.T) {
	state, sources := t.TempDir(), t.TempDir()
	c := testCopies(t, state)
	write(t, c.dir, "old.so", "of a plugin that is gone")
	write(t, c.dir, ".copy-old", "begun and never finished")
	write(t, c.dir, "young.so", "another process is about to open it")
	_, used := take(t, c, write(t, sources, "otai_x.so", content))
	for _, path := range []string{filepath.Join(c.dir, "old.so"), filepath.Join(c.dir, ".copy-old"), used} {
		old := time.Now().Add(-2 * keepUnused)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	c.removeUnused(slog.New(slog.DiscardHandler))
	want := []string{filepath.Base(used), "young.so"}
	slices.Sort(want)
	if got := names(t, c.dir); !slices.Equal(got, want) {
		t.Errorf("left are %q, want %q", got, want)
	}
}

func TestUsingACopyAgainKeepsItFromBeingRemoved(t *testing.T) {
	state, source := t.TempDir(), write(t, t.TempDir(), "otai_x.so", content)
	_, private := take(t, testCopies(t, state), source)
	old := time.Now().Add(-2 * keepUnused)
	if err := os.Chtimes(private, old, old); err != nil {
		t.Fatal(err)
	}
	take(t, testCopies(t, state), source)
	testCopies(t, state).removeUnused(slog.New(slog.DiscardHandler))
	if got := names(t, filepath.Dir(private)); len(got) != 1 {
		t.Errorf("left are %q", got)
	}
}

func TestAMountWithoutExecutionIsNoticed(t *testing.T) {
	if noexec, err := mountedNoexec(t.TempDir()); err != nil || noexec {
		t.Errorf("the temporary folder: %v, %v", noexec, err)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !slices.Contains(strings.Split(fields[3], ","), "noexec") {
			continue
		}
		if noexec, err := mountedNoexec(fields[1]); err == nil {
			if !noexec {
				t.Errorf("%s is mounted noexec, which was not noticed", fields[1])
			}
			return
		}
	}
	t.Skip("no file system here is mounted noexec")
}

func TestLoadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	write(t, dir, "otai_text.so", "text")
	o := Options{Dirs: []string{dir}, StateDir: t.TempDir(), APIVersion: "1.0.0", Separator: ":", Prefix: "otai-"}
	if _, err := Load(ctx, o, registry.New(":")); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

func TestAnAPILevelThatIsNoVersionIsAnError(t *testing.T) {
	if _, err := Load(t.Context(), Options{APIVersion: "one"}, registry.New(":")); err == nil || !strings.Contains(err.Error(), `"one"`) {
		t.Errorf("error = %v", err)
	}
}
