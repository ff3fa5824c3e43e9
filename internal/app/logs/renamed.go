package logs

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// renamed is a log file that is opened anew where its path leads to another file, or to none, as
// logrotate leaves it.
type renamed struct {
	path   string
	stdout *os.File

	mu   sync.Mutex
	file *os.File
	is   fs.FileInfo
	torn bool // it ends within a line, as where the disk was full

	failing bool            // the last line couldn't be written
	said    func(err error) // is called when that begins, and with nil when it is over
}

func openRenamed(path string, stdout *os.File, said func(error)) (*renamed, error) {
	r := &renamed{path: path, stdout: stdout, said: said}
	return r, r.open()
}

func (r *renamed) open() error {
	file, err := openLogFile(r.path, r.stdout)
	if err != nil {
		return err
	}
	is, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if r.file != nil {
		_ = r.file.Close() // what was written to it is there
	}
	r.file, r.is, r.torn = file, is, false
	return nil
}

// Write looks at the path each time: a line must not go to a file that is being compressed.
func (r *renamed) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if standardStream(r.path, r.stdout) == nil {
		if now, err := os.Stat(r.path); err != nil || !os.SameFile(now, r.is) {
			_ = r.open() // where it can't be opened, the one that was renamed is better than none
		}
	}
	text := line
	if r.torn { // what is there of the last line doesn't take this one with it
		text = append([]byte{'\n'}, line...)
	}
	n, err := r.file.Write(text)
	r.torn = err != nil && (n > 0 || r.torn)
	if before := r.failing; before != (err != nil) {
		r.failing = !before
		r.said(err)
	}
	return len(line), nil // the others that take the line take it all the same
}

// Close closes the file.
func (r *renamed) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Close()
}
