package supervise

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A worker may refuse the configuration and the plugins that are there now, as where they are half
// written. Where something else has worked, another worker goes on with that: with what the last one
// worked with, which the supervisor remembers, or, at a start, with what the state folder has.

// Instead says that a worker is to work with something else than what is there.
type Instead struct {
	Reason string `json:"reason"` // why that is refused
	Code   int    `json:"code"`   // with which the one that refused it has ended
	// Before is true where a worker of this supervisor has worked: what it worked with goes on.
	// Otherwise it is the last good one of the state folder.
	Before bool `json:"before,omitempty"`
}

// InUse is that such a worker works.
type InUse struct {
	Instead
	Of    time.Time // what it works with is known to work since then
	Since time.Time
}

// covered are the exit codes with which a worker may refuse what is there without saying more
// itself: another one goes on with something else.
func (s *supervisor) covered() []int {
	switch {
	case s.Once || s.asked != 0:
		return nil
	case s.worked:
		return s.Rejects
	case s.LastGood != 0:
		return []int{s.LastGood}
	}
	return nil
}

// goesOn is called when a worker has said its exit code. It reports whether another one is to be
// started that works with something else.
func (s *supervisor) goesOn(c *child) bool {
	if s.asked != 0 || c.ready || c.refused == "" || c.instead != nil || !slices.Contains(c.covered, *c.exit) {
		return false
	}
	s.instead = &Instead{Reason: c.refused, Code: *c.exit, Before: s.worked}
	s.replaced, s.unsaid = nil, nil // which the worker has said
	return true
}

// usesInstead notes since when what a worker works with instead is known to work.
func (s *supervisor) usesInstead(c *child, at string) {
	if c.instead == nil {
		return
	}
	of, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return // it is of another release
	}
	c.inUse = &InUse{Instead: *c.instead, Of: of, Since: time.Now()}
	if c == s.child {
		s.View.change(func(v *Snapshot) { v.InUse = c.inUse })
	}
}

// workerMemory is the worker's descriptor of the memory that its supervisor keeps for it.
const workerMemory = workerAsks + 1

// maxRemembered is more than all that a configuration can be read from.
const maxRemembered = 256 << 20

func newMemory() (*os.File, error) {
	fd, err := unix.MemfdCreate("otai-memory", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	return os.NewFile(uintptr(fd), "memory"), nil
}

// openMemory returns nil where the supervisor keeps none: then the descriptor may be any other
// file's.
func openMemory(kept bool) *os.File {
	if !kept {
		return nil
	}
	unix.CloseOnExec(workerMemory)
	return os.NewFile(workerMemory, "memory")
}

// Remember has the supervisor keep something for the workers after this one, instead of what it
// kept before. Half of it may be there where the process ends meanwhile.
func (w *Worker) Remember(content []byte) error {
	if w == nil || w.memory == nil {
		return nil
	}
	if err := w.memory.Truncate(0); err != nil {
		return err
	}
	_, err := w.memory.WriteAt(content, 0)
	return err
}

// Remembered returns what a worker before this one has the supervisor keep; nothing if there is
// nothing.
func (w *Worker) Remembered() ([]byte, error) {
	if w == nil || w.memory == nil {
		return nil, nil
	}
	content, err := io.ReadAll(io.NewSectionReader(w.memory, 0, maxRemembered))
	if err != nil {
		return nil, errors.New("what was kept can't be read")
	}
	return content, nil
}

// Instead says that this worker is to work with something else than what is there; nil: it isn't.
func (w *Worker) Instead() *Instead {
	if w == nil {
		return nil
	}
	return w.instead
}

// UsesInstead says since when that is known to work.
func (w *Worker) UsesInstead(of time.Time) {
	w.say(message{Kind: kindInstead, At: of.UTC().Format(time.RFC3339)})
}

// Covered reports whether this worker need not show why it ends with an exit code, but say it by
// [Worker.Refuse].
func (w *Worker) Covered(code int) bool { return w != nil && slices.Contains(w.covered, code) }
