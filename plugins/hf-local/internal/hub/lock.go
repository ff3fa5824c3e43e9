package hub

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockFile locks a file that huggingface_hub locks as well, for as long as unlock
// isn't called. waits is called once when another process has it. The lock ends
// with its process, however that ends.
func lockFile(ctx context.Context, path string, waits func()) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	waited := false
	for {
		// Readable and writable by the group, as in huggingface_hub, so that users who
		// share a cache wait for one another.
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o664)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil && isStill(file, path):
			return func() { file.Close() }, nil
		case err == nil: // its last owner removed the file: lock the new one
			file.Close()
			continue
		case errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.ENOLCK):
			// A file system without locks. Correctness doesn't rest on the lock: blobs
			// are checked before they are moved to their place.
			return func() { file.Close() }, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			file.Close()
			return nil, os.NewSyscallError("flock", err)
		}
		file.Close()
		if !waited {
			waited = true
			waits()
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func isStill(file *os.File, path string) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(open, there)
}
