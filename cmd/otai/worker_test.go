package main_test

import (
	"fmt"
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
func killAll(supervisor *os.Process) {
	_ = supervisor.Signal(syscall.SIGSTOP) // it starts no other one
	for _, pid := range childrenOf(supervisor.Pid) {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = supervisor.Kill()
}
