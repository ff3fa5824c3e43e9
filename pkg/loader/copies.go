package loader

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// copies is the folder of private copies. plugin.Open wants a path, and the file
// at a path can be replaced between check and use, or overwritten while its code
// runs, which kills the process. So the content is read once, into a folder that
// nobody else can write to, and only that copy is checked and opened.
type copies struct {
	privateFolder
	sums *checksums
	used map[string]bool // base names
}

func openCopies(s stateFolder, sums *checksums) (*copies, error) {
	f, err := s.openPrivate(copiesFolder)
	if err != nil {
		return nil, err
	}
	noexec, err := mountedNoexec(f.dir)
	if err != nil {
		return nil, s.unusable(f.dir, err)
	}
	if noexec {
		return nil, s.unusable(f.dir, errors.New("it is on a file system that is mounted noexec, from which no plugin can be opened"))
	}
	return &copies{privateFolder: f, sums: sums, used: make(map[string]bool)}, nil
}

// mountedNoexec reports whether the dynamic linker would refuse to map code
// from dir.
func mountedNoexec(dir string) (bool, error) {
	const stNoexec = 8 // ST_NOEXEC of statfs(2)
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return false, &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return stat.Flags&stNoexec != 0, nil
}

// take returns the path of a private copy of p's file, named by its content, and
// notes checksum and size in p.
func (c *copies) take(p *Plugin, source *os.File) (string, error) {
	sum, size, err := c.sums.of(source, p.Path)
	if err != nil {
		return "", p.errorf(StageVerify, CodeUnreadable, "check the file and its file system", "can't be read: %w", preflight.Reason(err))
	}
	if !c.has(sum) {
		if _, err := source.Seek(0, io.SeekStart); err != nil {
			return "", p.errorf(StageVerify, CodeUnreadable, "check the file and its file system", "can't be read: %w", preflight.Reason(err))
		}
		if sum, size, err = c.store(source); err != nil {
			return "", &Error{
				Stage: StageVerify, Code: CodeStateDir, Path: c.dir, Err: fmt.Errorf("can't copy %s to %s: %w", p.Path, c.dir, err),
				Fix: "make room there, or name another folder with --state-dir or OTAI_STATE_DIR",
			}
		}
	}
	p.SHA256, p.Size = sum, size
	c.used[sum+".so"] = true
	return filepath.Join(c.dir, sum+".so"), nil
}

// former returns the path of the copy of what was kept of p, and notes checksum and size in p.
func (c *copies) former(p *Plugin) string {
	path := filepath.Join(c.dir, p.former.SHA256+".so")
	p.SHA256 = p.former.SHA256
	if info, err := os.Lstat(path); err == nil {
		p.Size = info.Size()
	}
	c.used[p.SHA256+".so"] = true
	return path
}

// has reports whether a copy with this content exists, and renews its time before
// it gets old enough to be removed. One with a second name may be open to be written
// by whoever made that name.
func (c *copies) has(sum string) bool {
	name := sum + ".so"
	file, err := c.open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Mode().Perm() != 0o400 || linksOf(info) != 1 {
		return false
	}
	path := filepath.Join(c.dir, name)
	// Not each time: a file that has just changed is read again.
	if now := time.Now(); now.Sub(info.ModTime()) > keepUnused/2 && os.Chtimes(path, now, now) != nil {
		return false
	}
	got, _, err := c.sums.of(file, path)
	return err == nil && got == sum
}

func linksOf(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink) //nolint:unconvert // the types differ between architectures
	}
	return 0
}

// store copies the content and gives it its name only when it is complete. The
// name follows from what was written, whatever the source held before.
func (c *copies) store(source io.Reader) (sum string, size int64, err error) {
	file, err := os.CreateTemp(c.dir, ".copy-*")
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err == nil {
			err = os.Rename(file.Name(), filepath.Join(c.dir, sum+".so"))
		}
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if sum, size, err = hash(source, file); err != nil {
		return "", 0, err
	}
	// Without Sync, a power cut could leave an empty file under the final name.
	return sum, size, errors.Join(file.Chmod(0o400), file.Sync())
}

func hash(source io.Reader, target io.Writer) (sum string, size int64, err error) {
	digest := sha256.New()
	size, err = io.Copy(io.MultiWriter(digest, target), source)
	return hex.EncodeToString(digest.Sum(nil)), size, err
}

// removeUnused removes old copies and abandoned beginnings of copies.
func (c *copies) removeUnused(logger *slog.Logger) {
	if c != nil {
		c.removeOld(c.used, logger)
	}
}
