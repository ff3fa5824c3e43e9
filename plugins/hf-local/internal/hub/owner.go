package hub

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"unsafe"
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
	groups, err := syscall.Getgroups()
	if err != nil {
		return err
	}
	gid := int(owner.Gid)
	if gid == 0 {
		gid = int(owner.Uid) // root's group may have rights that the user has not
	}
	// The rights on files are the thread's; see setfsuid(2).
	runtime.LockOSThread()
	defer func() {
		// A thread that can't be given back ends with this goroutine.
		if setFileRights(0, os.Getegid(), groups) == nil {
			runtime.UnlockOSThread()
		}
	}()
	if err := setFileRights(int(owner.Uid), gid, nil); err != nil {
		return err
	}
	return work()
}

// owner is the first user but root who owns an existing folder or link on the way to the
// cache, and so could lead everything below elsewhere. If there is none, it is root.
func (c Cache) owner() (owner syscall.Stat_t, ok bool) {
	path, err := filepath.Abs(c.folder)
	if c.folder == "" || err != nil {
		return owner, false
	}
	for way := path; ; way = filepath.Dir(way) {
		real, err := filepath.EvalSymlinks(way)
		if err != nil && way != "/" {
			continue
		}
		for _, end := range []string{path, real} {
			for n := range len(end) + 1 {
				if n < len(end) && end[n] != '/' {
					continue
				}
				var found syscall.Stat_t
				if n > 0 && syscall.Lstat(end[:n], &found) == nil && found.Uid != 0 {
					return found, true
				}
			}
		}
		return owner, false
	}
}

func setFileRights(uid, gid int, groups []int) error {
	ids := make([]uint32, len(groups)+1)
	for n, id := range groups {
		ids[n] = uint32(id)
	}
	// Not syscall.Setgroups, which is for all threads.
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(&ids[0])), 0); errno != 0 {
		return os.NewSyscallError("setgroups", errno)
	}
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
