package supervise

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/orphans"
)

// signals are those that the supervisor answers. SIGCHLD, which says that orphans have ended,
// comes by itself: a hundred of them must not take the room of a SIGTERM.
// SIGPIPE must not end it where nobody reads its lines.
type signals struct {
	came, childEnded, nobodyReads chan os.Signal
	heard                         []os.Signal // what comes
}

func watchSignals() signals {
	heard := []os.Signal{unix.SIGTERM, unix.SIGINT}
	// What the caller ignores, as nohup does, stays so.
	for _, sig := range []syscall.Signal{unix.SIGHUP, unix.SIGQUIT, unix.SIGTSTP, unix.SIGCONT} {
		if !signal.Ignored(sig) {
			heard = append(heard, sig)
		}
	}
	return hearSignals(heard)
}

func hearSignals(heard []os.Signal) signals {
	s := signals{make(chan os.Signal, 64), make(chan os.Signal, 1), make(chan os.Signal, 1), heard}
	signal.Notify(s.childEnded, unix.SIGCHLD)
	signal.Notify(s.nobodyReads, unix.SIGPIPE)
	s.hear()
	return s
}

func (s signals) hear() { signal.Notify(s.came, s.heard...) }

// hold is called before this process becomes another program, which hears signals from its first moments on, but
// not before: Go lets none of them wait in between. Who asks for the end in that moment gets it at once, from the kernel; a
// SIGHUP must not end anything, so it is ignored. It reports whether nothing has come that isn't answered yet; otherwise,
// and where nothing comes of it, hear is called.
func (s signals) hold() bool {
	signal.Ignore(unix.SIGHUP)
	signal.Stop(s.came) // which waits for those that are on their way
	return len(s.came) == 0
}

// numbers are those of what comes.
func (s signals) numbers() (list []int) {
	for _, sig := range s.heard {
		list = append(list, int(sig.(syscall.Signal)))
	}
	return list
}

func (s signals) end() {
	for _, c := range []chan os.Signal{s.came, s.childEnded, s.nobodyReads} {
		signal.Stop(c)
	}
}

// settle is how long a signal to this process itself may take.
const settle = 20 * time.Millisecond

// suspend stops this process, and returns when it goes on. Go has no way back to the default
// action of SIGTSTP, so it is SIGSTOP.
func (s signals) suspend() {
	_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
	time.Sleep(settle)
}

// resumable reports whether a shell looks after this process's group, without which the kernel
// stops nobody at SIGTSTP: one of its processes has a parent outside, in the same session.
func resumable() bool {
	group := unix.Getpgrp()
	session, err := unix.Getsid(0)
	for parent := os.Getppid(); err == nil && parent > 1; {
		theirs, failed := unix.Getpgid(parent)
		if failed != nil {
			return false
		}
		if theirs != group {
			of, failed := unix.Getsid(parent)
			return failed == nil && of == session
		}
		_, parent, err = orphans.Stat(parent)
	}
	return false
}

// die ends this process by the signal, as if it had not been caught. The first process of a
// container can't be ended by one.
func (s signals) die(sig syscall.Signal) {
	if os.Getpid() == 1 {
		return
	}
	signal.Reset(sig)
	_ = unix.Kill(os.Getpid(), sig)
	time.Sleep(time.Second)
}
