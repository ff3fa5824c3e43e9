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

// TooLongError is about a file that has more than may be read of it.
type TooLongError struct{ Limit int }

func (e *TooLongError) Error() string {
	if e.Limit < 1<<20 {
		return fmt.Sprintf("it has more than %d kB", e.Limit>>10)
	}
	return fmt.Sprintf("it has more than %d MB", e.Limit>>20)
}

// StoppedError is about a file that was waited for when the work was ended.
type StoppedError struct{ Err error }

func (*StoppedError) Error() string { return "otai was stopped while it waited for it" }

func (e *StoppedError) Unwrap() error { return e.Err }

// Content is what [Regular] reads.
type Content struct {
	Data []byte
	Mode fs.FileMode
}

// Regular reads a regular file, and nothing else: neither what has no end nor what keeps
// one waiting. It is for the files that nobody named, and for those that are values. Of a
// file with more than limit bytes, the answer beside the [TooLongError] has one more.
func Regular(path string, limit int) (Content, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return Content{}, plain(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Content{}, plain(err)
	}
	if !info.Mode().IsRegular() {
		return Content{}, fmt.Errorf("it is no regular file but %s", Kind(info.Mode()))
	}
	data, err := all(file, limit)
	return Content{Data: data, Mode: info.Mode()}, err
}

// Named reads what somebody named by hand. That may be a pipe, as <(…) of a shell and
// /dev/stdin are; it is waited for until ctx ends, which is a [StoppedError].
func Named(ctx context.Context, path string, limit int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, plain(err)
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
			return nil, plain(err)
		}
		return file, nil
	}, limit)
}

// Stream reads what may keep one waiting, as [Named] does.
func Stream(ctx context.Context, open func() (io.ReadCloser, error), limit int) ([]byte, error) {
	in := Waiting(ctx, open)
	defer in.Close()
	data, err := all(in, limit)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil, &StoppedError{ctx.Err()}
	}
	return data, err
}

func all(in io.Reader, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return nil, plain(err)
	}
	if len(data) > limit {
		return data, &TooLongError{limit}
	}
	return data, nil
}

// plain leaves out the operation and the path, which the message names itself.
func plain(err error) error {
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// Waiting opens and reads what may keep one waiting, and gives up when ctx ends. The
// system has no way to interrupt such a read; then the goroutine ends with the next
// byte, with the writer, or with the process.
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

// WaitingReader is what [Waiting] reads from.
type WaitingReader struct {
	*io.PipeReader
	stop func() bool
}

func (w WaitingReader) Close() error {
	w.stop()
	return w.PipeReader.Close()
}
