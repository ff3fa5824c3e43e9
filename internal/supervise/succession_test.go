package supervise

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/keptbuild"
)

const markedBy = "\nOTAI_TEST_MARK="

// ownMark is what was written behind this test's binary.
func ownMark() string {
	file, err := os.Open(running)
	if err != nil {
		return ""
	}
	defer file.Close()
	const most = 64
	if _, err := file.Seek(-most, io.SeekEnd); err != nil {
		return ""
	}
	end, _ := io.ReadAll(file)
	if n := bytes.LastIndex(end, []byte(markedBy)); n >= 0 {
		return string(end[n+len(markedBy):])
	}
	return "first"
}

// marked puts a copy of this test's binary at a path, whole, as another release of it.
func marked(t *testing.T, path, mark string) {
	t.Helper()
	content, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = keptbuild.WriteProgram(path+".new", append(content, markedBy+mark...), 0o700)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// succeeding is a supervisor with workers that can be replaced, of a binary of its own.
func succeeding(t *testing.T, how string, env ...string) (s *supervised, path, file string) {
	t.Helper()
	path, file = filepath.Join(t.TempDir(), "otai"), filepath.Join(t.TempDir(), "does")
	marked(t, path, "a")
	does(t, file, "works")
	return beginAs(t, path, how, env, "turns", file), path, file
}

const (
	becameIt = "the supervisor is now of the worker's otai"
	staysIt  = "it stays what it is until a restart"
)

func (s *supervised) runs(path string) bool {
	here, err := os.Stat(path)
	now, failed := os.Stat(exeOf(s.cmd.Process.Pid))
	return err == nil && failed == nil && os.SameFile(here, now)
}

func descriptors(pid int) int {
	list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(list)
}

func commOfProcess(pid int) string {
	comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(comm))
}

func TestTheSupervisorBecomesWhatItsWorkerIs(t *testing.T) {
	t.Parallel()
	s, path, _ := succeeding(t, "")
	s.number("works", 1)
	before, comm := descriptors(s.cmd.Process.Pid), commOfProcess(s.cmd.Process.Pid)
	for n := range 5 {
		marked(t, path, fmt.Sprintf("b%d", n))
		s.signal(syscall.SIGHUP)
		s.says(becameIt, n+1)
		if !s.runs(path) {
			t.Error("it is of another binary")
		}
		s.says(fmt.Sprintf("version=b%d", n), 1)
		s.number("works", n+2)
	}
	if after := descriptors(s.cmd.Process.Pid); after > before {
		t.Errorf("%d descriptors, and %d before", after, before)
	}
	if now := commOfProcess(s.cmd.Process.Pid); now != comm {
		t.Errorf("its name is %q, and was %q", now, comm)
	}
	if strings.Contains(s.out.String(), "died") || len(s.numbers("works")) != 6 {
		t.Errorf("a worker died: %d worked", len(s.numbers("works")))
	}
	last := s.number("works", 6)
	_ = syscall.Kill(last, syscall.SIGKILL)
	s.number("works", 7) // which it has noticed as before
	s.endInOrder()
}

// A worker that dies in whatever moment is replaced, and nothing that it left stays.
func TestAWorkerThatDiesWhileTheSupervisorIsReplaced(t *testing.T) {
	t.Parallel()
	s, path, _ := succeeding(t, "", "SLOW=300ms")
	s.number("works", 1)
	for n := range 3 {
		marked(t, path, fmt.Sprintf("b%d", n))
		s.signal(syscall.SIGHUP)
		s.until("it executes itself anew", func() bool { return s.runs(path) })
		worker := s.number("works", 2*n+2)
		_ = syscall.Kill(worker, syscall.SIGKILL) // nobody listens at this moment
		s.says(becameIt, n+1)
		s.number("works", 2*n+3)
		s.until("the old one is gone", func() bool { return gone(worker) })
	}
	if n := strings.Count(s.out.String(), "the worker process died and is started again"); n != 3 {
		t.Errorf("%d deaths were noticed", n)
	}
	s.endInOrder()
}

// From the first moments of the new program on it hears what comes. In the moment before, in which Go begins, the
// kernel ends it at a SIGTERM, as it was asked to, and its worker ends with it; and a SIGHUP ends nothing.
func TestASignalWhileTheSupervisorIsReplaced(t *testing.T) {
	t.Parallel()
	for sig, does := range map[syscall.Signal]func(*supervised){
		syscall.SIGTERM: func(s *supervised) {
			s.endInOrder()
			if len(s.numbers("stops")) != 2 { // the first one after the hand-over
				s.Errorf("%d workers stopped in order", len(s.numbers("stops")))
			}
		},
		syscall.SIGHUP: func(s *supervised) {
			s.signal(syscall.SIGHUP)
			s.says(reloaded, 2)
			s.endInOrder()
		},
	} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s, path, _ := succeeding(t, "", "SLOW=500ms")
			s.number("works", 1)
			marked(t, path, "b")
			s.signal(syscall.SIGHUP)
			s.number("anew", 1)
			does(s)
		})
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 3))
	times := 6
	if os.Getenv("OTAI_TEST_ALL") != "" {
		times = 200
	}
	t.Logf("seed %d", seed)
	t.Run("SIGTERM at any moment", func(t *testing.T) {
		t.Parallel()
		replaced, atOnce := 0, 0
		for n := range times {
			s, path, _ := succeeding(t, "")
			s.number("works", 1)
			marked(t, path, "b")
			s.signal(syscall.SIGHUP)
			s.number("works", 2)
			if n%2 == 0 {
				s.until("it executes itself anew", func() bool { return s.runs(path) })
			}
			time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
			s.signal(syscall.SIGTERM)
			switch code := s.end(); code {
			case 0:
			case exitSignal + int(syscall.SIGTERM):
				atOnce++
			default:
				t.Fatalf("strike %d: exit code %d", n, code)
			}
			if strings.Contains(s.out.String(), becameIt) {
				replaced++
			}
			for _, pid := range s.numbers("works") {
				s.until("its worker has ended, too", func() bool { return gone(pid) })
			}
		}
		t.Logf("of %d, %d had become the other one; %d were ended by the kernel", times, replaced, atOnce)
	})
	t.Run("SIGHUP again and again", func(t *testing.T) {
		t.Parallel()
		s, path, _ := succeeding(t, "")
		s.number("works", 1)
		for n := range times / 2 {
			marked(t, path, fmt.Sprintf("b%d", n))
			s.signal(syscall.SIGHUP)
			s.until("it executes itself anew", func() bool { return s.runs(path) })
			for range 50 {
				s.signal(syscall.SIGHUP) // which never ends it
				time.Sleep(time.Millisecond)
			}
			s.says(becameIt, n+1)
		}
		s.endInOrder()
	})
}

func TestASupervisorThatCanNotBeReplacedGoesOn(t *testing.T) {
	t.Parallel()
	for mark, want := range map[string]string{
		"old":     "doesn't know how to take over",
		"refuses": "exit status 7: a library is missing",
	} {
		t.Run(mark, func(t *testing.T) {
			t.Parallel()
			s, path, _ := succeeding(t, "")
			s.number("works", 1)
			marked(t, path, mark)
			s.signal(syscall.SIGHUP)
			s.says(staysIt, 1)
			s.says(want, 1)
			if s.runs(path) {
				t.Error("it is of the other binary")
			}
			_ = syscall.Kill(s.number("works", 2), syscall.SIGKILL)
			s.number("works", 3)
			marked(t, path, "b") // the one after it can
			s.signal(syscall.SIGHUP)
			s.says(becameIt, 1)
			s.endInOrder()
		})
	}
	// The file is another one by the time the new worker works.
	for name, text := range map[string]string{"half a file": "\x7fELF\x02\x01\x01", "a script": "#!/bin/true\n", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path, _ := succeeding(t, "")
			s.number("works", 1)
			if err := os.WriteFile(path+".text", []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
			marked(t, path, "b")
			s.signal(syscall.SIGHUP)
			s.number("takes", 1)
			if err := os.Rename(path+".text", path); err != nil {
				t.Fatal(err)
			}
			s.says(reloaded, 1)
			s.number("works", 2)
			time.Sleep(300 * time.Millisecond) // nothing comes of it
			if gone(s.cmd.Process.Pid) || strings.Contains(s.out.String(), becameIt) && s.runs(path) {
				t.Error("it has become that")
			}
			s.endInOrder()
		})
	}
}

// Whatever stands at the path, asking it says no and leaves nothing behind.
func TestWhatIsAskedWhetherItCanTakeOver(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "otai")
	marked(t, own, "b")
	left := estate{Form: form, Pid: os.Getpid()}
	for _, tt := range []struct {
		name, text, path string
		left             estate
		want             string // of the error; "" if it can
	}{
		{"another release", "", own, left, ""},
		{"one that does not know the form", "", own, estate{Form: form + 1}, "it has the form 2"},
		{"/bin/true", "", "/bin/true", left, "exit status 0"},
		{"half a file", "\x7fELF\x02\x01\x01", "", left, "exec format error"},
		{"nothing", "", "", left, "exec format error"},
		{"another program", "#!/bin/sh\necho what is this\nexit 3\n", "", left, "exit status 3: what is this"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.path == "" {
				tt.path = filepath.Join(t.TempDir(), "otai")
				if err := keptbuild.WriteProgram(tt.path, []byte(tt.text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			fd, err := unix.Open(tt.path, unix.O_PATH|unix.O_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			file := os.NewFile(uintptr(fd), tt.path)
			defer file.Close()

			trial, err := startTrial(file, []string{"work"}, tt.left)
			if err == nil {
				err = <-trial.said
				if !gone(trial.pid) {
					t.Error("it is left")
				}
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// What can't be read ends the former worker, and another one begins.
func TestWhatIsLeftAndCanNotBeReadEndsNothing(t *testing.T) {
	t.Parallel()
	s, path, _ := succeeding(t, "")
	s.number("works", 1)
	marked(t, path, "forgets")
	s.signal(syscall.SIGHUP)
	s.says("can't be read", 1)
	s.number("works", 3)
	s.endInOrder()
}
