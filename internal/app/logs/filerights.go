package logs

import (
	"os"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

// withFilesOf runs work with no more rights on files than another user has, whose folders
// root works in: what is made belongs to that user, and no link leads root where that user
// could not go. Work must not leave its goroutine.
func withFilesOf(uid, gid int, work func() error) error {
	groups, err := syscall.Getgroups()
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		// The rights on files are the thread's; see setfsuid(2). One that can't be given back
		// ends with this goroutine.
		runtime.LockOSThread()
		err := setFileRights(uid, gid, nil)
		if err == nil {
			err = work()
		}
		if setFileRights(0, os.Getegid(), groups) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
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

// groupOf is the primary group of a user, or for one without a name that of a folder, which
// must not be root's.
func groupOf(uid int, folder string) int {
	if found, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		if gid, err := strconv.Atoi(found.Gid); err == nil {
			return gid
		}
	}
	var stat syscall.Stat_t
	if syscall.Lstat(folder, &stat) == nil && stat.Gid != 0 {
		return int(stat.Gid)
	}
	return uid
}
