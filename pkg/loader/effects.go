package loader

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/open-ticket-ai/otai/pkg/params/freeze"
	"github.com/open-ticket-ai/otai/pkg/params/processfacts"
)

// opening is what a plugin did while it was opened, beside what it is for.
type opening struct {
	changes []processfacts.Change // of the process, which are put back
	printed string                // to standard output
}

// effects are the changes, for people.
func (o opening) effects() []string {
	var list []string
	for _, c := range o.changes {
		list = append(list, c.String())
	}
	return list
}

// watchOpening opens a file, puts back what that changes in the process, and catches what it
// prints.
// With catch it is this process's log that says it; otherwise it is left where it goes.
func watchOpening(limit time.Duration, catch bool, open func() error) (opening, error) {
	before := processfacts.Look()
	defer before.Close()
	var printing *caught
	if catch {
		printing = catchOutput()
	}
	err := freeze.Call(limit, func() error {
		// What belongs to a thread alone, such as its signal mask, ends with it.
		runtime.LockOSThread()
		return open()
	})
	did := opening{printed: printing.end()}
	did.changes = before.PutBack()
	return did, err
}

// caught is standard output while it is led into a pipe.
type caught struct {
	spare int // the descriptor as it was
	write int
	text  chan string
	read  *os.File
}

// catchOutput returns nil where it can't be done.
func catchOutput() *caught {
	var pipe [2]int
	spare, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, 1, syscall.F_DUPFD_CLOEXEC, 3)
	if errno != 0 {
		return nil
	}
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		_ = syscall.Close(int(spare))
		return nil
	}
	_ = syscall.SetNonblock(pipe[0], true) // for the deadline: a child process may hold the other end
	c := &caught{spare: int(spare), write: pipe[1], text: make(chan string, 1), read: os.NewFile(uintptr(pipe[0]), "printed")}
	if err := syscall.Dup3(pipe[1], 1, 0); err != nil {
		c.close()
		return nil
	}
	go func() {
		var text output
		chunk := make([]byte, 4<<10)
		for {
			n, err := c.read.Read(chunk)
			_, _ = text.Write(chunk[:n])
			if err != nil {
				c.text <- text.text()
				return
			}
		}
	}()
	return c
}

// end leads standard output back and returns what was printed.
func (c *caught) end() string {
	if c == nil {
		return ""
	}
	_ = syscall.Dup3(c.spare, 1, 0)
	_ = syscall.Close(c.write)
	_ = c.read.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	text := <-c.text
	_ = syscall.Close(c.spare)
	_ = c.read.Close()
	return strings.TrimSpace(text)
}

func (c *caught) close() {
	_ = syscall.Close(c.spare)
	_ = syscall.Close(c.write)
	_ = c.read.Close()
}

// sayOpening logs what a plugin did while it was opened.
func (l *loading) sayOpening(p *Plugin, did opening) {
	for _, c := range did.changes {
		l.Logger.Warn("a plugin changed its process while it was opened", "plugin", p.Name, "file", p.Path, "what", c.What, "from", c.From, "to", c.To, "put_back", c.Back)
	}
	if did.printed != "" {
		l.Logger.Warn("a plugin printed to standard output while it was opened; it goes to the log", "plugin", p.Name, "file", p.Path, "printed", strings.Map(visible, did.printed))
	}
}

// refuseEffects is for a plugin that the configuration allows no changes.
func (l *loading) refuseEffects(p *Plugin, stage Stage, effects []string) error {
	if len(effects) == 0 || !l.policy(p).RefuseSideEffects {
		return nil
	}
	return p.errorf(stage, CodeInitEffects, fmt.Sprintf("ask its author to change nothing in init functions and package variables, or set init_side_effects: warn for %s", p.Name),
		"opening it changes its process: %s", strings.Join(effects, "; "))
}
