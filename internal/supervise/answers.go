package supervise

import (
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// answer does what a signal asks for. It returns the exit code where it has ended all itself.
func (s *supervisor) answer(sig os.Signal) *int {
	switch sig {
	case unix.SIGTERM, unix.SIGINT:
		if s.asked == unix.SIGTERM || s.asked == unix.SIGINT {
			return s.kill(sig.(syscall.Signal))
		}
		s.stop(sig.(syscall.Signal))
	case unix.SIGHUP:
		s.hangup()
	case unix.SIGQUIT: // the worker's trace is asked for, and the end
		s.asked = unix.SIGQUIT
		for _, c := range s.children() {
			_ = unix.Kill(c.pid, unix.SIGQUIT)
		}
	case unix.SIGTSTP:
		if !resumable() {
			return nil
		}
		for _, c := range s.children() {
			c.signal(unix.SIGTSTP)
		}
		s.signals.suspend()
		s.goOn()
	case unix.SIGCONT:
		s.goOn()
	}
	return nil
}

// children are the workers that there are.
func (s *supervisor) children() []*child {
	return slices.DeleteFunc([]*child{s.child, s.beside}, func(c *child) bool { return c == nil })
}

func (s *supervisor) stop(sig syscall.Signal) {
	s.asked, s.sinceStop = sig, 0
	s.Manager.Stopping()
	s.child.send(message{Kind: kindStop}) // one that can't hear is ended by its time
	s.stopBeside()
}

// goOn lets the workers go on where they were stopped.
func (s *supervisor) goOn() {
	for _, c := range s.children() {
		c.silent = 0
		c.signal(unix.SIGCONT)
	}
}

// kill ends the workers and all of them at once, and this process by the same signal. Where that
// is ignored it returns the exit code.
func (s *supervisor) kill(sig syscall.Signal) *int {
	all := s.children()
	for _, c := range all {
		c.signal(unix.SIGKILL)
	}
	for _, c := range all {
		c.clear(s.others, func(m message) { s.hear(c, m) })
		s.removeTemporary(c)
	}
	s.child, s.beside = nil, nil
	s.signals.die(sig)
	code := exitSignal + int(sig)
	return &code
}
