package systemd

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// listen is a manager's socket at an address.
func listen(t *testing.T, address string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// sayings are what has come; "" if nothing has.
func sayings(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	buffer, n := make([]byte, 4096), 0
	if err := raw.Read(func(fd uintptr) bool {
		n, _ = unix.Read(int(fd), buffer)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return string(buffer[:max(n, 0)])
}

func TestWhatIsSaidReachesTheManager(t *testing.T) {
	for name, address := range map[string]string{
		"a path":             filepath.Join(t.TempDir(), "notify"),
		"an abstract socket": fmt.Sprintf("@otai-test-%d", os.Getpid()),
	} {
		t.Run(name, func(t *testing.T) {
			conn := listen(t, address)
			t.Setenv(socketVariable, address)
			m := Take()
			for _, step := range []struct {
				do   func()
				want string
			}{
				{func() { m.Status("one\nREADY=1") }, "STATUS=one READY=1"},
				{func() { m.Status("one\nREADY=1") }, ""},
				{func() { m.Ready("works") }, "READY=1\nSTATUS=works"},
				{func() { m.Ready("works") }, ""},
				{func() { m.Ready("works again") }, "STATUS=works again"},
				{m.Stopping, "STOPPING=1\nSTATUS=stopping"},
			} {
				step.do()
				if got := sayings(t, conn); got != step.want {
					t.Errorf("it hears %q, want %q", got, step.want)
				}
			}
			_ = conn.Close()
			m.Status("nobody listens")
		})
	}
}

func TestNoChildSpeaksToTheManager(t *testing.T) {
	t.Setenv(socketVariable, "@somewhere")
	t.Setenv(watchdogVariable, "60000000")
	t.Setenv(watchedVariable, strconv.Itoa(os.Getpid()))
	m := Take()
	for _, name := range []string{socketVariable, watchdogVariable, watchedVariable} {
		if value, there := os.LookupEnv(name); there {
			t.Errorf("%s is still %q", name, value)
		}
		if !slices.ContainsFunc(m.Environ(), func(v string) bool { return strings.HasPrefix(v, name+"=") }) {
			t.Errorf("%s isn't kept for who takes its place", name)
		}
	}
}

func TestWithoutAManagerNothingIsSaid(t *testing.T) {
	for _, address := range []string{"", "relative", "vsock:2:1234"} {
		t.Setenv(socketVariable, address)
		m := Take()
		if m != nil {
			t.Fatalf("%q is taken for one", address)
		}
		m.Ready("works")
		m.Status("works")
		m.Busy(true)
		m.Alive()
		m.Stopping()
		if m.Environ() != nil {
			t.Error("it has variables")
		}
	}
}

func TestTheManagerHearsThatItIsAliveAsOftenAsItHasTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			watched string
			ready   bool
			busy    bool
			want    map[string]int // in a minute of looks, one a second
		}{
			"watched":            {strconv.Itoa(os.Getpid()), true, false, map[string]int{"WATCHDOG=1": 4}},
			"without a process":  {"", true, false, map[string]int{"WATCHDOG=1": 4}},
			"another is watched": {"1", true, false, map[string]int{}},
			"starting":           {"1", false, false, map[string]int{"EXTEND_TIMEOUT_USEC=30000000": 6}},
			"reloading":          {"1", true, true, map[string]int{"EXTEND_TIMEOUT_USEC=30000000": 6}},
		} {
			conn := listen(t, "@otai-test-"+strings.ReplaceAll(name, " ", "-")+strconv.Itoa(os.Getpid()))
			for variable, value := range map[string]string{socketVariable: conn.LocalAddr().String(), watchdogVariable: "30000000", watchedVariable: c.watched} {
				if err := os.Setenv(variable, value); err != nil {
					t.Fatal(err)
				}
			}
			if c.watched == "" {
				_ = os.Unsetenv(watchedVariable)
			}
			m := Take()
			if c.ready {
				m.Ready("works")
				sayings(t, conn)
			}
			m.Busy(c.busy)
			got := make(map[string]int)
			for range 60 {
				m.Alive()
				for word := sayings(t, conn); word != ""; word = sayings(t, conn) {
					got[word]++
				}
				time.Sleep(time.Second)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
			_ = conn.Close()
		}
	})
}

func TestTheJournalIsRecognizedByItsFile(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stream"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
	for stream, want := range map[string]bool{own: true, "": false, own + "1": false, "1" + own: false, ":": false, "a:b": false, strconv.FormatUint(stat.Dev, 10): false} {
		if got := Journal(file, stream); got != want {
			t.Errorf("%q: %v", stream, got)
		}
	}
	if Journal(&bytes.Buffer{}, own) {
		t.Error("a buffer is taken for the journal")
	}
}

func TestEachLineHasItsPriority(t *testing.T) {
	var out bytes.Buffer
	n, err := Prefix(&out, Error).Write([]byte("a\nb\n"))
	if err != nil || n != 4 || out.String() != "<3>a\n<3>b\n" {
		t.Errorf("%d, %v: %q", n, err, out.String())
	}
}
