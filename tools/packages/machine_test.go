package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// machine is a running Debian with systemd.
type machine struct {
	*testing.T
	leader string // its first process
}

// boot starts a machine, in which the folder packages is at /packages.
func boot(t *testing.T, packages string) *machine {
	t.Helper()
	root := copyOf(t, debian(t))
	nspawn := exec.Command("systemd-nspawn", "--register=no", "--keep-unit", "--private-network", "--boot", "--quiet", "--console=pipe", "--directory="+root, "--bind-ro="+packages+":/packages")
	nspawn.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := nspawn.Start(); err != nil {
		t.Fatal(err)
	}
	m := &machine{T: t}
	t.Cleanup(func() {
		if t.Failed() && m.leader != "" {
			t.Logf("the journal:\n%s", m.try("journalctl -o short-precise --no-pager -u otai | cut -c1-400 | tail -60"))
		}
		if m.leader != "" {
			m.try("systemctl poweroff")
		}
		ended := time.AfterFunc(30*time.Second, func() { _ = nspawn.Process.Kill() })
		_ = nspawn.Wait()
		ended.Stop()
	})
	m.until("it is booted", func() bool {
		pid := strconv.Itoa(nspawn.Process.Pid)
		children, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
		if m.leader = strings.TrimSpace(string(children)); m.leader == "" {
			return false
		}
		state := strings.TrimSpace(m.try("systemctl is-system-running"))
		return state == "running" || state == "degraded"
	})
	return m
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

// errorLines are the lines of the journal with the priority of an error, since a cursor.
func (m *machine) errorLines(since string) []string {
	m.Helper()
	out := strings.TrimSpace(m.run("journalctl -u otai -p err -o cat --no-pager --after-cursor='" + since + "'"))
	if out == "" {
		return nil
	}
	return strings.Split(out, "\n")
}

// now is the journal's cursor.
func (m *machine) now() string {
	m.Helper()
	_, cursor, _ := strings.Cut(m.run("journalctl --sync; journalctl -n 1 -o cat --show-cursor --no-pager"), "-- cursor: ")
	return strings.TrimSpace(cursor)
}
