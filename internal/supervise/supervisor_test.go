package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/orphans"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
	"github.com/open-ticket-ai/otai/internal/systemd"
)

// The binary of this test is supervisor and worker, too: with the variable set it is a
// supervisor, whose worker does what its arguments say.
const asSupervisor = "OTAI_TEST_SUPERVISOR"

func TestMain(m *testing.M) {
	inherited, takesOver := Begin(), form
	if ownMark() == "old" {
		takesOver = 0
	}
	switch w, err := connect(ownMark(), takesOver); {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case w != nil:
		os.Exit(act(w, os.Args[1:]))
	}
	if inherited != nil && !inherited.trial && ownMark() == "forgets" {
		inherited.err = errors.New("half of it is missing")
	}
	if how := os.Getenv(asSupervisor); how != "" || inherited != nil {
		os.Exit(superviseHere(how, inherited))
	}
	goleak.VerifyTestMain(m)
}

func superviseHere(how string, inherited *Inherited) int {
	if inherited != nil && inherited.trial {
		switch ownMark() {
		case "refuses":
			fmt.Fprintln(os.Stderr, "a library is missing")
			return 7
		case "hangs":
			time.Sleep(time.Hour)
		}
	}
	if inherited != nil && inherited.err == nil && !inherited.trial {
		fmt.Println("anew", os.Getpid()) // it hears signals already
		if wait, err := time.ParseDuration(os.Getenv("SLOW")); err == nil {
			time.Sleep(wait) // as on a machine that is busy
		}
	}
	o := Options{
		Version: ownMark(), Inherited: inherited,
		Args: os.Args[1:], Once: strings.Contains(how, "once"), Temporary: 1, Refused: 3, Rejects: []int{2, 3},
		Logger: func(string, string) *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) },
	}
	o.Manager = systemd.Take()
	if strings.Contains(how, "fast") { // for workers that are ended: none that works reports in time
		o.look = 20 * time.Millisecond
	}
	if strings.Contains(how, "brisk") { // for those that work, however busy the machine is
		o.look = 250 * time.Millisecond
	}
	if strings.Contains(how, "good") {
		o.LastGood = 2
	}
	if strings.Contains(how, "quick") {
		o.most = 3
	}
	if strings.Contains(how, "unpacked") {
		o.unpacks = time.Nanosecond
	}
	if strings.Contains(how, "input") {
		o.Input, o.MaxInput = os.Stdin, 1<<20
	}
	code, err := Run(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// act is a worker.
func act(w *Worker, args []string) int {
	ctx, cancel := w.Context(context.Background())
	defer cancel()
	said := func(code int) int {
		w.End(code)
		return code
	}
	if dir := os.Getenv("FOLDER"); dir != "" {
		file, err := crashes.Create(dir)
		if err == nil {
			err = debug.SetCrashOutput(file, debug.CrashOptions{})
		}
		if err != nil {
			return 1
		}
		w.Tracing(file.Name())
	}
	if d := w.Replaces(); d != nil {
		fmt.Println("in turn:", d.InTurn)
	}
	first := false
	if args[0] == "first" { // the rest is done by the first worker alone
		mark, err := os.OpenFile(args[1], os.O_CREATE|os.O_EXCL, 0o600)
		if first = err == nil; first {
			_ = mark.Close()
			args = args[2:]
		} else {
			args = []string{"work"}
		}
	}
	for len(args) > 0 {
		does := args[0]
		args = args[1:]
		switch does {
		case "ends":
			code, _ := strconv.Atoi(args[0])
			return said(code)
		case "exits":
			code, _ := strconv.Atoi(args[0])
			return code
		case "work":
			w.Doing(StageReady, "", nil)
			fmt.Println("works", os.Getpid())
			<-ctx.Done()
			fmt.Println("stops", os.Getpid())
			return said(0)
		case "manager": // how many of its variables there are
			n := 0
			for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC"} {
				if _, there := os.LookupEnv(name); there {
					n++
				}
			}
			fmt.Println("manager", n)
		case "wait":
			w.Waiting("the run store can't be reached")
		case "turns":
			return said(turn(w, ctx, args[0]))
		case "deaf":
			fmt.Println("works", os.Getpid())
			time.Sleep(time.Hour)
		case "call": // the plugins, each at a place of its own, of which the named ones run
			for n, name := range []string{"a", "b"} {
				p := crashes.Plugin{Name: "otai-" + name, Path: "/p/" + name + ".so", SHA256: name}
				w.Opened(p)
				if count := w.Place(fmt.Sprintf("steps[%d]", n), p); strings.Contains(args[0], name) {
					count.Add(1)
				} else {
					count.Add(1)
					count.Add(-1)
				}
			}
			w.Doing(StageReady, "", nil)
			args = args[1:]
		case "start": // each of the plugins, of which nothing says that its Start has returned
			for _, name := range strings.Split(args[0], "") {
				p := crashes.Plugin{Name: "otai-" + name, Path: "/p/" + name + ".so", SHA256: name, Needed: true}
				w.Opened(p)
				w.Life(p).Add(1)
				w.Doing(StageStarting, "services."+name, &p)
			}
			args = args[1:]
		case "calls":
			for _, name := range strings.Split(args[0], "") {
				w.Place("steps."+name, crashes.Plugin{Name: "otai-" + name, Path: "/p/" + name + ".so", SHA256: name, Needed: true}).Add(1)
			}
			args = args[1:]
		case "killed":
			_ = unix.Kill(os.Getpid(), unix.SIGKILL)
		case "print": // past Go's os.Stderr, as C and the runtime do
			_, _ = syscall.Write(2, []byte(args[0]+"\n"))
			args = args[1:]
		case "panic":
			panic(args[0])
		case "unlock":
			var m sync.Mutex
			m.Unlock()
		case "suspend":
			_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
			time.Sleep(time.Hour)
		case "spin": // with GODEBUG=asyncpreemptoff=1 nothing else runs
			for n := uint64(0); ; n++ {
				spun = n
			}
		case "leave": // a process that has walked off and whose parent has ended, and one of the group
			for _, script := range []string{"setsid sh -c 'sleep 300 & echo left $!' & wait", "sleep 300 & echo left $!"} {
				cmd := exec.Command("sh", "-c", script)
				cmd.Stdout = os.Stdout
				_ = cmd.Run()
			}
		case "later", "refused": // the second and the third worker can't begin
			mark, err := os.OpenFile(args[0], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				return 1
			}
			_, _ = mark.WriteString(".")
			_ = mark.Close()
			if turn, err := os.Stat(args[0]); err != nil || turn.Size() == 2 || turn.Size() == 3 {
				fmt.Println("tries", os.Getpid())
				if does == "refused" {
					return said(3)
				}
				return said(1)
			}
			args = []string{"work"}
		case "refuse": // what a file says: an exit code, unless there is something else to work with
			text, err := os.ReadFile(args[0])
			if err != nil {
				return 1
			}
			remembered, err := w.Remembered()
			if err != nil {
				return 1
			}
			code, _ := strconv.Atoi(string(text))
			switch i := w.Instead(); {
			case i != nil && os.Getenv("WORSE") != "":
				fmt.Println("refuses too", i.Code)
				return said(i.Code)
			case i != nil:
				fmt.Println("instead", i.Before, i.Code, i.Reason, string(remembered))
				w.UsesInstead(time.Now())
			case code != 0 && w.Covered(code):
				w.Refuse("line 3")
				return said(code)
			case code != 0:
				fmt.Println("refuses")
				return said(code)
			default:
				_ = w.Remember([]byte("what is right"))
			}
			args = []string{"work"}
		case "nest": // processes, each of which starts the next one in a session of its own
			cmd := exec.Command("sh", "-c", `echo level $$; [ "$1" = 1 ] || setsid sh -c "$0" "$0" $(($1 - 1)) & sleep 300`, "", args[0])
			cmd.Args[3] = cmd.Args[2]
			cmd.Stdout = os.Stdout
			_ = cmd.Start()
			args = args[1:]
		case "input":
			text, _ := io.ReadAll(os.Stdin)
			fmt.Printf("read %d %.20s\n", len(text), text)
			return said(0)
		}
	}
	return 0
}

var spun uint64

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// supervised is a supervisor in a process of its own.
type supervised struct {
	*testing.T
	cmd   *exec.Cmd
	out   buffer
	ended chan struct{}
}

func begin(t *testing.T, how string, env []string, args ...string) *supervised {
	t.Helper()
	return beginAs(t, os.Args[0], how, env, args...)
}

func beginAs(t *testing.T, binary, how string, env []string, args ...string) *supervised {
	t.Helper()
	s := &supervised{T: t, cmd: exec.Command(binary, args...), ended: make(chan struct{})}
	s.cmd.Env = append(append(os.Environ(), asSupervisor+"=-"+how), env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if strings.Contains(how, "input") {
		s.cmd.Stdin = strings.NewReader(strings.Repeat("0123456789", 20_000))
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("it said:\n%s", s.out.String())
		}
	})
	return s
}

// number returns the n-th number that was printed after a word, when it is there.
func (s *supervised) number(word string, n int) (pid int) {
	s.Helper()
	s.until(fmt.Sprintf("%q is printed for the %d. time", word, n), func() bool {
		pids := s.numbers(word)
		if len(pids) < n {
			return false
		}
		pid = pids[n-1]
		return true
	})
	return pid
}

func (s *supervised) numbers(word string) (pids []int) {
	for line := range strings.Lines(s.out.String()) {
		if rest, ok := strings.CutPrefix(line, word+" "); ok && strings.HasSuffix(rest, "\n") {
			pid, _ := strconv.Atoi(strings.TrimSpace(rest))
			pids = append(pids, pid)
		}
	}
	return pids
}

func (s *supervised) until(what string, ok func() bool) {
	s.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("it never came that %s", what)
		}
	}
}

func (s *supervised) signal(sig syscall.Signal) { _ = s.cmd.Process.Signal(sig) }

// end waits for the end and returns the exit code, or the signal's number plus 128.
func (s *supervised) end() int {
	s.Helper()
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		s.Fatal("it does not end")
	}
	status := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// state is the letter of a process, "" where there is none.
func state(pid int) string {
	letter, _, err := orphans.Stat(pid)
	if err != nil {
		return ""
	}
	return letter
}

func gone(pid int) bool { return state(pid) == "" || state(pid) == "Z" }

func TestTheExitCodeIsTheWorkers(t *testing.T) {
	t.Parallel()
	for _, code := range []int{0, 1, 2, 3, 141} {
		s := begin(t, "", nil, "ends", strconv.Itoa(code))
		if got := s.end(); got != code || s.out.String() != "" {
			t.Errorf("a worker that says %d: the exit code is %d", code, got)
		}
	}
}

func TestACodeThatIsNotSaidIsADeath(t *testing.T) {
	t.Parallel()
	for _, code := range []int{0, 5} {
		s := begin(t, "once", nil, "exits", strconv.Itoa(code))
		if got := s.end(); got != 1 {
			t.Errorf("the exit code is %d", got)
		}
		for _, want := range []string{"started again", "died twice", fmt.Sprintf("exit status %d", code)} {
			if !strings.Contains(s.out.String(), want) {
				t.Errorf("it does not say %q", want)
			}
		}
	}
}

func TestThePluginAtWorkIsNamedWhereNothingElseDoes(t *testing.T) {
	t.Parallel()
	for calls, want := range map[string]string{
		"a":    "while working steps[0]; it is put down to the plugin otai-a (/p/a.so)",
		"b":    "while working steps[1]; it is put down to the plugin otai-b (/p/b.so)",
		"ab":   "while working steps[0], steps[1]; it may have been one of the plugins otai-a (/p/a.so), otai-b (/p/b.so)",
		"none": "while working; it may have been one of the plugins otai-a (/p/a.so), otai-b (/p/b.so)",
	} {
		s := begin(t, "once", nil, "call", calls, "exits", "0")
		if code := s.end(); code != 1 || !strings.Contains(s.out.String(), want+"\n") {
			t.Errorf("%s: exit code %d, want %q:\n%s", calls, code, want, s.out.String())
		}
	}
}

// Whose code ended a process without a trace isn't known where code of several ran.
func TestNobodyIsRefusedForADeathBesideAStart(t *testing.T) {
	t.Parallel()
	const both = "it may have been one of the plugins otai-a (/p/a.so), otai-b (/p/b.so)"
	for name, c := range map[string]struct {
		does    []string
		want    string
		refused string
		inTurn  bool
	}{
		"a start alone":                     {[]string{"start", "a"}, "put down to the plugin otai-a", "a", false},
		"a call beside a start":             {[]string{"calls", "b", "start", "a"}, both, "", true},
		"a call beside a start of the same": {[]string{"calls", "a", "start", "a"}, "put down to the plugin otai-a", "", true},
		"two starts":                        {[]string{"start", "ba"}, both, "", true},
		"two calls":                         {[]string{"calls", "ab"}, both, "", false},
	} {
		for _, end := range []string{"exits", "killed"} {
			t.Run(name+", "+end, func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				s := begin(t, "once", []string{"FOLDER=" + folder}, append(c.does, end, "0")...)
				if code := s.end(); code != 1 || !strings.Contains(s.out.String(), c.want) {
					t.Errorf("exit code %d, want %q", code, c.want)
				}
				inTurn, refused := c.inTurn && end == "exits", c.refused
				if end == "killed" { // from outside, as far as anybody knows
					refused = ""
				}
				if !strings.Contains(s.out.String(), fmt.Sprintf("in turn: %v\n", inTurn)) {
					t.Errorf("want in turn: %v", inTurn)
				}
				memory, err := crashes.Recall(folder)
				if err != nil {
					t.Fatal(err)
				}
				for _, plugin := range []string{"a", "b"} {
					if known := memory.Plugins[plugin]; (known != nil && known.Refused != nil) != (plugin == refused) {
						t.Errorf("%s: %+v", plugin, known)
					}
				}
			})
		}
	}
}

func TestAWorkerIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := begin(t, "", nil, "work")
	first := s.number("works", 1)
	_ = syscall.Kill(first, syscall.SIGKILL)
	second := s.number("works", 2)
	_ = syscall.Kill(second, syscall.SIGSEGV)
	s.number("works", 3)
	s.signal(syscall.SIGTERM)
	if code := s.end(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	for _, pid := range s.numbers("works") {
		if !gone(pid) {
			t.Errorf("process %d is left", pid)
		}
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		send  []syscall.Signal
		code  int
		stops bool // in order
	}{
		"SIGTERM":              {[]syscall.Signal{syscall.SIGTERM}, 0, true},
		"SIGINT":               {[]syscall.Signal{syscall.SIGINT}, 0, true},
		"SIGHUP, SIGTERM":      {[]syscall.Signal{syscall.SIGHUP, syscall.SIGTERM}, 0, true},
		"SIGQUIT asks a trace": {[]syscall.Signal{syscall.SIGQUIT}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t, "", nil, "work")
			pid := s.number("works", 1)
			for _, sig := range c.send {
				s.signal(sig)
			}
			if code := s.end(); code != c.code || (len(s.numbers("stops")) == 1) != c.stops || !gone(pid) {
				t.Errorf("exit code %d, want %d; stopped in order: %v", code, c.code, s.numbers("stops"))
			}
			if strings.Contains(s.out.String(), "goroutine ") != (c.code == 2) {
				t.Error("a trace is wanted at SIGQUIT, and there alone")
			}
		})
	}
	for _, second := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run("a second signal, "+second.String(), func(t *testing.T) {
			t.Parallel()
			s := begin(t, "", nil, "leave", "deaf")
			pid := s.number("works", 1)
			s.signal(syscall.SIGTERM)
			time.Sleep(200 * time.Millisecond)
			if gone(pid) {
				t.Error("the first one ended it already")
			}
			s.signal(second)
			if code := s.end(); code != 128+int(second) {
				t.Errorf("it ended with %d, and not by the signal", code)
			}
			for _, pid := range append(s.numbers("left"), pid) {
				if !gone(pid) {
					t.Errorf("process %d is left", pid)
				}
			}
		})
	}
}

func TestTheWorkerAnswersNoSignalItself(t *testing.T) {
	t.Parallel()
	s := begin(t, "", nil, "work")
	pid := s.number("works", 1)
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("its group is %d, %v", group, err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		_ = syscall.Kill(-pid, sig)
	}
	time.Sleep(300 * time.Millisecond)
	if gone(pid) || len(s.numbers("stops")) > 0 {
		t.Error("it took them for itself")
	}
}

// A program that a plugin starts gets the signals as every program does.
func TestNoSignalIsIgnoredInWhatAWorkerStarts(t *testing.T) {
	t.Parallel()
	s := begin(t, "", nil, "leave", "work")
	pid := s.number("left", 1)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, ignored, _ := strings.Cut(string(status), "SigIgn:\t")
	mask, _ := strconv.ParseUint(strings.Fields(ignored)[0], 16, 64)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGCHLD} {
		if mask&(1<<(sig-1)) != 0 {
			t.Errorf("%v is ignored", sig)
		}
	}
}

func TestSIGHUPThatTheCallerIgnoresStaysIgnored(t *testing.T) {
	t.Parallel()
	s := begin(t, "", nil, "work")
	s.number("works", 1)
	s.signal(syscall.SIGTERM)
	s.end()
	nohup := exec.Command("sh", "-c", `trap "" HUP; exec "$0" work`, os.Args[0])
	nohup.Env = append(os.Environ(), asSupervisor+"=-")
	var out buffer
	nohup.Stdout, nohup.Stderr = &out, &out
	if err := nohup.Start(); err != nil {
		t.Fatal(err)
	}
	s.until("it works", func() bool { return strings.Contains(out.String(), "works ") })
	_ = nohup.Process.Signal(syscall.SIGHUP)
	time.Sleep(300 * time.Millisecond)
	if strings.Contains(out.String(), "stops") {
		t.Error("it stopped")
	}
	_ = nohup.Process.Signal(syscall.SIGTERM)
	if err := nohup.Wait(); err != nil {
		t.Error(err)
	}
}

func TestTheTerminalStopsBothAndBothGoOn(t *testing.T) {
	t.Parallel()
	s := begin(t, "", nil, "work")
	pid := s.number("works", 1)
	s.signal(syscall.SIGTSTP)
	s.until("both are stopped", func() bool { return state(pid) == "T" && state(s.cmd.Process.Pid) == "T" })
	s.signal(syscall.SIGCONT)
	s.until("both go on", func() bool { return state(pid) != "T" && state(s.cmd.Process.Pid) != "T" })
	s.signal(syscall.SIGTSTP)
	s.until("both are stopped again", func() bool { return state(pid) == "T" && state(s.cmd.Process.Pid) == "T" })
	s.signal(syscall.SIGCONT)
	s.signal(syscall.SIGTERM)
	if code := s.end(); code != 0 || len(s.numbers("stops")) != 1 {
		t.Errorf("exit code %d", code)
	}
}

func TestTheReportOfADeathIsKeptFromStandardError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for does, cause := range map[string]string{"panic": "panic: a secret", "unlock": "fatal error: sync: unlock of unlocked mutex"} {
		s := begin(t, "once", []string{"FOLDER=" + dir}, "print", "a line of C", does, "a secret")
		code, said := s.end(), s.out.String()
		if code != 1 || strings.Count(said, "a line of C\n") != 2 || strings.Contains(said, "a secret") || strings.Contains(said, "goroutine ") {
			t.Errorf("%s: exit code %d:\n%s", does, code, said)
		}
		deaths, err := crashes.Deaths(dir)
		if err != nil || len(deaths) < 2 || deaths[0].Cause != cause {
			t.Errorf("%s: %v, %+v", does, err, deaths)
		}
	}
	// It isn't shown either where nothing keeps it. What only looks like one is.
	s := begin(t, "once", nil, "panic", "a secret")
	if code := s.end(); code != 1 || strings.Contains(s.out.String(), "a secret") || !strings.Contains(s.out.String(), "no trace of it is kept") {
		t.Errorf("exit code %d", code)
	}
	s = begin(t, "", nil, "print", "panic: not at all", "print", "and more", "work")
	s.until("it is shown", func() bool { return strings.Contains(s.out.String(), "panic: not at all\nand more\n") })
}

func TestAFrozenWorkerIsEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ does, env, want string }{
		"stopped by a signal":      {"suspend", "A=", "exit status 2, since it no longer reported"},
		"its scheduler is blocked": {"spin", "GODEBUG=asyncpreemptoff=1", "exit status 2, since it no longer reported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t, "once fast", []string{c.env, "GOMAXPROCS=1"}, c.does)
			if code := s.end(); code != 1 {
				t.Errorf("the exit code is %d", code)
			}
			for _, want := range []string{"no longer reports", "died twice", c.want} {
				if !strings.Contains(s.out.String(), want) {
					t.Errorf("it does not say %q", want)
				}
			}
		})
	}
}

func TestAWorkerThatDoesNotStopInTimeIsEnded(t *testing.T) {
	t.Parallel()
	s := begin(t, "brisk", nil, "deaf")
	pid := s.number("works", 1)
	s.signal(syscall.SIGTERM)
	if code := s.end(); code != 1 || !gone(pid) || !strings.Contains(s.out.String(), "did not stop in time") {
		t.Errorf("exit code %d", code)
	}
}

func TestNothingOutlives(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]func(s *supervised, worker int){
		"a worker that is killed":     func(s *supervised, worker int) { _ = syscall.Kill(worker, syscall.SIGKILL) },
		"a supervisor that is killed": func(s *supervised, _ int) { s.signal(syscall.SIGKILL) },
		"an end in order":             func(s *supervised, _ int) { s.signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t, "", nil, "first", filepath.Join(t.TempDir(), "mark"), "leave", "work")
			worker := s.number("works", 1)
			left := s.numbers("left")
			if len(left) != 2 || gone(left[0]) || gone(left[1]) {
				t.Fatalf("%v", left)
			}
			ends(s, worker)
			s.until("all of it has ended", func() bool { return gone(worker) && gone(left[0]) && gone(left[1]) })
		})
	}
}

func TestAWorkerThatHearsNothingEndsWithItsSupervisor(t *testing.T) {
	t.Parallel()
	s := begin(t, "", nil, "leave", "deaf")
	worker := s.number("works", 1)
	s.signal(syscall.SIGKILL)
	left := s.numbers("left")
	s.until("all of it has ended", func() bool { return gone(worker) && gone(left[0]) && gone(left[1]) })
}

func TestEachWorkerReadsAllOfStandardInput(t *testing.T) {
	t.Parallel()
	s := begin(t, "input once", nil, "input")
	if code := s.end(); code != 0 || !strings.Contains(s.out.String(), "read 200000 0123456789") {
		t.Errorf("exit code %d", code)
	}
	s = begin(t, "input once", nil, "first", filepath.Join(t.TempDir(), "mark"), "exits", "5")
	s.number("works", 1) // the second one, whose input isn't read to its end
	s.signal(syscall.SIGTERM)
	if code := s.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestTheEntryOfAWorkerIsHarmlessFromTheCommandLine(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(os.Args[0], workerArgument, "ends", "0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "for otai itself") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestWhatAnotherReleaseSaysIsPassedOver(t *testing.T) {
	here, there, err := newChannel()
	if err != nil {
		t.Fatal(err)
	}
	other := channel{there}
	var heard []message
	done := make(chan struct{})
	go func() {
		defer close(done)
		here.receive(func(m message) { heard = append(heard, m) })
	}()
	_, err = there.WriteString(`{"kind":"reload","files":["a.yml"]}`)
	_, err2 := there.WriteString(`nothing that can be read`)
	if err := errors.Join(err, err2, other.send(message{Kind: kindStop})); err != nil {
		t.Fatal(err)
	}
	_ = there.Close()
	<-done
	_ = here.file.Close()
	if len(heard) != 2 || heard[0].Kind != "reload" || heard[1].Kind != kindStop {
		t.Errorf("%+v", heard)
	}
}

func TestSignalsThatThisProcessCatchesAreNoWorkersBusiness(t *testing.T) {
	if signal.Ignored(syscall.SIGTTOU) {
		t.Error("the test's own process ignores SIGTTOU, so what a worker does can't be seen")
	}
}
