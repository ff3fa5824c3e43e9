package sqlite

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// GoneError says that a file of the store is no longer the one at its path: it was removed, renamed
// or replaced while it was worked with, or the folder was. What is written to it would be in a file
// that no other process finds, and lost with this one. It is a [store.ErrUnavailable], and over when
// the file is back.
type GoneError struct{ Path string }

func (e *GoneError) Error() string {
	return store.ErrUnavailable.Error() + ": " + e.Path + " was removed, renamed or replaced while otai works with it; " + e.Fix()
}

// Fix says what to do.
func (e *GoneError) Fix() string {
	return "put it back where it was, or restart otai, which goes on with what is there then"
}

func (*GoneError) Unwrap() error { return store.ErrUnavailable }

// present are the files of a store, each as it was when the store was opened. A lock on a file that
// is gone keeps nobody out, so its file counts like the others.
type present []presentFile

type presentFile struct {
	path string
	info fs.FileInfo
}

// whatIsThere notes the files of a folder that are there.
func whatIsThere(dir string) (p present) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if info, err := os.Lstat(path); err == nil {
			p = append(p, presentFile{path, info})
		}
	}
	return p
}

// look returns a [GoneError] about the first file that is gone. What can't be looked at is not.
func (p present) look() error {
	for _, file := range p {
		if !files.IsAt(file.path, file.info) {
			return &GoneError{file.path}
		}
	}
	return nil
}
