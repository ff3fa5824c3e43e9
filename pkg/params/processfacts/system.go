package processfacts

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// system are the facts that the operating system keeps.
func system() []fact {
	list := []fact{
		{name: "working directory", read: func() any { dir, _ := os.Readlink("/proc/self/cwd"); return dir }, set: func(v any) { _ = os.Chdir(plainly(v)) }, show: plainly},
		{name: "umask", read: umask, set: func(v any) {
			if m, err := strconv.ParseInt(plainly(v), 8, 32); err == nil {
				syscall.Umask(int(m))
			}
		}, show: plainly},
		{name: "root directory", read: func() any { return identity("/") }, show: plainly},
		{name: "user", read: func() any { return [4]int{os.Getuid(), os.Geteuid(), os.Getgid(), os.Getegid()} }, show: plainly},
		{name: "process group", read: func() any { return syscall.Getpgrp() }, set: func(v any) { group, _ := v.(int); _ = syscall.Setpgid(0, group) }, show: plainly},
		{name: "priority", read: func() any { n, _ := syscall.Getpriority(syscall.PRIO_PROCESS, os.Getpid()); return 20 - n }, set: func(v any) {
			n, _ := v.(int)
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, os.Getpid(), n)
		}, show: plainly},
		{name: "seccomp", read: func() any { return status("Seccomp:") }, show: plainly},
		file("oom_score_adj", "/proc/self/oom_score_adj"),
		prctl("dumpable", syscall.PR_GET_DUMPABLE, syscall.PR_SET_DUMPABLE),
		prctl("child subreaper", 37, 36),
	}
	for which, name := range []string{
		"cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime",
	} {
		list = append(list, fact{
			name: "limit " + name,
			read: func() any { var l syscall.Rlimit; prlimit(which, nil, &l); return l },
			set:  func(v any) { l, _ := v.(syscall.Rlimit); prlimit(which, &l, nil) },
			show: func(v any) string { l, _ := v.(syscall.Rlimit); return limitText(l.Cur) },
		})
	}
	return append(list, timers()...)
}

// prlimit and not syscall.Setrlimit, which also forgets the limit that child processes get.
func prlimit(which int, set, old *syscall.Rlimit) {
	_, _, _ = syscall.RawSyscall6(syscall.SYS_PRLIMIT64, 0, uintptr(which), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 0, 0)
}

func limitText(n uint64) string {
	if int64(n) == -1 {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}

func prctl(name string, get, set uintptr) fact {
	return fact{
		name: name,
		read: func() any {
			if get == 37 { // it writes its answer
				var v int32
				_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, get, uintptr(unsafe.Pointer(&v)), 0)
				return int(v)
			}
			v, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, get, 0, 0)
			return int(v)
		},
		set: func(v any) {
			n, _ := v.(int)
			_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, set, uintptr(n), 0)
		},
		show: plainly,
	}
}

// file is a fact that the kernel shows as a file.
func file(name, path string) fact {
	return fact{
		name: name,
		read: func() any { text, _ := os.ReadFile(path); return strings.TrimSpace(string(text)) },
		set:  func(v any) { _ = os.WriteFile(path, []byte(plainly(v)), 0) },
		show: plainly,
	}
}

func umask() any { return status("Umask:") }

// status is a line of the kernel's description of the process.
func status(key string) string {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

func identity(path string) [2]uint64 {
	var stat syscall.Stat_t
	_ = syscall.Stat(path, &stat)
	return [2]uint64{uint64(stat.Dev), stat.Ino} //nolint:unconvert // on other processors it is needed
}

// spareOutputs keeps copies of the descriptors 0 to 2.
func (s *Snapshot) spareOutputs() {
	for fd := range 3 {
		spare, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 3)
		if errno != 0 {
			spare = ^uintptr(0)
		}
		s.spares = append(s.spares, int(spare))
	}
}

// Close ends what the snapshot holds.
func (s *Snapshot) Close() {
	for _, fd := range s.spares {
		if fd >= 0 {
			_ = syscall.Close(fd)
		}
	}
	s.spares = nil
	if s.deaf != nil {
		s.deaf()
	}
}

// descriptor is what is open under a number.
type descriptor struct {
	dev, ino, rdev uint64
	flags          uintptr
	err            error
}

func (s *Snapshot) outputs() []fact {
	var list []fact
	for fd, spare := range s.spares {
		list = append(list, fact{
			name: fmt.Sprintf("standard descriptor %d", fd),
			read: func() any {
				var stat syscall.Stat_t
				err := syscall.Fstat(fd, &stat)
				flags, _, _ := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFL, 0)
				return descriptor{uint64(stat.Dev), stat.Ino, uint64(stat.Rdev), flags, err} //nolint:unconvert // as above
			},
			set: func(v any) {
				was, _ := v.(descriptor)
				if spare < 0 {
					_ = syscall.Close(fd) // it was closed
					return
				}
				_ = syscall.Dup3(spare, fd, 0)
				_, _, _ = syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_SETFL, was.flags)
			},
		})
	}
	return list
}

// environment are the variables. Their values may be secrets.
type environment map[string]string

func lookAtEnvironment() environment {
	e := environment{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		e[name] = value
	}
	return e
}

func (e environment) putBack() []Change {
	var changes []Change
	now := lookAtEnvironment()
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, was := e[name]; !was {
			changes = append(changes, Change{What: "environment variable " + name, Back: os.Unsetenv(name) == nil})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if value, is := now[name]; !is || value != e[name] {
			changes = append(changes, Change{What: "environment variable " + name, Back: os.Setenv(name, e[name]) == nil})
		}
	}
	return changes
}

// descriptors are the open ones from 3 on, by what they lead to, but for anonymous ones: Go's
// runtime opens and closes some of its own, as for a child process.
type descriptors map[int]string

func lookAtDescriptors() descriptors {
	d := descriptors{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		target, gone := os.Readlink("/proc/self/fd/" + entry.Name())
		if err == nil && gone == nil && fd > 2 && !strings.HasPrefix(target, "anon_inode:") {
			d[fd] = target
		}
	}
	return d
}

// putBack closes nothing: whoever opened it may use it.
func (d descriptors) putBack() []Change {
	var changes []Change
	now := lookAtDescriptors()
	for _, fd := range slices.Sorted(maps.Keys(d)) {
		if target := now[fd]; target == "" {
			changes = append(changes, Change{What: fmt.Sprintf("descriptor %d", fd), From: d[fd], To: "closed"})
		} else if target != d[fd] {
			changes = append(changes, Change{What: fmt.Sprintf("descriptor %d", fd), From: d[fd], To: target})
		}
	}
	for _, fd := range slices.Sorted(maps.Keys(now)) {
		if _, was := d[fd]; !was {
			changes = append(changes, Change{What: fmt.Sprintf("descriptor %d", fd), From: "closed", To: now[fd]})
		}
	}
	return changes
}

// openings are the descriptors that were opened; those that were closed, or whose number leads
// elsewhere since, don't count.
type openings struct{ descriptors }

func (o openings) putBack() []Change {
	return slices.DeleteFunc(o.descriptors.putBack(), func(c Change) bool { return c.From != "closed" })
}

// processes are the child processes, and the number of threads.
type processes struct {
	children map[string]bool
	threads  int
}

// manyThreads is how many threads more are worth a word: Go's runtime starts some itself.
const manyThreads = 32

func lookAtProcesses() processes {
	p := processes{children: map[string]bool{}}
	p.threads, _ = strconv.Atoi(status("Threads:"))
	if !hasChildren() {
		return p
	}
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		text, _ := os.ReadFile("/proc/self/task/" + thread.Name() + "/children")
		for pid := range bytes.FieldsSeq(text) {
			p.children[string(pid)] = true
		}
	}
	return p
}

// hasChildren asks the kernel, which is quicker than to look through all threads.
func hasChildren() bool {
	const wNoWait = 0x01000000
	var info [128]byte
	_, _, errno := syscall.RawSyscall6(syscall.SYS_WAITID, 0, 0, uintptr(unsafe.Pointer(&info)), syscall.WNOHANG|syscall.WEXITED|wNoWait, 0, 0)
	return errno != syscall.ECHILD
}

// putBack ends nothing: a process or a thread may be somebody's.
func (p processes) putBack() []Change {
	var changes []Change
	now := lookAtProcesses()
	for _, pid := range slices.Sorted(maps.Keys(now.children)) {
		if !p.children[pid] {
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			changes = append(changes, Change{What: "child process", From: "none", To: pid + " " + strings.TrimSpace(string(name))})
		}
	}
	if now.threads > p.threads+manyThreads {
		changes = append(changes, Change{What: "threads", From: strconv.Itoa(p.threads), To: strconv.Itoa(now.threads)})
	}
	return changes
}
