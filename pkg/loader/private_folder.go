package loader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/open-ticket-ai/otai/pkg/loader/trust"
)

// Files in the state folder that no process has asked for in this time are
// removed. A process that has a copy open isn't hurt: a mapped file lives on
// without its name. The time protects one that has just made a copy and is about
// to open it.
const keepUnused = 24 * time.Hour

// privateFolder is a subfolder of the state folder that nobody else can enter.
type privateFolder struct {
	dir   string
	trust trust.Rule
}

// openPrivate makes the folder, or judges the one that is there with every file in
// it: one file of somebody else shows that the folder was open to others, who may
// also have left what looks like the user's own.
func (s stateFolder) openPrivate(name string) (privateFolder, error) {
	f := privateFolder{dir: filepath.Join(s.dir, name), trust: s.trust}
	if err := os.Mkdir(f.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return f, s.unusable(f.dir, err)
	}
	info, err := os.Lstat(f.dir)
	if err != nil {
		return f, s.unusable(f.dir, err)
	}
	if !info.IsDir() {
		return f, s.distrusted(&trust.Violation{Path: f.dir, Cause: fmt.Sprintf("%s is not a folder", f.dir), Fix: s.forget(name)})
	}
	if d := s.trust.Judge(f.dir, f.dir, info, false); d != nil {
		d.Fix = s.forget(name)
		return f, s.distrusted(d)
	}
	if info.Mode().Perm() != 0o700 && trust.OwnerOf(info) == s.trust.UID {
		if err := closeToOthers(f.dir); err != nil {
			return f, s.unusable(f.dir, err)
		}
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return f, s.unusable(f.dir, err)
	}
	for _, entry := range entries {
		path := filepath.Join(f.dir, entry.Name())
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process of this user tidies up
		}
		if err != nil {
			return f, s.unusable(path, err)
		}
		d := s.trust.Judge(path, path, info, false)
		if d == nil && info.IsDir() {
			d = &trust.Violation{Cause: fmt.Sprintf("%s is a folder, and otai makes none there", path)}
		}
		if d != nil {
			d.Fix = s.forget(name)
			return f, s.distrusted(d)
		}
	}
	return f, nil
}

// PrivateFolder makes a subfolder of the state folder that nobody else can enter, for the
// host's own files, or judges the one that is there. It returns its path.
func PrivateFolder(o Options, name string) (string, error) {
	s, err := openState(o.StateDir, trust.Of(o.TrustGroup))
	if err != nil {
		return "", err
	}
	// A state folder that the loader will refuse stays as it is.
	for _, own := range []string{checksumsFolder, copiesFolder, probesFolder} {
		if _, err := os.Lstat(filepath.Join(s.dir, own)); err != nil {
			continue
		}
		if _, err := s.openPrivate(own); err != nil {
			return "", err
		}
	}
	f, err := s.openPrivate(name)
	return f.dir, err
}

// closeToOthers takes the rights of others from a folder.
func closeToOthers(dir string) error {
	folder, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	return errors.Join(folder.Chmod(0o700), folder.Close())
}

// open opens a file of the folder for reading and judges it by its descriptor.
func (f privateFolder) open(name string) (*os.File, error) {
	path := filepath.Join(f.dir, name)
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is a %s", path, kind(info.Mode()))
	}
	if err == nil {
		var d *trust.Violation
		if d, err = f.trust.Opened(path, file); d != nil {
			err = errors.New(d.Cause)
		}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// read reads a whole small file of the folder.
func (f privateFolder) read(name string) ([]byte, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxReport+1))
	if err == nil && len(content) > maxReport {
		err = fmt.Errorf("longer than %d bytes", maxReport)
	}
	return content, err
}

// removeOld removes the files that were not used for long.
func (f privateFolder) removeOld(used map[string]bool, logger *slog.Logger) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		logger.Debug("can't look for old files", "path", f.dir, "err", err)
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || used[entry.Name()] || time.Since(info.ModTime()) < keepUnused {
			continue
		}
		if err := os.Remove(filepath.Join(f.dir, entry.Name())); err != nil {
			logger.Debug("can't remove an old file", "path", entry.Name(), "err", err)
		}
	}
}
