package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/files"
)

const mallory = 12345

func requireRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can act as two users")
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func ownerOf(t *testing.T, path string) [2]uint32 {
	t.Helper()
	var stat syscall.Stat_t
	must(t, syscall.Lstat(path, &stat))
	return [2]uint32{stat.Uid, stat.Gid}
}

// openFolder is one that all users can enter, and only root can write to.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "otai-users-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	return dir
}

// foreignFolder belongs to another user.
func foreignFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(openFolder(t), "theirs")
	must(t, os.Mkdir(dir, 0o755), os.Chown(dir, mallory, mallory))
	return dir
}

func TestARewrittenFileKeepsItsOwnerAndMode(t *testing.T) {
	requireRoot(t)
	for _, owner := range []int{0, mallory} {
		dir := foreignFolder(t)
		file := filepath.Join(dir, "config.yml")
		must(t, os.WriteFile(file, []byte("old"), 0o640), os.Chown(file, owner, owner))
		must(t, files.Rewrite(file, []byte("old"), []byte("new")))
		content, err := os.ReadFile(file)
		info, statErr := os.Stat(file)
		must(t, err, statErr)
		if got := ownerOf(t, file); string(content) != "new" || got != [2]uint32{uint32(owner), uint32(owner)} || info.Mode().Perm() != 0o640 {
			t.Errorf("%q of %v, mode %o", content, got, info.Mode())
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("left beside it: %v, %v", entries, err)
		}
	}
}

func TestAFileThatWasExchangedMeanwhileIsNotRewritten(t *testing.T) {
	for name, exchange := range map[string]func(file, secret string) error{
		"by another content": func(file, _ string) error { return os.WriteFile(file, []byte("other"), 0o600) },
		"by a longer one":    func(file, _ string) error { return os.WriteFile(file, []byte("old and more"), 0o600) },
		"by a link":          func(file, secret string) error { return errors.Join(os.Remove(file), os.Symlink(secret, file)) },
		"by a link beside": func(file, _ string) error {
			beside := filepath.Join(filepath.Dir(file), "beside")
			return errors.Join(os.Rename(file, beside), os.Symlink("beside", file))
		},
		"by a pipe":  func(file, _ string) error { return errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o600)) },
		"by nothing": func(file, _ string) error { return os.Remove(file) },
	} {
		dir := t.TempDir()
		file, secret := filepath.Join(dir, "config.yml"), filepath.Join(t.TempDir(), "secret")
		must(t, os.WriteFile(file, []byte("old"), 0o600), os.WriteFile(secret, []byte("old"), 0o600), exchange(file, secret))
		before, _ := os.ReadDir(dir)
		if err := files.Rewrite(file, []byte("old"), []byte("new")); err == nil {
			t.Errorf("%s: no error", name)
		}
		if content, err := os.ReadFile(secret); err != nil || string(content) != "old" {
			t.Errorf("%s: %q, %v", name, content, err)
		}
		if after, _ := os.ReadDir(dir); len(after) != len(before) {
			t.Errorf("%s: left behind: %v", name, after)
		}
	}
}

// The second user answers each new file in the folder with a link to a file of root's.
func TestUpgradingAConfigurationAsRootGivesNoFileOfRootsAway(t *testing.T) {
	requireRoot(t)
	const old, current = "old: 1\n", "new: 1\n"
	dir := foreignFolder(t)
	file, secret := filepath.Join(dir, "config.yml"), filepath.Join(openFolder(t), "shadow")
	must(t, os.WriteFile(secret, []byte(old), 0o600))
	offer := func() uint64 {
		next := filepath.Join(dir, "next")
		_ = os.WriteFile(next, []byte(old), 0o600)
		_ = errors.Join(os.Chown(next, mallory, mallory), os.Rename(next, file))
		var stat syscall.Stat_t
		_ = syscall.Lstat(file, &stat)
		return stat.Ino
	}
	offer()
	end := make(chan struct{})
	var racer sync.WaitGroup
	racer.Go(func() {
		link := filepath.Join(dir, "link")
		known := offer()
		for {
			select {
			case <-end:
				return
			default:
			}
			var stat syscall.Stat_t
			if syscall.Lstat(file, &stat) == nil && stat.Ino != known && stat.Mode&syscall.S_IFMT == syscall.S_IFREG {
				_ = errors.Join(os.Symlink(secret, link), os.Rename(link, file))
				for range 200 { // as long as root may need to get there
					_ = syscall.Lstat(file, &stat)
				}
				known = offer()
			}
		}
	})
	won := 0
	for range 300 {
		u := UpgradedConfig{Changed: true, Text: current, source: config.Source{Name: file, Data: []byte(old)}}
		if err := u.Write(Settings{}); err == nil {
			won++
		} else if !strings.Contains(err.Error(), "the file is as it was") && !errors.Is(err, os.ErrNotExist) &&
			!errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ELOOP) { // a file became a link, or a link a file, on the way to it
			t.Error(err)
		}
		if got := ownerOf(t, secret); got != [2]uint32{} {
			t.Fatalf("the file of root's belongs to %v", got)
		}
	}
	close(end)
	racer.Wait()
	if won == 0 {
		t.Error("nothing was ever written: the race was none")
	}
	if content, err := os.ReadFile(secret); err != nil || string(content) == "" {
		t.Errorf("%q, %v", content, err)
	}
}
