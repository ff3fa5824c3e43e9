package supervise

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// Go writes what ends a process to descriptor 2, whatever else is set: with what the code had at
// hand then, a ticket's text or a secret. So that of a worker is a pipe to its supervisor, which
// passes on what comes, but not the report of a death; the log goes to the terminal or the file
// itself.

// workerStderr is the worker's descriptor of that pipe, until it has become 2.
const workerStderr = workerCalls + 1

const (
	maxReport = 256 << 10 // bytes
	// What looks like the report of a death, and isn't followed by one, is passed on after that.
	reportPatience = 3 * time.Second
)

// reports reads the pipe.
type reports struct {
	from    *os.File
	to      io.Writer
	holding bool          // it has begun
	held    bytes.Buffer  // the report of a death
	rest    []byte        // was read before, and is the beginning of a line
	pausing atomic.Bool   // nothing more is to be read
	done    chan struct{} // nothing more comes
}

func newReports(to io.Writer) (*reports, *os.File, error) {
	from, theirs, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	r := &reports{from: from, to: to}
	r.begin()
	return r, theirs, nil
}

func (r *reports) begin() {
	r.pausing.Store(false)
	_ = r.from.SetReadDeadline(time.Time{})
	r.done = make(chan struct{})
	go r.read(r.done)
}

// pause reads nothing more until begin is called.
func (r *reports) pause() {
	r.pausing.Store(true)
	_ = r.from.SetReadDeadline(time.Now())
	<-r.done
}

// read ends with the last process that has the pipe, or when it is closed or paused.
func (r *reports) read(done chan<- struct{}) {
	defer close(done)
	lines := bufio.NewReader(io.MultiReader(bytes.NewReader(r.rest), r.from))
	r.rest = nil
	for {
		if r.holding {
			_ = r.from.SetReadDeadline(time.Now().Add(reportPatience))
		}
		if r.pausing.Load() { // which may have been said before that
			_ = r.from.SetReadDeadline(time.Now())
		}
		line, err := lines.ReadSlice('\n') // a long line comes in parts
		late := errors.Is(err, os.ErrDeadlineExceeded)
		if late && r.pausing.Load() {
			r.rest = bytes.Clone(line)
			return
		}
		r.holding = r.holding || crashes.IsCause(string(line))
		switch {
		case !r.holding:
			_, _ = r.to.Write(line)
		case r.held.Len() < maxReport:
			r.held.Write(line)
		}
		switch {
		case late:
			_ = r.from.SetReadDeadline(time.Time{})
			r.holding = false
			r.passOn()
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return
		}
	}
}

// end waits for the last that was written, and returns the report.
func (r *reports) end() []byte {
	select {
	case <-r.done:
	case <-time.After(sendPatience): // somebody who can't be ended has the pipe
	}
	_ = r.from.Close()
	<-r.done
	return r.held.Bytes()
}

// passOn shows the report after all.
func (r *reports) passOn() {
	_, _ = r.to.Write(r.held.Bytes())
	r.held.Reset()
}

// giveStderr makes the pipe this process's descriptor 2, and what that was the standard error of
// its Go code.
func giveStderr() error {
	own, err := unix.FcntlInt(uintptr(unix.Stderr), unix.F_DUPFD_CLOEXEC, workerStderr+1)
	if err != nil {
		return err
	}
	if err := unix.Dup3(workerStderr, unix.Stderr, 0); err != nil {
		return errors.Join(err, unix.Close(own)) // the supervisor is of another release
	}
	os.Stderr = os.NewFile(uintptr(own), os.Stderr.Name())
	return unix.Close(workerStderr)
}
