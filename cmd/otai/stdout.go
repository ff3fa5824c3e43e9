package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/open-ticket-ai/otai/internal/app"
)

// answer is standard output as all commands write it. It keeps the first error, so
// that a command may leave its writes unchecked: main asks once, at the end.
type answer struct {
	file *os.File // what out writes to
	mu   sync.Mutex
	out  io.WriteCloser
	err  error
}

// newAnswer writes to a descriptor of its own. A write to standard output itself
// would end the process at once when its reader has gone, and leave behind what a
// command cleans up.
func newAnswer(stdout *os.File) (*answer, error) {
	fd, err := syscall.Dup(int(stdout.Fd()))
	if err != nil {
		return nil, fmt.Errorf("standard output: %w", err)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), stdout.Name())
	return &answer{file: file, out: file}, nil
}

// setAside leads the standard output of this process to its standard error: what a plugin
// prints must not get into the answer, which programs read. It comes before any code of a
// plugin, in C too.
func setAside() error {
	if err := syscall.Dup3(2, 1, 0); err != nil { // Go opens both at the start, if nobody has
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// File is what the answer goes to.
func (a *answer) File() *os.File { return a.file }

// Write fails for good after the first error, so that long work ends.
func (a *answer) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.out.Write(p)
	a.keep(err)
	return n, a.err
}

func (a *answer) keep(err error) {
	if err != nil && a.err == nil {
		a.err = &app.ExitError{Code: app.CodeRun, Err: fmt.Errorf("writing the answer: %w", err)}
	}
}

// close ends the answer and gives the first error of all that was written. Some
// file systems say only now that there was no room.
func (a *answer) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keep(a.out.Close())
	return a.err
}

// exitReaderGone is what a shell shows of a program that SIGPIPE ended.
const exitReaderGone = 128 + int(syscall.SIGPIPE)

// readerGone reports whether whoever read the answer has closed it, as `| head` does,
// and SIGPIPE isn't ignored, by which a caller asks for an error.
func readerGone(err error) bool {
	return errors.Is(err, syscall.EPIPE) && !signal.Ignored(syscall.SIGPIPE)
}
