package logs

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
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
