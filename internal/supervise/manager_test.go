package supervise

import (
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// serviceManager is what hears of a service.
type serviceManager struct {
	address string
	mu      sync.Mutex
	said    []string
}

func newServiceManager(t *testing.T) *serviceManager {
	t.Helper()
	m := &serviceManager{address: filepath.Join(t.TempDir(), "notify")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	var listens sync.WaitGroup
	listens.Go(func() {
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			m.mu.Lock()
			m.said = append(m.said, string(buffer[:n]))
			m.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		listens.Wait()
	})
	return m
}

func (m *serviceManager) env() []string {
	return []string{"NOTIFY_SOCKET=" + m.address, "WATCHDOG_USEC=40000"}
}

// sayings counts what begins so.
func (m *serviceManager) sayings(prefix string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, said := range m.said {
		if strings.HasPrefix(said, prefix) {
			n++
		}
	}
	return n
}

func TestTheServiceManagerHearsOfTheStartTheWorkAndTheEnd(t *testing.T) {
	t.Parallel()
	m := newServiceManager(t)
	s := begin(t, "fast", m.env(), "manager", "deaf")
	s.number("manager", 1)
	s.until("the start gets more time", func() bool { return m.sayings("EXTEND_TIMEOUT_USEC=") > 0 })
	if m.sayings("READY=1") > 0 {
		t.Error("it is ready before it works")
	}
	_ = unix.Kill(s.number("works", 1), unix.SIGKILL)
	s.until("a death is said", func() bool { return m.sayings("STATUS=the worker process has ended") > 0 })

	m = newServiceManager(t)
	s = begin(t, "brisk", m.env(), "manager", "work")
	if got := s.number("manager", 1); got != 0 {
		t.Error("the worker knows the manager, too")
	}
	s.until("it is ready", func() bool { return m.sayings("READY=1\nSTATUS=works") == 1 })
	s.until("it is alive", func() bool { return m.sayings("WATCHDOG=1") > 3 })
	s.signal(syscall.SIGTERM)
	if code := s.end(); code != 0 || m.sayings("STOPPING=1") != 1 {
		t.Errorf("exit code %d, and STOPPING was said %d times", code, m.sayings("STOPPING=1"))
	}
}

// A manager waits for a reload that it asked for only as long as for a start.
func TestTheServiceManagerGivesAReloadMoreTime(t *testing.T) {
	t.Parallel()
	m := newServiceManager(t)
	s, file := turning(t, "quick", m.env()...)
	s.number("works", 1)
	s.until("it is ready", func() bool { return m.sayings("READY=1") == 1 })
	before := m.sayings("EXTEND_TIMEOUT_USEC=")
	does(t, file, "hangs")
	s.signal(syscall.SIGHUP)
	s.says(notReloaded, 1)
	if m.sayings("EXTEND_TIMEOUT_USEC=") == before {
		t.Error("a reload gets no more time")
	}
	s.endInOrder()
}

func TestAWorkerThatWaitsForTheStoreIsAStartedService(t *testing.T) {
	t.Parallel()
	m := newServiceManager(t)
	s := begin(t, "brisk", m.env(), "wait", "work")
	s.until("it is ready", func() bool { return m.sayings("READY=1\nSTATUS=the run store") == 1 })
	s.until("it works", func() bool { return m.sayings("STATUS=works") == 1 })
	s.signal(syscall.SIGTERM)
	s.end()
}

func TestTheWatchdogIsPingedWhileAFrozenWorkerIsReplaced(t *testing.T) {
	t.Parallel()
	m := newServiceManager(t)
	s := begin(t, "fast", m.env(), "first", filepath.Join(t.TempDir(), "mark"), "suspend")
	s.number("works", 1)
	before := m.sayings("WATCHDOG=1")
	if before < 20 { // a look is 20 ms, and it is silent for 30
		t.Errorf("it was pinged only %d times", before)
	}
	s.until("it goes on", func() bool { return m.sayings("WATCHDOG=1") > before+3 })
	s.signal(syscall.SIGTERM)
	s.end()
}
