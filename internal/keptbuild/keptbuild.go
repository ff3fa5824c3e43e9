// Package keptbuild keeps what tests build, since linking is much of what they cost: go build
// itself decides whether an output is still right, and leaves it alone where sources, flags and release of
// Go are the same.
package keptbuild

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Build runs a go build whose output is file, which may be there of an earlier run. Of several
// processes that build the same, one does at a time. What is kept is everybody's: a test copies it.
func Build(file string, command *exec.Cmd) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make the folder of what tests build: %w", err)
	}
	lock, err := os.OpenFile(LockOf(file), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("lock what tests build: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock what tests build: %w", err)
	}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%v in %s: %w\n%s", command.Args, command.Dir, err, output)
	}
	return nil
}

// LockOf is the file by which processes take turns.
func LockOf(file string) string { return file + ".lock" }
