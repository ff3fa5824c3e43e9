// Package keptbuild keeps what tests build, since linking is much of what they cost: go build
// itself decides whether an output is still right, and leaves it alone where sources, flags and release of
// Go are the same. What is kept lies in Go's own cache, so that it serves every checkout and every package.
package keptbuild

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const keepFor = 7 * 24 * time.Hour

var folder = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return "", fmt.Errorf("ask for Go's cache: %w", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "otai-test", runtime.Version())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the folder of what tests build: %w", err)
	}
	forgetOld(dir)
	return dir, nil
})

// forgetOld removes what no test has used for some time: each change of a source of a test's own has
// a file of its own.
func forgetOld(dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > keepFor {
			_ = os.Remove(file)
		}
	}
}

// Build has what a go build makes at to. The command is that for an output at the path it is given, where
// what was built under this name before may lie. Of several processes that build under one name, one does at a time.
func Build(name, to string, mode fs.FileMode, command func(output string) *exec.Cmd) error {
	dir, err := folder()
	if err != nil {
		return err
	}
	kept := filepath.Join(dir, name)
	lock, err := os.OpenFile(kept+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("lock what tests build: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock what tests build: %w", err)
	}
	c := command(kept)
	if output, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%v in %s: %w\n%s", c.Args, c.Dir, err, output)
	}
	content, err := os.ReadFile(kept)
	if err != nil {
		return fmt.Errorf("read what was built: %w", err)
	}
	now := time.Now()
	return errors.Join(os.Chtimes(kept, now, now), os.Chtimes(kept+".lock", now, now), WriteProgram(to, content, mode))
}

// WriteProgram is os.WriteFile for a file that is executed soon. A process that another goroutine starts
// meanwhile would have it open for writing for a moment, and a program that anybody writes can't be executed.
func WriteProgram(name string, content []byte, mode fs.FileMode) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(name, content, mode); err != nil {
		return fmt.Errorf("write a program: %w", err)
	}
	return nil
}
