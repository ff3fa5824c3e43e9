package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childrenOf are the processes whose parent a process is.
func childrenOf(pid int) []int {
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	var list []int
	for _, thread := range threads {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, thread.Name()))
		for _, word := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				list = append(list, child)
			}
		}
	}
	return list
}

// worker is the process in which a supervisor works at the moment; 0 where there is none.
func worker(supervisor int) int {
	for _, pid := range childrenOf(supervisor) {
		if command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(command), "\x00__worker\x00") {
			return pid
		}
	}
	return 0
}

// workerOf waits for the worker of a process that was started as `otai run`.
func workerOf(t testing.TB, supervisor int) int {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if pid := worker(supervisor); pid != 0 {
			return pid
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d has no worker", supervisor)
		}
	}
}

// killAll is SIGKILL for a supervisor and its worker at once, as if the machine had gone down.
func killAll(supervisor *os.Process) { theBoth.kill(supervisor) }

// victim is whom a strike hits: what was started as `otai run` is two processes.
type victim string

const (
	theWorker     victim = "worker"
	theSupervisor victim = "supervisor"
	theBoth       victim = "both"
)

var victims = []victim{theWorker, theSupervisor, theBoth}

// pickVictim is one by chance. A worker that is started again with a pause, or a binary that has
// none, is not waited for: then it is the supervisor.
func pickVictim(random *rand.Rand, supervisor *os.Process) victim {
	v := victims[random.IntN(len(victims))]
	if v == theWorker && worker(supervisor.Pid) == 0 {
		return theSupervisor
	}
	return v
}

// kill is SIGKILL. A worker is started again by its supervisor; without its supervisor it ends
// in order.
func (v victim) kill(supervisor *os.Process) {
	switch v {
	case theWorker:
		if pid := worker(supervisor.Pid); pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	case theSupervisor:
		_ = supervisor.Kill()
	case theBoth:
		if supervisor.Signal(syscall.SIGSTOP) != nil { // so that it starts no other one
			return // it has ended, and its number may be another's
		}
		for _, pid := range childrenOf(supervisor.Pid) {
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = supervisor.Kill()
	}
}

// freeze is SIGSTOP, and returns what undoes it.
func (v victim) freeze(supervisor *os.Process) (thaw func()) {
	var pids []int
	if v != theWorker {
		pids = append(pids, supervisor.Pid)
	}
	if pid := worker(supervisor.Pid); v != theSupervisor && pid != 0 {
		pids = append(pids, pid)
	}
	each := func(sig syscall.Signal) {
		for _, pid := range pids {
			_ = syscall.Kill(pid, sig)
		}
	}
	each(syscall.SIGSTOP)
	return func() { each(syscall.SIGCONT) }
}

// nextWorker waits for another worker than the one of this number.
func nextWorker(t testing.TB, supervisor, than int, within time.Duration) int {
	t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(2 * time.Millisecond) {
		if pid := worker(supervisor); pid != 0 && pid != than {
			return pid
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d starts no worker after %d", supervisor, than)
		}
	}
}
