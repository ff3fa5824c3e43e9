package processfacts_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/processfacts"
)

// uncomparable is a transport that panics where it is compared.
type uncomparable struct{ _ []int }

func (uncomparable) RoundTrip(*http.Request) (*http.Response, error) { panic("broken") }

func limit(which int, soft uint64) {
	var l syscall.Rlimit
	_ = syscall.Getrlimit(which, &l)
	l.Cur = soft
	_ = syscall.Setrlimit(which, &l)
}

func TestWhatChangesIsNamedAndPutBack(t *testing.T) {
	t.Setenv("OTAI_FACT", "before")
	sleeping := exec.Command("sleep", "60")
	var opened *os.File
	for _, c := range []struct {
		name   string
		change func()
		want   []string
		stays  bool // it can't be put back
	}{
		{"nothing", func() {}, nil, false},
		{"a transport", func() { http.DefaultTransport = uncomparable{} }, []string{"http.DefaultTransport (from *http.Transport to processfacts_test.uncomparable)"}, false},
		{"within the transport", func() { http.DefaultTransport.(*http.Transport).Proxy = nil }, []string{"http.DefaultTransport.Proxy"}, false},
		{"a client", func() { http.DefaultClient.Timeout = 1 }, []string{"http.DefaultClient.Timeout"}, false},
		{"nothing for a client", func() { http.DefaultClient = nil }, []string{"http.DefaultClient"}, false},
		{"a resolver", func() { net.DefaultResolver = &net.Resolver{} }, []string{"net.DefaultResolver"}, false},
		{"loggers", func() { slog.SetDefault(slog.New(slog.DiscardHandler)); log.SetPrefix("mine") }, []string{"slog.Default", "log.Writer", "log.Flags", "log.Prefix"}, false},
		{"the output of log", func() { log.SetOutput(io.Discard) }, []string{"log.Writer"}, false},
		{"the level of log", func() { slog.SetLogLoggerLevel(slog.LevelError) }, []string{"slog level of log (from INFO to ERROR)"}, false},
		{"flags", func() { flag.CommandLine = nil }, []string{"flag.CommandLine"}, false},
		{"arguments", func() { os.Args = []string{"x"} }, []string{"os.Args"}, false},
		{"GOMAXPROCS", func() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 3) }, []string{"GOMAXPROCS"}, false},
		{"the collector", func() { debug.SetGCPercent(-1); debug.SetMemoryLimit(1 << 40) }, []string{"GC percent (from 100 to -1)", "memory limit"}, false},
		{"threads", func() { debug.SetMaxThreads(5000) }, []string{"most threads (from 10000 to 5000)"}, false},
		{"a time zone", func() { time.Local = time.FixedZone("X", 3600) }, []string{"time.Local"}, false},
		{"errors", func() { api.ErrTemporary = errors.New("other"); io.EOF = nil }, []string{"api.ErrTemporary", "io.EOF"}, false},
		{"files", func() { os.Stdin, os.Stdout = nil, nil }, []string{"os.Stdin", "os.Stdout"}, false},
		{"a standard descriptor", func() { _ = syscall.Close(0) }, []string{"standard descriptor 0"}, false},
		{"another standard descriptor", func() { r, w, _ := os.Pipe(); _ = syscall.Dup3(int(r.Fd()), 0, 0); r.Close(); w.Close() }, []string{"standard descriptor 0"}, false},
		{"the working directory", func() { _ = os.Chdir("/") }, []string{"working directory"}, false},
		{"the umask", func() { syscall.Umask(0o777) }, []string{"umask (from 00"}, false},
		{"a limit", func() { limit(syscall.RLIMIT_NOFILE, 50) }, []string{"limit nofile (from "}, false},
		{"variables", func() {
			_ = os.Setenv("OTAI_NEW", "secret")
			_ = os.Setenv("OTAI_FACT", "after")
		}, []string{"environment variable OTAI_NEW", "environment variable OTAI_FACT"}, false},
		{"signals", func() { signal.Ignore(syscall.SIGUSR1, syscall.SIGTERM) }, []string{"signal SIGUSR1 (from handler", "signal SIGTERM (from handler"}, false},
		{"all signals", func() { signal.Reset() }, []string{"who is notified of signals"}, false},
		{"a timer", func() {
			signal.Ignore(syscall.SIGALRM)
			_, _, _ = syscall.RawSyscall(syscall.SYS_ALARM, 60, 0, 0)
		}, []string{"signal SIGALRM", "alarm (from off to on)"}, false},
		{"a child process", func() { _ = sleeping.Start() }, []string{"child process"}, true},
		{"a descriptor", func() { opened, _ = os.Open("/dev/zero") }, []string{"descriptor ", "/dev/zero"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := processfacts.Look()
			defer s.Close()
			c.change()
			changes := s.PutBack()
			var all []string
			for _, change := range changes {
				all = append(all, change.String())
				if change.Back == c.stays && !strings.HasPrefix(change.What, "descriptor") {
					t.Errorf("put back: %v, want %v: %v", change.Back, !c.stays, change)
				}
			}
			text := strings.Join(all, "; ")
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing: %s", want, text)
				}
			}
			if len(c.want) == 0 && text != "" {
				t.Errorf("nothing has changed, and it says %s", text)
			}
			if strings.Contains(text, "secret") {
				t.Error("the value of a variable is shown")
			}
			if left := s.PutBack(); !c.stays && len(left) > 0 {
				t.Errorf("after that, still: %v", left)
			}
		})
	}
	if os.Getenv("OTAI_FACT") != "before" || os.Getenv("OTAI_NEW") != "" {
		t.Error("the variables were not put back")
	}
	_ = sleeping.Process.Kill()
	_ = sleeping.Wait()
	opened.Close()
}

// A signal that was ignored and put back does what it did before.
func TestASignalThatWasPutBackIsHeardAgain(t *testing.T) {
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGUSR2)
	defer signal.Stop(heard)
	s := processfacts.LookAtSignals()
	signal.Ignore(syscall.SIGUSR2, syscall.SIGPIPE)
	if changes := s.PutBack(); len(changes) != 2 {
		t.Errorf("changes %v", changes)
	}
	signal.Notify(heard, syscall.SIGUSR2) // as the host does
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	select {
	case <-heard:
	case <-time.After(time.Minute):
		t.Error("it is not heard")
	}
	// A write to a pipe that nobody reads is an error again, and ends nothing.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	if _, err := w.WriteString("x"); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the write ended with %v", err)
	}
}

func BenchmarkLook(b *testing.B) {
	for b.Loop() {
		s := processfacts.Look()
		if changes := s.PutBack(); len(changes) > 0 {
			b.Fatal(changes)
		}
		s.Close()
	}
}

func TestAChildThatGoesOnIsSeen(t *testing.T) {
	s := processfacts.LookAtChildren()
	if err := exec.Command("/bin/true").Run(); err != nil {
		t.Fatal(err)
	}
	if changes := s.PutBack(); len(changes) > 0 {
		t.Errorf("one that has ended: %v", changes)
	}
	sleeping := exec.Command("/bin/sleep", "100")
	if err := sleeping.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = sleeping.Process.Kill()
		_ = sleeping.Wait()
	}()
	if changes := s.PutBack(); len(changes) != 1 || !strings.HasPrefix(changes[0].To, fmt.Sprint(sleeping.Process.Pid)) {
		t.Errorf("changes %v, want process %d", changes, sleeping.Process.Pid)
	}
}
