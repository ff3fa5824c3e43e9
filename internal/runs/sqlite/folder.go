package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	fileName = "runs.db"
	lockName = "runs.lock"
)

// names are all files of the store.
var names = []string{fileName, fileName + "-wal", fileName + "-shm", lockName}

// UntrustedError says that others could change the store, or that it isn't this user's.
type UntrustedError struct {
	Path string
	Why  string
	Fix  string
}

func (e *UntrustedError) Error() string {
	return fmt.Sprintf("runs can't be kept in %s: %s; %s", e.Path, e.Why, e.Fix)
}

// folder is the state folder, by its descriptor.
type folder struct {
	path       string
	root       *os.Root
	uid, gid   int  // of what is made in it
	trustGroup bool // members of the folder's group may change it, as on a volume of Kubernetes
}

func openFolder(dir string, trustGroup bool) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for runs: %w", err)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fmt.Errorf("the folder for runs: %w", err)
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, fmt.Errorf("the folder for runs: %w", err)
	}
	f := &folder{path: real, root: root, trustGroup: trustGroup}
	if err := f.judge(); err != nil {
		_ = root.Close()
		return nil, err
	}
	return f, nil
}

// judge looks at the folder and at what is in it.
func (f *folder) judge() error {
	info, err := f.root.Stat(".")
	if err != nil {
		return fmt.Errorf("the folder for runs: %w", err)
	}
	f.uid, f.gid = ownerOf(info)
	me := os.Geteuid()
	if f.trustGroup && info.Mode().Perm()&0o020 != 0 {
		f.uid = me // of the group; root leaves what is there to whose it is
		if kept, err := f.root.Lstat(fileName); err == nil && me == 0 {
			f.uid, _ = ownerOf(kept)
		}
	}
	writable := os.FileMode(0o022)
	if f.trustGroup {
		writable = 0o002
	}
	switch {
	case me != 0 && f.uid != me:
		return &UntrustedError{f.path, fmt.Sprintf("the folder belongs to user %d", f.uid), "run otai as that user, or name another folder with --state-dir"}
	case info.Mode().Perm()&writable != 0:
		return &UntrustedError{f.path, "others may write in the folder", "chmod go-w " + f.path}
	}
	for _, name := range names {
		if err := f.judgeFile(name); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) judgeFile(name string) error {
	info, err := f.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the run store: %w", err)
	}
	path := filepath.Join(f.path, name)
	uid, _ := ownerOf(info)
	switch {
	case !info.Mode().IsRegular():
		return &UntrustedError{path, "it isn't a regular file", "move it elsewhere"}
	case uid != f.uid:
		return &UntrustedError{path, fmt.Sprintf("it belongs to user %d and the folder to user %d", uid, f.uid), fmt.Sprintf("chown %d %s", f.uid, path)}
	case info.Mode().Perm()&0o077 != 0:
		return &UntrustedError{path, "others than its owner have rights on it", "chmod 600 " + path}
	}
	return nil
}

// create makes a file that doesn't exist yet, or opens the one that does. What root makes
// becomes the folder's owner's.
func (f *folder) create(name string) (*os.File, error) {
	file, err := f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, fmt.Errorf("runs can't be kept in %s: %w; make room there and let it be written, or name another folder with --state-dir or OTAI_STATE_DIR", f.path, err)
	}
	if me := os.Geteuid(); me == 0 && f.uid != 0 {
		if info, err := file.Stat(); err == nil {
			if uid, _ := ownerOf(info); uid == 0 {
				err = file.Chown(f.uid, f.gid)
			}
			if err != nil {
				return nil, errors.Join(fmt.Errorf("the run store: %w", err), file.Close())
			}
		}
	}
	return file, nil
}

func ownerOf(info fs.FileInfo) (uid, gid int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid), int(stat.Gid)
	}
	return -1, -1
}
