package app

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestALogFileOfRootInAServicesFolderIsTheServices(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can act as two users")
	}
	const service = 12345
	dir := filepath.Join(t.TempDir(), "log")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, service, service)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "otai.log")
	for range 2 { // it is made, then it is there
		file, err := openLogFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var stat syscall.Stat_t
		if err := errors.Join(syscall.Fstat(int(file.Fd()), &stat), file.Close()); err != nil || stat.Uid != service || stat.Gid != service || stat.Mode&0o777 != 0o640 {
			t.Errorf("owner %d:%d, mode %o, %v", stat.Uid, stat.Gid, stat.Mode, err)
		}
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := errors.Join(os.WriteFile(secret, nil, 0o600), os.Remove(path), os.Symlink(secret, path)); err != nil {
		t.Fatal(err)
	}
	if _, err := openLogFile(path); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a link of the service was followed: %v", err)
	}
}

func TestALogFileOfOnesOwnMayBeALink(t *testing.T) {
	real, link := filepath.Join(t.TempDir(), "real.log"), filepath.Join(t.TempDir(), "otai.log")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	file, err := openLogFile(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(real); err != nil {
		t.Error(err)
	}
}
