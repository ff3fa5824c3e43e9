package crashes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Subfolder is the one of the state folder that holds all of this.
const Subfolder = "crashes"

// How much is kept: traces of a few deaths, of each the beginning.
const (
	maxTraces = 5
	maxTrace  = 1 << 20 // bytes
)

const (
	traceEnding  = ".trace"
	recordEnding = ".json"
	memoryFile   = "plugins" + recordEnding
)

// Create makes the file for the trace of this process in the folder, which exists and is
// trusted. As long as the process lives, the file is locked.
func Create(dir string) (*os.File, error) {
	_ = prune(dir, maxTraces) // a disk that is full may have room then, and more is left otherwise
	name := fmt.Sprintf("%s-%d%s", time.Now().UTC().Format("20060102T150405.000"), os.Getpid(), traceEnding)
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) // where there are no locks, an empty one may be removed
	return file, nil
}

// Discard removes the trace of a process that ended in order, if nothing is in it.
func Discard(trace string) {
	if info, err := os.Lstat(trace); err == nil && info.Size() == 0 {
		_ = os.Remove(trace) // or the next worker's traces push it out
	}
}

// Keep writes the record of a death beside its trace, cuts that to its limit, and removes what
// there is too much of. A death without a trace has its record all the same.
func Keep(dir string, d *Death) error {
	if d.Trace != "" {
		info, err := os.Lstat(d.Trace)
		switch {
		case err != nil || !info.Mode().IsRegular():
			d.Trace = ""
		case info.Size() == 0:
			Discard(d.Trace)
			d.Trace = ""
		case info.Size() > maxTrace:
			if err := os.Truncate(d.Trace, maxTrace); err != nil {
				return err
			}
		}
	}
	base := strings.TrimSuffix(d.Trace, traceEnding)
	if base == "" {
		base = filepath.Join(dir, fmt.Sprintf("%s-%d", d.Time.UTC().Format("20060102T150405.000"), d.Pid))
	}
	// Before it is written, because the disk may be full.
	return errors.Join(prune(dir, maxTraces-1), write(base+recordEnding, d))
}

// prune leaves the newest records, and the traces that they are of; names begin with the time. Of
// processes that ended without a record it leaves as many traces, and none that is empty.
func prune(dir string, leave int) error {
	records, err := names(dir, recordEnding)
	if err != nil {
		return err
	}
	var removed []error
	remove := func(name string) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			removed = append(removed, err)
		}
	}
	for len(records) > leave {
		remove(records[0])
		remove(strings.TrimSuffix(records[0], recordEnding) + traceEnding)
		records = records[1:]
	}
	traces, err := names(dir, traceEnding)
	if err != nil {
		return err
	}
	for n, name := range traces {
		recorded := slices.Contains(records, strings.TrimSuffix(name, traceEnding)+recordEnding)
		if !recorded && (n < len(traces)-maxTraces || isEmpty(dir, name)) && !isInUse(dir, name) {
			remove(name)
		}
	}
	return errors.Join(removed...)
}

func isEmpty(dir, name string) bool {
	info, err := os.Lstat(filepath.Join(dir, name))
	return err == nil && info.Size() == 0
}

// isInUse reports whether the process that made a trace lives, or may.
func isInUse(dir, name string) bool {
	file, err := open(filepath.Join(dir, name))
	if err != nil {
		return false
	}
	defer file.Close()
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// names are those of the files with this ending, but the memory's, the oldest first.
func names(dir, ending string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ending) && name != memoryFile && name[0] != '.' {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list, nil
}

// Deaths are those of which the folder has a record, the newest first. A folder that isn't
// there has none. The error is about records that can't be read; the others are returned, too.
func Deaths(dir string) ([]Death, error) {
	records, err := names(dir, recordEnding)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Death
	var unread []error
	for _, name := range slices.Backward(records) {
		var d Death
		if err := read(filepath.Join(dir, name), &d); err != nil {
			unread = append(unread, err)
			continue
		}
		if d.Trace != "" {
			// Another folder's, or another file of its user's, is never read, not even by root.
			d.Trace = filepath.Join(dir, strings.TrimSuffix(name, recordEnding)+traceEnding)
		}
		list = append(list, d)
	}
	return list, errors.Join(unread...)
}

// Open opens the trace of a death to be read: a regular file, and no link to another one.
func (d *Death) Open() (*os.File, error) { return open(d.Trace) }

func open(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("%s is not a file that otai made there", path), err, file.Close())
	}
	return file, nil
}

func read(path string, into any) error {
	file, err := open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxTrace))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// write gives the file its name when it is complete.
func write(path string, v any) error {
	content, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	return err
}
