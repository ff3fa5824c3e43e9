package files

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// IsAt reports whether a file is still the one at a path, where no link is followed. What can't be looked
// at counts as there; no file, given as nil, is nowhere.
func IsAt(path string, file fs.FileInfo) bool {
	now, err := os.Lstat(path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
	}
	return os.SameFile(now, file)
}
