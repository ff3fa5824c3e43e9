package texts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/open-ticket-ai/otai/internal/files"
)

// open opens a file or standard input, and reports what is read of it.
func open(ctx context.Context, name string, o Options) (io.ReadCloser, error) {
	if name == Stdin {
		return counted(files.Waiting(ctx, func() (io.ReadCloser, error) { return io.NopCloser(o.Stdin), nil }), name, 0, o), nil
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(o.Dir, path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(err)
	}
	switch {
	case info.IsDir():
		return nil, errors.New("it is a folder; name the files in it")
	case info.Mode().IsRegular():
		file, err := os.Open(path)
		if err != nil {
			return nil, unreadable(err)
		}
		return counted(file, name, info.Size(), o), nil
	}
	// Opening a named pipe waits for its writer.
	return counted(files.Waiting(ctx, func() (io.ReadCloser, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, unreadable(err)
		}
		return file, nil
	}), name, 0, o), nil
}

// unreadable leaves out the path, which the place of the text names.
func unreadable(err error) error { return fmt.Errorf("it can't be read: %w", files.Reason(err)) }

// counted reports the progress, if somebody wants to know it.
func counted(in io.ReadCloser, name string, total int64, o Options) io.ReadCloser {
	if o.Progress == nil {
		return in
	}
	return &counter{ReadCloser: in, report: func(done int64) { o.Progress(name, done, total) }}
}

// counter reports how many bytes were read.
type counter struct {
	io.ReadCloser
	done   int64
	report func(done int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.done += int64(n)
	c.report(c.done)
	return n, err
}
