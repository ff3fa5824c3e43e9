package hub

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// asOwner runs work, which writes to the cache. Where root does that in a folder of
// somebody else, as of a service, it has only that user's rights on files, and what it
// makes belongs to that user: files of root would be in the service's way, and a
// link of that user's must not lead root elsewhere. Work must not leave its goroutine.
func (c Cache) asOwner(work func() error) error {
	owner, ok := c.owner()
	if !ok || os.Geteuid() != 0 || owner.Uid == 0 {
		return work()
	}
	// The rights on files are the thread's; see setfsuid(2).
	runtime.LockOSThread()
	defer func() {
		// A thread that can't be given back ends with this goroutine.
		if setFileRights(0, os.Getegid()) == nil {
			runtime.UnlockOSThread()
		}
	}()
	if err := setFileRights(int(owner.Uid), int(owner.Gid)); err != nil {
		return err
	}
	return work()
}

// owner is that of the cache's folder, or of the one that it will be made in.
func (c Cache) owner() (owner syscall.Stat_t, ok bool) {
	dir, err := filepath.Abs(c.folder)
	if c.folder == "" || err != nil {
		return owner, false
	}
	for syscall.Stat(dir, &owner) != nil {
		if dir == "/" {
			return owner, false
		}
		dir = filepath.Dir(dir)
	}
	return owner, true
}

func setFileRights(uid, gid int) error {
	// Both calls return what was before and no error; -1 changes nothing.
	for _, set := range []struct {
		call uintptr
		id   int
	}{{syscall.SYS_SETFSGID, gid}, {syscall.SYS_SETFSUID, uid}} {
		_, _, _ = syscall.RawSyscall(set.call, uintptr(set.id), 0, 0)
		if now, _, _ := syscall.RawSyscall(set.call, ^uintptr(0), 0, 0); int(now) != set.id {
			return os.NewSyscallError("setfsuid", syscall.EPERM)
		}
	}
	return nil
}
