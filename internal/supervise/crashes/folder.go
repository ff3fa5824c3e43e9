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
// trusted.
func Create(dir string) (*os.File, error) {
	name := fmt.Sprintf("%s-%d%s", time.Now().UTC().Format("20060102T150405.000"), os.Getpid(), traceEnding)
	return os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
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
	if err := write(base+recordEnding, d); err != nil {
		return err
	}
	return prune(dir)
}

// prune leaves the newest records, and the traces that they are of; names begin with the time.
func prune(dir string) error {
	records, err := names(dir)
	if err != nil {
		return err
	}
	for len(records) > maxTraces {
		base := strings.TrimSuffix(filepath.Join(dir, records[0]), recordEnding)
		for _, path := range []string{base + recordEnding, base + traceEnding} {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		records = records[1:]
	}
	return nil
}

// names are those of the records, the oldest first.
func names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var records []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, recordEnding) && name != memoryFile {
			records = append(records, name)
		}
	}
	slices.Sort(records)
	return records, nil
}

// Deaths are those of which the folder has a record, the newest first. A folder that isn't
// there has none.
func Deaths(dir string) ([]Death, error) {
	records, err := names(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Death
	for _, name := range slices.Backward(records) {
		var d Death
		if err := read(filepath.Join(dir, name), &d); err != nil {
			return list, err
		}
		list = append(list, d)
	}
	return list, nil
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
