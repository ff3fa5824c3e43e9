package supervise

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/orphans"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// workerArgument is the first argument of a process that was started as a worker.
const workerArgument = "__worker"

// workerChannel is its descriptor of the connection, after those that every process has.
const workerChannel = 3

// running is the binary that this process runs, even if its file was replaced.
const running = "/proc/self/exe"

// ownPath is the path by which this process was started. A worker that is started later is of
// the binary that is there then.
func ownPath() string {
	path := os.Args[0]
	if !strings.Contains(path, "/") {
		if found, err := exec.LookPath(path); err == nil {
			path = found
		}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return running
	}
	// The caller may choose the name at will.
	here, err := os.Stat(path)
	if err != nil {
		return running
	}
	own, err := os.Stat(running)
	if err == nil && !os.SameFile(here, own) {
		return running
	}
	return path
}

// child is a worker as the supervisor sees it.
type child struct {
	pid     int
	wire    channel
	reports *reports
	counts  *os.File // of calls
	asks    *asks
	said    chan message  // closed when nothing more comes
	died    chan struct{} // closed when it has ended, and not yet been waited for

	binary os.FileInfo // that it runs; nil: it isn't known

	// What it has said.
	build     string   // its version
	takesOver int      // the form of what a supervisor of its binary can take over; 0: none
	patience  Patience // at a reload
	stage     message
	ready     bool
	readyAt   time.Time
	plugins   []crashes.Plugin // that it has opened
	met       []crashes.Plugin // whose code has run in it
	places    map[int]message  // where they work
	trace     string
	temporary []string // folders
	exit      *int
	format    string // of its log
	level     string
	doors     *Doors

	silent  int    // looks since it said something
	deaf    bool   // it has closed its end of the connection
	late    bool   // it was, since a reload took too long
	givenUp string // why it was ended from here; "" if it wasn't
	stuck   []int  // the numbers of the places at which it worked then

	// Of one that works, or may end so that another one does, with something else than what is there (instead.go).
	instead *Instead
	inUse   *InUse
	covered []int

	// Of one that takes the place of another (reload.go).
	beside   bool   // it was started beside another one, and waits for the store
	prepared bool   // it can take over
	runs     string // where it keeps runs
	refused  string // why it can't be
	retires  bool   // another one has its place
	looks    int    // since then
}

// saying is what it says; nil, on which nothing comes, where there is none.
func (c *child) saying() <-chan message {
	if c == nil || c.deaf {
		return nil
	}
	return c.said
}

// gone is closed when it has ended; nil where there is none.
func (c *child) gone() <-chan struct{} {
	if c == nil {
		return nil
	}
	return c.died
}

// send sends a message. One that gets none has ended, or will.
func (c *child) send(m message) {
	if c != nil {
		_ = c.wire.send(m)
	}
}

// start starts a worker.
func start(path string, args []string, stdin, stdout, memory *os.File) (*child, error) {
	wire, theirs, err := newChannel()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	counts, err := newCalls()
	if err != nil {
		return nil, errors.Join(err, wire.file.Close())
	}
	reports, theirStderr, err := newReports(os.Stderr)
	if err != nil {
		return nil, errors.Join(err, wire.file.Close(), counts.Close())
	}
	defer theirStderr.Close()
	asks, theirAsks, err := newAsks()
	if err != nil {
		return nil, errors.Join(err, wire.file.Close(), counts.Close(), reports.from.Close())
	}
	defer theirAsks.Close()
	attr := &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{stdin.Fd(), stdout.Fd(), uintptr(unix.Stderr), theirs.Fd(), counts.Fd(), theirStderr.Fd(), theirAsks.Fd()},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	}
	if memory != nil {
		attr.Files = append(attr.Files, memory.Fd())
	}
	argv := slices.Concat([]string{os.Args[0], workerArgument}, args)
	pid, err := syscall.ForkExec(path, argv, attr)
	if err != nil && path != running { // a new release is being put there: half of it can't be run
		if other, failed := syscall.ForkExec(running, argv, attr); failed == nil {
			pid, err = other, nil
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", path, err), wire.file.Close(), counts.Close(), reports.from.Close(), asks.file.Close())
	}
	c := &child{pid: pid, wire: wire, counts: counts, asks: asks, reports: reports, stage: message{Stage: StageStart}, places: make(map[int]message)}
	c.begin()
	return c, nil
}

// begin listens to it, and waits for its end.
func (c *child) begin() {
	c.died = make(chan struct{})
	c.listen()
	go func() {
		defer close(c.died)
		c.await()
	}()
}

func (c *child) listen() {
	said := make(chan message)
	c.said = said
	go func() {
		defer close(said)
		c.wire.receive(func(m message) { said <- m })
	}()
}

// quiet reads nothing more of it, calls with what was read already, and says how many questions
// it was asked.
func (c *child) quiet(got func(message)) (asked uint64) {
	_ = c.wire.file.SetReadDeadline(time.Now())
	for m := range c.said {
		got(m)
	}
	c.reports.pause()
	return c.asks.pause()
}

// loud is the end of quiet.
func (c *child) loud() {
	_ = c.wire.file.SetReadDeadline(time.Time{})
	c.listen()
	c.reports.begin()
	c.asks.resume()
}

// await waits for the end of the process and leaves it to be waited for: until then its
// number can't belong to another group.
func (c *child) await() {
	for {
		err := unix.Waitid(unix.P_PID, c.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// signal sends a signal to the worker's group, and so to what it started.
func (c *child) signal(s syscall.Signal) { _ = unix.Kill(-c.pid, s) }

// ending is what a worker leaves.
type ending struct {
	status unix.WaitStatus
	left   []int  // processes that could not be ended
	places []int  // the numbers of those at which it worked
	report []byte // of Go, on its standard error
}

// clear takes the end of the worker, of all that it started, and the last that it said. Those to
// spare were there before it.
func (c *child) clear(spare []int, got func(message)) (e ending) {
	<-c.died
	c.signal(unix.SIGKILL)
	for {
		if _, err := unix.Wait4(c.pid, &e.status, 0, nil); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	e.left = orphans.Kill(spare...)
	// Nobody else holds the other end now, but for those left.
	_ = c.wire.file.SetReadDeadline(time.Now().Add(sendPatience))
	for m := range c.said {
		got(m)
	}
	c.asks.close()
	e.places = busy(c.counts)
	_, _ = c.wire.file.Close(), c.counts.Close() // nothing is written to them any more
	e.report = c.reports.end()
	return e
}
