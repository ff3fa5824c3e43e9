package files

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A folder may belong to somebody who changes it while root works in it. So a file is
// written through a descriptor of its folder, and until it gets its name everything is
// done through its own descriptor: no path is followed twice.

// WriteNew writes a whole file that must not exist yet; if it does, the error is [fs.ErrExist].
func WriteNew(name string, content []byte, mode fs.FileMode) error {
	return inFolder(name, func(folder *os.Root, base string) error {
		return writeWhole(folder, base, content, mode, nil, folder.Link)
	})
}

// New is a file that doesn't exist yet.
type New struct {
	Name    string // in the folder
	Content []byte
	Mode    fs.FileMode
}

// WriteAllNew writes whole files into a folder, all of them or none: each is complete before
// the first gets its name. None may exist yet; if one does, the error is [fs.ErrExist].
func WriteAllNew(dir string, list []New) error {
	folder, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	return errors.Join(writeAllNew(folder, list), folder.Close())
}

func writeAllNew(folder *os.Root, list []New) error {
	if len(list) == 0 {
		return nil
	}
	first, others := list[0], list[1:]
	return writeWhole(folder, first.Name, first.Content, first.Mode, nil, func(from, to string) error {
		if err := writeAllNew(folder, others); err != nil {
			return err
		}
		err := folder.Link(from, to)
		if err != nil {
			for _, other := range others {
				err = errors.Join(err, folder.Remove(other.Name))
			}
		}
		return err
	})
}

// PlaceError says that no file can be put at a name.
type PlaceError struct {
	Name string
	Why  string
}

func (e *PlaceError) Error() string { return e.Name + " stays as it is: " + e.Why }

// Replace puts a whole file in the place of the one that name leads to, and keeps its
// owner and mode; a new file gets the given mode. Readers see the old file or the new
// one. A link stays a link. The error is a [PlaceError] if the name leads to something other than a
// regular file, or to one of the files that the content was made from.
func Replace(name string, content []byte, mode fs.FileMode, madeFrom ...string) error {
	return replace(name, content, mode, false, madeFrom)
}

// ReplacePrivate is Replace for what nobody but the owner may read, whatever the mode of the file
// was that is there.
func ReplacePrivate(name string, content []byte) error {
	return replace(name, content, 0o600, true, nil)
}

func replace(name string, content []byte, mode fs.FileMode, anyway bool, madeFrom []string) error {
	target, err := Target(name, madeFrom...)
	if err != nil {
		return err
	}
	return inFolder(target, func(folder *os.Root, base string) error {
		var owner *syscall.Stat_t
		there, err := folder.Lstat(base)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !there.Mode().IsRegular(): // since Target looked
			return &PlaceError{name, "it is " + Kind(there.Mode())}
		default:
			if !anyway {
				mode = there.Mode().Perm()
			}
			owner, _ = there.Sys().(*syscall.Stat_t)
		}
		return writeWhole(folder, base, content, mode, owner, folder.Rename)
	})
}

// leadsRootElsewhere reports whether name is a link by which another user would make root
// write to a file of somebody else.
func leadsRootElsewhere(name string, target fs.FileInfo) bool {
	link, err := os.Lstat(name)
	if err != nil || link.Mode()&fs.ModeSymlink == 0 {
		return false
	}
	of, ok := link.Sys().(*syscall.Stat_t)
	to, known := target.Sys().(*syscall.Stat_t)
	return ok && known && of.Uid != 0 && of.Uid != to.Uid
}

// Target returns the file that [Replace] would write, or the error that it would return.
func Target(name string, madeFrom ...string) (string, error) {
	target, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(name); err == nil {
			return "", &PlaceError{name, "it is a link to nothing"}
		}
		return name, nil
	}
	if err != nil {
		return "", err
	}
	info, err := os.Stat(target)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", &PlaceError{name, "it is " + Kind(info.Mode())}
	}
	if os.Geteuid() == 0 && leadsRootElsewhere(name, info) {
		return "", &PlaceError{name, "it is a link of one user to a file of another"}
	}
	for _, source := range madeFrom {
		if from, err := os.Stat(source); err == nil && os.SameFile(from, info) {
			return "", &PlaceError{name, "what would replace it was made from it"}
		}
	}
	return target, nil
}

// Kind names a kind of file that isn't regular.
func Kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

// errChanged says that a file has changed since it was read.
var errChanged = errors.New("it was changed meanwhile")

// Rewrite replaces a file whose content is still before by one whose content is after,
// and keeps its owner and mode. The content is compared through the descriptor that also
// yields the owner, so that nobody is given what they couldn't read already.
func Rewrite(name string, before, after []byte) error {
	return inFolder(name, func(folder *os.Root, base string) error {
		owner, mode, err := ownerOfContent(folder, base, before)
		if err != nil {
			return err
		}
		return writeWhole(folder, base, after, mode, owner, folder.Rename)
	})
}

// ownerOfContent returns the owner and the mode of a file that still has the content.
func ownerOfContent(folder *os.Root, base string, content []byte) (*syscall.Stat_t, fs.FileMode, error) {
	seen, err := folder.Lstat(base)
	if err != nil {
		return nil, 0, err
	}
	if !seen.Mode().IsRegular() {
		return nil, 0, errChanged
	}
	file, err := folder.OpenFile(base, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !os.SameFile(seen, info) {
		return nil, 0, errChanged
	}
	now, err := io.ReadAll(io.LimitReader(file, int64(len(content))+1))
	if err != nil {
		return nil, 0, err
	}
	if !bytes.Equal(now, content) {
		return nil, 0, errChanged
	}
	return owner, info.Mode().Perm(), nil
}

// inFolder calls work with the folder of a file, which stays the same whatever happens to
// its path.
func inFolder(name string, work func(folder *os.Root, base string) error) error {
	folder, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(work(folder, filepath.Base(name)), folder.Close())
}

// writeWhole writes a file that finish gives its name once it is complete. It becomes
// owner's, or stays the writer's if owner is nil.
func writeWhole(folder *os.Root, base string, content []byte, mode fs.FileMode, owner *syscall.Stat_t, finish func(from, to string) error) error {
	temporary := "." + base + "-" + rand.Text()
	file, err := folder.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Remove(temporary) }() // after a rename, it has gone
	_, err = file.Write(content)
	if err == nil && owner != nil && !ownedBy(file, owner) {
		if err = file.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
			err = fmt.Errorf("giving it to its owner: %w", err)
		}
	}
	// The mode comes last: until then nobody else may read the file.
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return err
	}
	return finish(temporary, base)
}

// ownedBy reports whether a file is the owner's; a group that this user can't give it to
// doesn't count.
func ownedBy(file *os.File, owner *syscall.Stat_t) bool {
	var now syscall.Stat_t
	if syscall.Fstat(int(file.Fd()), &now) != nil || now.Uid != owner.Uid {
		return false
	}
	return now.Gid == owner.Gid || file.Chown(-1, int(owner.Gid)) != nil
}
