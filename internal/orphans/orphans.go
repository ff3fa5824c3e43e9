// Package orphans ends what a child process leaves behind: processes that it started, also
// in a session of their own, and whose parent is gone.
//
// A process that calls [Adopt] becomes the parent of every descendant that loses its own,
// so that none can hide, and [Kill] then ends them all.
package orphans

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// How long processes are hunted; one that the kernel can't end stays.
const (
	huntFor  = 5 * time.Second
	huntEach = 2 * time.Millisecond
)

// Adopt has the kernel hand every descendant whose parent is gone to this process.
func Adopt() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become the parent of orphans: %w", err)
	}
	return nil
}

// Kill ends all descendants of this process and waits for them, but for those to spare. Those of
// one that was killed become its children, and their turn comes. It returns those that could not
// be ended.
func Kill(spare ...int) []int {
	for until := time.Now().Add(huntFor); ; {
		left := slices.DeleteFunc(Children(), func(pid int) bool { return slices.Contains(spare, pid) })
		for _, pid := range left {
			_ = unix.Kill(pid, unix.SIGKILL) // it may have ended
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
		}
		if len(left) == 0 && (len(spare) > 0 || childless()) || time.Now().After(until) {
			return left
		}
		time.Sleep(huntEach)
	}
}

// childless is what the kernel says: its lists may lack a child while another one ends.
func childless() bool {
	err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return errors.Is(err, unix.ECHILD)
}

// Children are the processes whose parent is this one, also those that have ended and were
// not waited for.
func Children() []int {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil
	}
	var list []int
	for _, thread := range threads {
		text, err := os.ReadFile("/proc/self/task/" + thread.Name() + "/children")
		if os.IsNotExist(err) && thread.Name() == strconv.Itoa(os.Getpid()) {
			return childrenByParent()
		}
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				list = append(list, pid)
			}
		}
	}
	return list
}

// childrenByParent is for a kernel without lists of children.
func childrenByParent() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var list []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if _, parent, err := Stat(pid); err == nil && parent == os.Getpid() {
			list = append(list, pid)
		}
	}
	return list
}

// Stat returns the state of a process, a letter as proc_pid_stat(5) has it, such as Z for one that
// has ended and was not waited for, and its parent.
func Stat(pid int) (state string, parent int, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, err
	}
	// "PID (NAME) STATE PARENT …", whose name may have anything in it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return "", 0, fmt.Errorf("/proc/%d/stat has another form", pid)
	}
	parent, err = strconv.Atoi(fields[1])
	return fields[0], parent, err
}
