package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// openLogFile opens a log file for appending, and makes it where there is none. One that
// root makes in a folder of somebody else is that user's: as root's, the service could
// not write to it any more.
func openLogFile(path string) (*os.File, error) {
	flags := os.O_APPEND | os.O_WRONLY | os.O_CREATE
	owner, foreign := foreignFolder(filepath.Dir(path))
	if foreign {
		flags |= syscall.O_NOFOLLOW // its owner must not lead root to other files
	}
	file, err := os.OpenFile(path, flags|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return os.OpenFile(path, flags, 0o640)
	}
	if err != nil || !foreign {
		return file, err
	}
	if err := file.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// foreignFolder tells root whose folder it is, if not root's.
func foreignFolder(dir string) (owner syscall.Stat_t, foreign bool) {
	err := syscall.Stat(dir, &owner)
	return owner, err == nil && os.Geteuid() == 0 && owner.Uid != 0
}
