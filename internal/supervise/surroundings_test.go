package supervise

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/keptbuild"
)

// A hundred orphans that end while the supervisor is busy must not take the room of a SIGTERM.
func TestEndsOfOrphansDisplaceNoSignal(t *testing.T) {
	s := watchSignals()
	defer s.end()
	for range 200 { // the kernel may take several for one
		_ = unix.Kill(os.Getpid(), unix.SIGCHLD)
		time.Sleep(time.Millisecond)
	}
	_ = unix.Kill(os.Getpid(), unix.SIGTERM)
	time.Sleep(50 * time.Millisecond) // until it has come, or hasn't
	for {
		select {
		case sig := <-s.came:
			if sig == unix.SIGTERM {
				return
			}
		case <-time.After(5 * time.Second):
			t.Fatal("SIGTERM is lost")
		}
	}
}

// copied is a copy of this test's binary, which a package manager may replace.
func copied(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "otai")
	if err := keptbuild.WriteProgram(path, content, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// While a release is being unpacked its file is missing, or can't be run yet.
func TestABinaryThatIsBeingReplacedEndsNothing(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(path string) error{
		"missing":   func(string) error { return nil },
		"empty":     func(path string) error { return keptbuild.WriteProgram(path, nil, 0o700) },
		"half":      func(path string) error { return keptbuild.WriteProgram(path, []byte("\x7fELF\x02\x01\x01"), 0o700) },
		"no x yet":  func(path string) error { return os.WriteFile(path, []byte("#!/bin/true\n"), 0o600) },
		"a folder":  func(path string) error { return os.Mkdir(path, 0o700) },
		"a new one": func(path string) error { return os.Link(os.Args[0], path) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := copied(t)
			s := beginAs(t, path, "", nil, "work")
			first := s.number("works", 1)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := replace(path); err != nil {
				t.Fatal(err)
			}
			_ = syscall.Kill(first, syscall.SIGKILL)
			second := s.number("works", 2)
			now, err := os.Stat("/proc/" + strconv.Itoa(second) + "/exe")
			if err != nil {
				t.Fatal(err)
			}
			if there, err := os.Stat(path); name == "a new one" && (err != nil || !os.SameFile(now, there)) {
				t.Error("the next worker is not of the new release")
			}
			s.signal(syscall.SIGTERM)
			if code := s.end(); code != 0 {
				t.Errorf("the exit code is %d", code)
			}
		})
	}
}

// A machine that has no room for a process has it later. Descriptors are as good for the test as
// processes, whose number doesn't bind root.
func TestAWorkerThatCanNotBeStartedNowIsStartedLater(t *testing.T) {
	t.Parallel()
	s := begin(t, "", nil, "work")
	pid := s.number("works", 1)
	var had unix.Rlimit
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, nil, &had); err != nil {
		t.Fatal(err)
	}
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 5, Max: had.Max}, nil); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	s.until("it says so", func() bool { return strings.Count(s.out.String(), "can't be started yet") >= 2 })
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, &had, nil); err != nil {
		t.Fatal(err)
	}
	s.number("works", 2)
	s.signal(syscall.SIGTERM)
	if code := s.end(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
}

// A disk that is full, or a database that is gone, is there again later: whoever has worked before
// goes on then. The first worker's code ends the command, and so does one that was asked to stop.
func TestAWorkerThatCanNotBeginNowBeginsLater(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "mark")
	s := begin(t, "", nil, "later", mark)
	_ = syscall.Kill(s.number("works", 1), syscall.SIGKILL)
	s.number("works", 2)
	if tries := s.numbers("tries"); len(tries) != 2 || strings.Count(s.out.String(), "can't begin its work yet") != 2 {
		t.Errorf("%d tries", len(tries))
	}
	s.signal(syscall.SIGTERM)
	if code := s.end(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	if err := os.WriteFile(mark, []byte("."), 0o600); err != nil {
		t.Fatal(err)
	}
	s = begin(t, "", nil, "later", mark)
	if code := s.end(); code != 1 {
		t.Errorf("the exit code of the first worker was 1, the command's is %d", code)
	}
}

// While a package is unpacked, the binary may be new and a plugin not yet, or only half there.
func TestAPluginThatIsRefusedWhileAPackageIsUnpackedIsTriedAgain(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]int{"": 2, "unpacked": 1} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := beginAs(t, copied(t), how, nil, "refused", filepath.Join(t.TempDir(), "mark"))
			_ = syscall.Kill(s.number("works", 1), syscall.SIGKILL)
			if want == 2 {
				s.number("works", 2)
				s.signal(syscall.SIGTERM)
			}
			code := s.end()
			if tries := s.numbers("tries"); len(tries) != want || want == 2 && code != 0 || want == 1 && code != 3 {
				t.Errorf("%d tries, exit code %d", len(tries), code)
			}
		})
	}
}

// A process that was there before, as where a script of a container ends with exec, isn't the
// worker's.
func TestAProcessOfTheShellThatBecameOtaiIsLeft(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", `sleep 300 & echo "beside $!"; exec "$0" work`, os.Args[0])
	cmd.Env = append(os.Environ(), asSupervisor+"=-")
	var out buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	s := &supervised{T: t, cmd: cmd}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	numbers := func(word string) (pids []int) {
		for line := range strings.Lines(out.String()) {
			if rest, ok := strings.CutPrefix(line, word+" "); ok {
				pid, _ := strconv.Atoi(strings.TrimSpace(rest))
				pids = append(pids, pid)
			}
		}
		return pids
	}
	s.until("it works", func() bool { return len(numbers("works")) == 1 })
	beside := numbers("beside")[0]
	defer func() { _ = syscall.Kill(beside, syscall.SIGKILL) }()
	_ = syscall.Kill(numbers("works")[0], syscall.SIGKILL)
	s.until("another worker works", func() bool { return len(numbers("works")) == 2 })
	if gone(beside) {
		t.Error("it was ended with the worker")
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	s.until("it ends", func() bool { return len(numbers("stops")) == 1 })
	if gone(beside) {
		t.Error("it was ended with otai")
	}
	_ = syscall.Kill(beside, syscall.SIGKILL)
	_ = cmd.Wait()
}

// Without a terminal, and with nothing open at all.
func TestASupervisorNeedsNoTerminalAndNoOpenFile(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"no terminal":      `exec setsid "$0" work > "$OUT"`,
		"no input":         `exec "$0" work <&- > "$OUT"`,
		"three are closed": `exec "$0" first "$OUT" work <&- >&- 2>&-`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "out")
			cmd := exec.Command("sh", "-c", script, os.Args[0])
			cmd.Env = append(os.Environ(), asSupervisor+"=-", "OUT="+out)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s := &supervised{T: t, cmd: cmd}
			s.until("it works", func() bool {
				content, err := os.ReadFile(out)
				return err == nil && (name == "three are closed" || strings.Contains(string(content), "works "))
			})
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// As the first process of a container: there is nobody else to take the end of what was left.
func TestTheFirstProcessOfAContainer(t *testing.T) {
	t.Parallel()
	if err := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").Run(); err != nil {
		t.Skip("this user may not make a namespace for processes")
	}
	out := filepath.Join(t.TempDir(), "out")
	file, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	mark := filepath.Join(t.TempDir(), "mark")
	cmd := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", os.Args[0], "first", mark, "leave", "work")
	cmd.Env = append(os.Environ(), asSupervisor+"=-")
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &supervised{T: t, cmd: cmd}
	t.Cleanup(func() {
		if t.Failed() {
			content, _ := os.ReadFile(out)
			t.Logf("it said:\n%s", content)
		}
	})
	says := func(word string) int {
		content, _ := os.ReadFile(out)
		return strings.Count(string(content), word+" ")
	}
	s.until("it works", func() bool { return says("works") == 1 })
	inside := childrenOf(cmd.Process.Pid)
	if len(inside) != 1 {
		t.Fatalf("%v", inside)
	}
	for n := range 3 { // the worker is found from outside
		workers := childrenOf(inside[0])
		for _, pid := range workers {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		s.until("another worker works", func() bool { return says("works") == n+2 })
	}
	for _, pid := range childrenOf(inside[0]) {
		if state(pid) == "Z" {
			t.Errorf("process %d has ended and is left", pid)
		}
	}
	_ = syscall.Kill(inside[0], syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A signal can't end the first process of a container, so the code says how it ended.
func TestASecondSignalEndsTheFirstProcessOfAContainer(t *testing.T) {
	t.Parallel()
	if err := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").Run(); err != nil {
		t.Skip("this user may not make a namespace for processes")
	}
	var out buffer
	cmd := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", os.Args[0], "deaf")
	cmd.Env = append(os.Environ(), asSupervisor+"=-")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &supervised{T: t, cmd: cmd}
	s.until("it works", func() bool { return strings.Contains(out.String(), "works ") })
	for range 2 {
		for _, pid := range childrenOf(cmd.Process.Pid) {
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
		time.Sleep(200 * time.Millisecond)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitSignal+int(syscall.SIGTERM) {
		t.Errorf("%v:\n%s", err, out.String())
	}
}

func childrenOf(pid int) (list []int) {
	threads, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	for _, thread := range threads {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + thread.Name() + "/children")
		for _, word := range strings.Fields(string(text)) {
			child, _ := strconv.Atoi(word)
			list = append(list, child)
		}
	}
	return list
}

// Thirty processes, each in a session of its own and each the parent of the next.
func TestADeepTreeOfProcessesIsEndedWithTheWorker(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "mark")
	s := begin(t, "", nil, "first", mark, "nest", "30", "work")
	worker := s.number("works", 1)
	s.until("all are there", func() bool { return len(s.numbers("level")) == 30 })
	_ = syscall.Kill(worker, syscall.SIGKILL)
	s.number("works", 2)
	for _, pid := range s.numbers("level") {
		if !gone(pid) {
			t.Errorf("process %d is left", pid)
		}
	}
	s.signal(syscall.SIGTERM)
	s.end()
}
