package main_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestTheServiceUnitRunsOtai does what systemd would do with the unit: its commands,
// in its environment, which has no more than the unit gives.
func TestTheServiceUnitRunsOtai(t *testing.T) {
	unit, err := os.ReadFile(filepath.Join(product.root, "build", "otai.service"))
	if err != nil {
		t.Fatal(err)
	}
	installed := t.TempDir()
	for from, to := range map[string]string{product.otai: "bin/otai", product.plugins: "lib/otai/plugins"} {
		to = filepath.Join(installed, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := newCommand("cp", "-R", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	config := writeFile(t, sorting)
	state, cache := t.TempDir(), t.TempDir()
	here := strings.NewReplacer("/etc/otai/config.yml", config, "/usr/local", installed, "/var/cache/otai", cache)
	d := newDesk(t)
	manager, socket := notifySocket(t)
	env := []string{
		"NOTIFY_SOCKET=" + socket,
		"PATH=/usr/bin:/bin", "STATE_DIRECTORY=" + state, "CACHE_DIRECTORY=" + cache,
		"OTOBO_URL=" + d.url(), "OTAI_OTOBO_ZNUNY_PASSWORD=" + password, // of the EnvironmentFile
	}
	var command []string
	for line := range strings.Lines(string(unit)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "Environment":
			env = append(env, here.Replace(value))
		case "ExecStart":
			command = strings.Fields(here.Replace(value))
		}
	}

	p := startProgram(t, command[0], t.TempDir(), env, command[1:]...)
	eventually(t, "the service manager knows that it is ready", func() bool { return strings.Contains(manager(), "READY=1") })
	d.AddTicket(ticketIn("Incoming", "one"))
	eventually(t, "the ticket is moved", func() bool { return d.in("IT") == 1 })
	p.stop(t)
	if said := manager(); strings.Count(said, "READY=1") != 1 || strings.Count(said, "STOPPING=1") != 1 {
		t.Errorf("this was said to the service manager:\n%s", said)
	}
	if left, _ := os.ReadDir(state); len(left) == 0 {
		t.Error("nothing is in the state folder that the unit names")
	}
}

// notifySocket is the socket of a service manager, and what was said to it.
func notifySocket(t *testing.T) (said func() string, address string) {
	t.Helper()
	address = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	all := &buffer{}
	var listens sync.WaitGroup
	listens.Go(func() {
		message := make([]byte, 4096)
		for n, err := conn.Read(message); err == nil; n, err = conn.Read(message) {
			_, _ = all.Write(append(message[:n:n], '\n'))
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		listens.Wait()
	})
	return all.String, address
}

// TestSystemdKnowsAllOfTheUnit is by the systemd of this machine.
func TestSystemdKnowsAllOfTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze; Debian's package systemd has it")
	}
	text, err := os.ReadFile(filepath.Join(product.root, "build", "otai.service"))
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "otai.service")
	text = []byte(strings.ReplaceAll(string(text), "/usr/local/bin/otai", product.otai))
	if err := os.WriteFile(unit, text, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := newCommand(analyze, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	// The threshold is ten times what it shows.
	if out, err := newCommand(analyze, "security", "--offline=true", "--threshold=20", unit).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// To systemd, an exit code of 2 means that trying again is useless.
func TestACrashOfTheSupervisorDoesNotLookLikeAWrongConfiguration(t *testing.T) {
	d := newDesk(t)
	p := start(t, environment(t, "OTOBO_URL="+d.url()), "run", "-c", writeFile(t, sorting))
	workerOf(t, p.cmd.Process.Pid)
	if err := p.cmd.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if status := p.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGABRT {
		t.Errorf("it ended by %v", p.cmd.ProcessState)
	}
}
