package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Tree judges what leads to a folder, and all that is in it, also behind links to files.
func (t Rule) Tree(dir string) (found *Violation, err error) {
	real, d, err := t.Resolve(dir)
	if d != nil || err != nil {
		return d, err
	}
	err = filepath.WalkDir(real, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir // nothing is built from it
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if found = t.Judge(path, path, info, false); found == nil && info.Mode()&fs.ModeSymlink != 0 {
			found, err = t.behind(path)
		}
		if found != nil {
			return fs.SkipAll
		}
		return err
	})
	return found, err
}

// behind judges what a link leads to. One that leads nowhere holds nothing.
func (t Rule) behind(link string) (*Violation, error) {
	real, d, err := t.Resolve(link)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrLink) {
		return nil, nil
	}
	if d != nil || err != nil {
		return d, err
	}
	info, err := os.Lstat(real)
	if err != nil {
		return nil, err
	}
	return t.Judge(real, real, info, false), nil
}
