package sqlite

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// LockedError says that another process works with the store.
type LockedError struct {
	Path string
	PID  int   // 0: unknown
	Gone bool  // that process has ended, and what it started holds the lock
	Left []int // the processes that do, as far as they can be seen
}

func (e *LockedError) Error() string {
	if e.Gone {
		end := "fuser " + filepath.Join(e.Path, lockName) + ", as root, names it"
		if len(e.Left) > 0 {
			end = "kill -9" // a fork of this program may have its handlers of signals
			for _, pid := range e.Left {
				end += " " + strconv.Itoa(pid)
			}
		}
		return fmt.Sprintf("process %d, which worked with the run store %s, has ended, but something that it or a plugin started has not, and holds its lock: end that (%s), or give this one another folder with --state-dir", e.PID, e.Path, end)
	}
	who := "another otai"
	if e.PID > 0 {
		who = fmt.Sprintf("another otai (process %d)", e.PID)
	}
	return fmt.Sprintf("%s works with the run store %s: stop it first, or give this one another folder with --state-dir", who, e.Path)
}

// lock takes the lock, which the kernel takes back when the process ends in whatever way. pid is the process that has to be stopped; 0: this one.
func (f *folder) lock(pid int) (*os.File, error) {
	file, err := f.create(lockName)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		text, _ := io.ReadAll(io.LimitReader(file, 20))
		theirs, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		locked := &LockedError{Path: f.path, PID: theirs}
		if theirs > 0 && errors.Is(syscall.Kill(theirs, 0), syscall.ESRCH) {
			locked.Gone, locked.Left = true, whoHas(file)
		}
		_ = file.Close()
		return nil, locked
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		return nil, errors.Join(fmt.Errorf("the lock of the run store: %w", err), file.Close())
	}
	// The number is for people: a full disk doesn't stop anything.
	_, _ = file.WriteAt([]byte(strconv.Itoa(cmp.Or(pid, os.Getpid()))+"\n"), 0)
	return file, nil
}

// whoHas are the other processes that have a file open, as far as they can be seen.
func whoHas(file *os.File) (pids []int) {
	this, err := file.Stat()
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		dir := filepath.Join("/proc", entry.Name(), "fd")
		open, _ := os.ReadDir(dir) // another user's can't be seen
		for _, descriptor := range open {
			if info, err := os.Stat(filepath.Join(dir, descriptor.Name())); err == nil && os.SameFile(this, info) {
				pids = append(pids, pid)
				break
			}
		}
	}
	return pids
}

// Lock takes the lock of a state folder without a store in it, for a process that keeps
// its runs elsewhere. The error is as that of [Open].
func Lock(o Options) (io.Closer, error) {
	f, err := openFolder(o.Dir, o.TrustGroup)
	if err != nil {
		return nil, err
	}
	lock, err := f.lock(o.PID)
	err = errors.Join(err, f.root.Close())
	if err != nil {
		return nil, err
	}
	return lock, nil
}
