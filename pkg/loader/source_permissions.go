package loader

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// CheckSources checks the folder from which a plugin will be built, and everything in it,
// by the rule of [CheckPath]: whoever can change it decides what runs when the plugin is
// tried. Of o, it uses TrustGroup. An error is an [*Error].
func CheckSources(dir string, o Options) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	t := trustOf(o)
	d, err := t.ofTree(dir)
	if err != nil {
		return &Error{Stage: StageVerify, Code: CodeUnreadable, Path: dir, Err: fmt.Errorf("what is in it can't be judged: %w", err), Fix: "check the path and its permissions"}
	}
	if d == nil {
		return nil
	}
	if d.foreign && t.uid == 0 {
		d.fix = asOwner(d.owner) + "; or, only if you trust what is in it, chown -R root " + quoted(dir)
	}
	return &Error{Stage: StageVerify, Code: CodeInsecurePermissions, Path: dir, Err: fmt.Errorf("what is built from it could be chosen by others: %s", d.cause), Fix: d.fix}
}

// ofTree judges what leads to a folder, and all that is in it, also behind links to files.
func (t trust) ofTree(dir string) (found *violation, err error) {
	real, d, err := t.resolve(dir)
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
		if found = t.of(path, path, info, false); found == nil && info.Mode()&fs.ModeSymlink != 0 {
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
func (t trust) behind(link string) (*violation, error) {
	real, d, err := t.resolve(link)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errLink) {
		return nil, nil
	}
	if d != nil || err != nil {
		return d, err
	}
	info, err := os.Lstat(real)
	if err != nil {
		return nil, err
	}
	return t.of(real, real, info, false), nil
}
