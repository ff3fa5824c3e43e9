package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func closeLog(t *testing.T, file *os.File, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
		return
	}
	must(t, file.Close())
}

func TestALogFileOfRootInAServicesFolderIsTheServices(t *testing.T) {
	requireRoot(t)
	dir := foreignFolder(t)
	must(t, os.Mkdir(filepath.Join(dir, "deeper"), 0o700), os.Chown(filepath.Join(dir, "deeper"), mallory, mallory))
	for _, path := range []string{filepath.Join(dir, "otai.log"), filepath.Join(dir, "deeper", "otai.log")} {
		for range 2 { // it is made, then it is there
			file, err := openLogFile(path, os.Stdout)
			closeLog(t, file, err)
			info, err := os.Stat(path)
			must(t, err)
			if got := ownerOf(t, path); got != [2]uint32{mallory, mallory} || info.Mode().Perm() != 0o640 {
				t.Errorf("owner %v, mode %o", got, info.Mode())
			}
		}
	}
}

// The kernel is asked with the rights of the folder's owner.
func TestALogFileLeadsRootNowhereWhereTheFoldersOwnerCouldNotWrite(t *testing.T) {
	requireRoot(t)
	secrets := filepath.Join(openFolder(t), "secrets")
	secret := filepath.Join(secrets, "secret")
	must(t, os.Mkdir(secrets, 0o755), os.WriteFile(secret, nil, 0o664))
	for name, plant := range map[string]func(dir string) error{
		"a link to a file": func(dir string) error { return os.Symlink(secret, filepath.Join(dir, "sub", "otai.log")) },
		"a link to no file": func(dir string) error {
			return os.Symlink(filepath.Join(secrets, "new"), filepath.Join(dir, "sub", "otai.log"))
		},
		"a link to a folder": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "sub")), os.Symlink(secrets, filepath.Join(dir, "sub")))
		},
		"a second name": func(dir string) error { return os.Link(secret, filepath.Join(dir, "sub", "otai.log")) },
	} {
		dir := foreignFolder(t)
		sub := filepath.Join(dir, "sub")
		must(t, os.Mkdir(sub, 0o755), os.Chown(sub, mallory, mallory), plant(dir))
		file, err := openLogFile(filepath.Join(sub, "otai.log"), os.Stdout)
		if err == nil || !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "12345") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			must(t, file.Close())
		}
		entries, err := os.ReadDir(secrets)
		must(t, err)
		if len(entries) != 1 || ownerOf(t, secret) != [2]uint32{} {
			t.Errorf("%s: in the folder of root's: %v", name, entries)
		}
		// Root has all its rights back.
		must(t, os.WriteFile(filepath.Join(secrets, "again"), nil, 0o600), os.Remove(filepath.Join(secrets, "again")))
	}
}

func TestALogFileIsRootsAloneWhereOthersCanWrite(t *testing.T) {
	requireRoot(t)
	for mode, name := range map[os.FileMode]string{0o777 | os.ModeSticky: "as /tmp", 0o777: "open", 0o770: "as /var/log"} {
		base := openFolder(t)
		dir := filepath.Join(base, "log")
		elsewhere := filepath.Join(base, "elsewhere")
		must(t, os.Mkdir(dir, 0o755), os.Chown(dir, 0, mallory), os.Chmod(dir, mode), os.Mkdir(elsewhere, 0o755))
		path := filepath.Join(dir, "otai.log")
		for range 2 {
			file, err := openLogFile(path, os.Stdout)
			closeLog(t, file, err)
		}
		for what, plant := range map[string]func() error{
			"a file of another user": func() error { return errors.Join(os.WriteFile(path, nil, 0o666), os.Chown(path, mallory, mallory)) },
			"a second name": func() error {
				return errors.Join(os.WriteFile(filepath.Join(elsewhere, "secret"), nil, 0o600), os.Link(filepath.Join(elsewhere, "secret"), path))
			},
			"a link": func() error {
				return errors.Join(os.Symlink(filepath.Join(elsewhere, "new"), path), os.Lchown(path, mallory, mallory))
			},
			"a pipe": func() error { return syscall.Mkfifo(path, 0o666) },
		} {
			must(t, os.Remove(path), plant())
			if file, err := openLogFile(path, os.Stdout); err == nil {
				t.Errorf("%s: %s was taken", name, what)
				must(t, file.Close())
			}
			if _, err := os.Stat(filepath.Join(elsewhere, "new")); err == nil {
				t.Errorf("%s: %s led root elsewhere", name, what)
			}
		}
	}
}

// What the second user exchanges while root opens the file.
func TestNoRaceLeadsALogFileOfRootElsewhere(t *testing.T) {
	requireRoot(t)
	secrets := filepath.Join(openFolder(t), "secrets")
	dir := foreignFolder(t)
	sub, real, link := filepath.Join(dir, "sub"), filepath.Join(dir, "real"), filepath.Join(dir, "link")
	must(t, os.Mkdir(secrets, 0o755), os.Mkdir(real, 0o755), os.Chown(real, mallory, mallory), os.Symlink(secrets, link), os.Symlink("real", sub))
	end := make(chan struct{})
	var racer sync.WaitGroup
	racer.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
			}
			for _, target := range []string{"link", "real"} {
				next := filepath.Join(dir, "next")
				_ = errors.Join(os.Symlink(target, next), os.Rename(next, sub))
			}
		}
	})
	opened := 0
	for began := time.Now(); time.Since(began) < 500*time.Millisecond; {
		if file, err := openLogFile(filepath.Join(sub, "otai.log"), os.Stdout); err == nil {
			opened++
			must(t, file.Close())
		}
		_ = os.Remove(filepath.Join(real, "otai.log"))
	}
	close(end)
	racer.Wait()
	if entries, err := os.ReadDir(secrets); err != nil || len(entries) > 0 || opened == 0 {
		t.Errorf("in the folder of root's: %v, %v; opened %d times", entries, err, opened)
	}
}

func TestALogFileThatIsNoFileIsNamedAndNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	try := func(path, want string) {
		t.Helper()
		file, err := openLogFile(path, os.Stdout)
		if err == nil {
			must(t, file.Close())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	try(pipe, "named pipe")
	try(dir, "is a directory")
	try(filepath.Join(dir, "no", "otai.log"), "no such file")
	reader, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	must(t, err)
	defer reader.Close()
	try(pipe, "is a named pipe; name a regular file")
	for _, path := range []string{"/dev/null", "/dev/stderr", "/dev/stdout"} {
		file, err := openLogFile(path, os.Stdout)
		closeLog(t, file, err)
	}
	if _, err := os.Stderr.Stat(); err != nil {
		t.Errorf("standard error was closed with the log: %v", err)
	}
}

func TestALogFileOfOnesOwnMayBeALink(t *testing.T) {
	real, link := filepath.Join(t.TempDir(), "real.log"), filepath.Join(t.TempDir(), "otai.log")
	must(t, os.Symlink(real, link))
	file, err := openLogFile(link, os.Stdout)
	closeLog(t, file, err)
	if _, err := os.Stat(real); err != nil {
		t.Error(err)
	}
}
