package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machineVariable names a folder that the tree of a small Debian is kept in.
const machineVariable = "OTAI_TEST_MACHINE"

// debian is the tree of a small Debian, which is made where there is none yet.
func debian(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(machineVariable)
	if dir == "" {
		t.Skipf("%s names no folder; `make test-system` sets it", machineVariable)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root makes machines")
	}
	for _, program := range []string{"debootstrap", "systemd-nspawn", "nsenter"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s; Debian's packages debootstrap, systemd-container and util-linux have what is needed", program)
		}
	}
	tree, mark := filepath.Join(dir, "bookworm"), filepath.Join(dir, "bookworm.complete")
	if _, err := os.Stat(mark); err == nil {
		return tree
	}
	_ = os.RemoveAll(tree) // one that was not finished
	command(t, "debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus,ca-certificates", "bookworm", tree)
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return tree
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// copyOf is a tree in which what is changed is gone after the test.
func copyOf(t *testing.T, tree string) string {
	t.Helper()
	dir := t.TempDir()
	upper, work, root := filepath.Join(dir, "upper"), filepath.Join(dir, "work"), filepath.Join(dir, "root")
	for _, d := range []string{upper, work, root} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mount("overlay", root, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", tree, upper, work)); err != nil {
		t.Skipf("an overlay can't be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(root, 0); err != nil {
			t.Error(err)
		}
	})
	return root
}

// machine is a Debian with systemd that runs.
type machine struct {
	*testing.T
	groups  []string // control groups that are its own
	options []string // of systemd-nspawn
	process *os.Process
	ended   chan struct{}
	leader  string // its first process
}

// groups makes control groups for one machine: two that share theirs kill each other's processes with their own.
func groups(t *testing.T) (made []string) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	name := "otai-test-" + strconv.FormatInt(time.Now().UnixNano(), 36) // in each hierarchy: systemd-nspawn makes one of the other's name, too
	for of := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(of), ":", 3) // as 0::/user.slice
		if len(parts) < 3 {
			continue
		}
		var roots []string
		switch parts[1] {
		case "":
			roots = []string{"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}
		case "name=systemd":
			roots = []string{"/sys/fs/cgroup/systemd"}
		}
		for _, root := range roots {
			own := filepath.Join(root, parts[2])
			if _, err := os.Stat(filepath.Join(own, "cgroup.procs")); err != nil {
				continue
			}
			group := filepath.Join(own, name)
			if err := os.Mkdir(group, 0o755); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { // the innermost first
				for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
					dirs, _ := exec.Command("find", group, "-depth", "-type", "d").Output()
					for dir := range strings.Lines(string(dirs)) {
						_ = os.Remove(strings.TrimSpace(dir))
					}
					if _, err := os.Stat(group); err != nil {
						return
					}
				}
				t.Errorf("%s has processes after the machine has ended", group)
			})
			made = append(made, group)
			break
		}
	}
	if len(made) == 0 {
		t.Skip("there are no control groups in /sys/fs/cgroup")
	}
	return made
}

// boot starts a machine, in which the folder packages is at /packages.
func boot(t *testing.T, packages string, more ...string) *machine {
	t.Helper()
	root := copyOf(t, debian(t))
	own := groups(t)
	m := &machine{T: t, groups: own, options: append(more, "--machine="+filepath.Base(own[0]), "--register=no", "--keep-unit", "--private-network", "--boot", "--quiet", "--console=pipe", "--directory="+root, "--bind-ro="+packages+":/packages")}
	t.Cleanup(func() {
		if t.Failed() && m.leader != "" {
			t.Logf("the journal:\n%s", m.try("journalctl -o short-precise --no-pager -u otai | cut -c1-400 | grep -v level...info | tail -60"))
		}
		m.off()
	})
	m.on()
	return m
}

func (m *machine) on() {
	m.Helper()
	// It is in its groups before it has children.
	const enter = `for group; do [ "$group" != -- ] || break; echo $$ >"$group/cgroup.procs"; shift; done; shift; exec systemd-nspawn "$@"`
	nspawn := exec.Command("sh", slices.Concat([]string{"-ec", enter, "enter"}, m.groups, []string{"--"}, m.options)...)
	nspawn.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // whose end is the parent's death
		err := nspawn.Start()
		if started <- err; err == nil {
			_ = nspawn.Wait()
		}
	}()
	if err := <-started; err != nil {
		m.Fatal(err)
	}
	m.process, m.ended = nspawn.Process, ended
	m.until("it is booted", func() bool {
		pid := strconv.Itoa(nspawn.Process.Pid)
		children, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
		if m.leader = strings.TrimSpace(string(children)); m.leader == "" {
			return false
		}
		state := strings.TrimSpace(m.try("systemctl is-system-running"))
		return state == "running" || state == "degraded"
	})
}

func (m *machine) off() {
	if m.leader != "" {
		m.try("systemctl poweroff")
	}
	if m.ended != nil {
		late := time.AfterFunc(30*time.Second, func() { _ = m.process.Kill() })
		<-m.ended
		late.Stop()
	}
	m.leader, m.ended = "", nil
}

// reboot starts the machine anew, with the files that it has.
func (m *machine) reboot() {
	m.Helper()
	m.off()
	m.on()
}

// try runs a script in the machine and returns what it printed.
func (m *machine) try(script string) string {
	out, _ := exec.Command("nsenter", "-t", m.leader, "-a", "sh", "-c", script).CombinedOutput()
	return string(out)
}

// run runs a script, which must succeed.
func (m *machine) run(script string) string {
	m.Helper()
	out, err := exec.Command("nsenter", "-t", m.leader, "-a", "sh", "-ec", script).CombinedOutput()
	if err != nil {
		m.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

func (m *machine) until(what string, ok func() bool) {
	m.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.Fatalf("it never came that %s", what)
		}
	}
}

// service are properties of the unit.
func (m *machine) service() map[string]string {
	m.Helper()
	values := make(map[string]string)
	lines := bufio.NewScanner(strings.NewReader(m.run("systemctl show otai -p ActiveState,SubState,Result,StatusText,MainPID,NRestarts,ExecMainStatus")))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		values[name] = value
	}
	return values
}

// worker is the process that works; "" where there is none.
func (m *machine) worker() string {
	pid := m.service()["MainPID"]
	return strings.TrimSpace(m.try("cat /proc/" + pid + "/task/*/children"))
}
