package processfacts

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"
)

// action is what the kernel knows of one signal: handler, flags, restorer, mask.
type action [4]uintptr

// sigaction asks the kernel itself, since C may have set what Go's runtime doesn't know. The
// kernel reads and writes as much as an action has, on all processors that have plugins.
func sigaction(n int, set *action) (old action) {
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(&old)), unsafe.Sizeof(uint64(0)), 0, 0)
	return old
}

// signals are the actions at all signals but those that can't be caught and those that C's
// library uses itself, which it takes when it first needs them.
func signals() []fact {
	var list []fact
	for n := 1; n < 65; n++ {
		if n == int(syscall.SIGKILL) || n == int(syscall.SIGSTOP) || n >= 32 && n <= 34 {
			continue
		}
		list = append(list, fact{
			name: "signal " + signalName(n),
			read: func() any { return sigaction(n, nil) },
			set:  func(v any) { a, _ := v.(action); putBackSignal(n, a) },
			show: func(v any) string {
				switch a, _ := v.(action); a[0] {
				case 0:
					return "the default"
				case 1:
					return "ignored"
				default:
					return fmt.Sprintf("handler %#x", a[0])
				}
			},
		})
	}
	return list
}

// putBackSignal sets the action at a signal. Go's runtime has to handle the signal again first,
// where code of a plugin has it ignored: else it would pass it on to nobody.
func putBackSignal(n int, a action) {
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.Signal(n))
	signal.Stop(heard)
	if sigaction(n, nil) != a {
		sigaction(n, &a)
	}
}

var signalNames = map[syscall.Signal]string{
	syscall.SIGHUP: "SIGHUP", syscall.SIGINT: "SIGINT", syscall.SIGQUIT: "SIGQUIT", syscall.SIGILL: "SIGILL", syscall.SIGTRAP: "SIGTRAP",
	syscall.SIGABRT: "SIGABRT", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE", syscall.SIGUSR1: "SIGUSR1", syscall.SIGSEGV: "SIGSEGV",
	syscall.SIGUSR2: "SIGUSR2", syscall.SIGPIPE: "SIGPIPE", syscall.SIGALRM: "SIGALRM", syscall.SIGTERM: "SIGTERM", syscall.SIGCHLD: "SIGCHLD",
	syscall.SIGCONT: "SIGCONT", syscall.SIGTSTP: "SIGTSTP", syscall.SIGTTIN: "SIGTTIN", syscall.SIGTTOU: "SIGTTOU", syscall.SIGURG: "SIGURG",
	syscall.SIGXCPU: "SIGXCPU", syscall.SIGXFSZ: "SIGXFSZ", syscall.SIGVTALRM: "SIGVTALRM", syscall.SIGPROF: "SIGPROF",
	syscall.SIGWINCH: "SIGWINCH", syscall.SIGIO: "SIGIO", syscall.SIGPWR: "SIGPWR", syscall.SIGSYS: "SIGSYS",
}

func signalName(n int) string {
	if name, ok := signalNames[syscall.Signal(n)]; ok {
		return name
	}
	return fmt.Sprint(n)
}

// timers are those of the system, which send SIGALRM, SIGVTALRM and SIGPROF.
func timers() []fact {
	var list []fact
	for which, name := range []string{"alarm", "timer of the process", "timer of the profile"} {
		list = append(list, fact{
			name: name,
			read: func() any {
				var t [4]int64
				_, _, _ = syscall.RawSyscall(syscall.SYS_GETITIMER, uintptr(which), uintptr(unsafe.Pointer(&t)), 0)
				return t != [4]int64{}
			},
			set: func(v any) {
				if v == false {
					var off [4]int64
					_, _, _ = syscall.RawSyscall(syscall.SYS_SETITIMER, uintptr(which), uintptr(unsafe.Pointer(&off)), 0)
				}
			},
			show: func(v any) string {
				if v == true {
					return "on"
				}
				return "off"
			},
		})
	}
	return list
}

// listener notices that whoever is notified of signals isn't any more: signal.Reset leaves no
// other trace.
type listener struct{ heard chan os.Signal }

func listenForSignals() listener {
	l := listener{heard: make(chan os.Signal, 8)}
	signal.Notify(l.heard, syscall.SIGWINCH)
	return l
}

// putBack sends the process a signal that does nothing else. Those who had asked for signals
// have to ask again, which is theirs.
func (l listener) putBack() []Change {
	defer signal.Notify(l.heard, syscall.SIGWINCH) // for the next time
	if syscall.Kill(os.Getpid(), syscall.SIGWINCH) != nil {
		return nil
	}
	select {
	case <-l.heard:
		return nil
	case <-time.After(200 * time.Millisecond):
		return []Change{{What: "who is notified of signals (signal.Reset or signal.Ignore)", Back: true}}
	}
}
