package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// TooLongError says that a file is longer than the limit.
type TooLongError struct{ Limit int }

func (e *TooLongError) Error() string {
	if e.Limit < 1<<20 {
		return fmt.Sprintf("it has more than %d kB", e.Limit>>10)
	}
	return fmt.Sprintf("it has more than %d MB", e.Limit>>20)
}

// StoppedError says that the work ended while a file was waited for.
type StoppedError struct{ Err error }

func (*StoppedError) Error() string { return "otai was stopped while it waited for it" }

func (e *StoppedError) Unwrap() error { return e.Err }

// Content is what [Regular] read.
type Content struct {
	Data []byte
	Mode fs.FileMode
}

// Regular reads a regular file and nothing else, so it neither waits nor reads without end.
// It is for files that nobody named, and for those whose content is a value. With a
// [TooLongError] it also returns the content, up to one byte beyond the limit.
func Regular(path string, limit int) (Content, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return Content{}, Reason(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Content{}, Reason(err)
	}
	if !info.Mode().IsRegular() {
		return Content{}, fmt.Errorf("it is %s, not a regular file", Kind(info.Mode()))
	}
	data, err := all(file, limit)
	return Content{Data: data, Mode: info.Mode()}, err
}

// Named reads a file that somebody named. It may be a pipe, such as <(…) of a shell or
// /dev/stdin, which is waited for until ctx ends; then the error is a [StoppedError].
func Named(ctx context.Context, path string, limit int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, Reason(err)
	}
	switch {
	case info.IsDir():
		return nil, syscall.EISDIR
	case info.Mode().IsRegular():
		content, err := Regular(path, limit)
		return content.Data, err
	}
	return Stream(ctx, func() (io.ReadCloser, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, Reason(err)
		}
		return file, nil
	}, limit)
}

// Stream reads from what open opens, and waits for it as [Named] does.
func Stream(ctx context.Context, open func() (io.ReadCloser, error), limit int) ([]byte, error) {
	in := Waiting(ctx, open)
	defer in.Close() //nolint:errcheck // it was only read
	data, err := all(in, limit)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil, &StoppedError{ctx.Err()}
	}
	return data, err
}

func all(in io.Reader, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return nil, Reason(err)
	}
	if len(data) > limit {
		return data, &TooLongError{limit}
	}
	return data, nil
}

// Reason returns an error without the operation and the path, for a message that names
// the path itself.
func Reason(err error) error {
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// Waiting opens and reads what may have to be waited for, and gives up when ctx ends.
// Since such a read can't be interrupted, its goroutine then lives on until the next byte,
// the end of the writer, or that of the process.
func Waiting(ctx context.Context, open func() (io.ReadCloser, error)) WaitingReader {
	r, w := io.Pipe()
	stop := context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	go func() {
		in, err := open()
		if err == nil {
			_, err = io.Copy(w, in)
			in.Close()
		}
		w.CloseWithError(err)
	}()
	return WaitingReader{r, stop}
}

// WaitingReader is what [Waiting] returns.
type WaitingReader struct {
	*io.PipeReader
	stop func() bool
}

// Close ends the waiting.
func (w WaitingReader) Close() error {
	w.stop()
	return w.PipeReader.Close()
}
