package orphans_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/orphans"
)

// The test is the process whose children leave others behind.
func TestWhatAChildLeavesBehindIsEnded(t *testing.T) {
	if err := orphans.Adopt(); err != nil {
		t.Fatal(err)
	}
	const mark = "86397"
	// A session of its own, twice forked: its parent is gone at once.
	if err := exec.Command("/bin/sh", "-c", "setsid sh -c 'sleep "+mark+" & sleep "+mark+"' >/dev/null 2>&1 &").Run(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); sleeping(mark) < 2; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was left behind")
		}
	}
	if left := orphans.Kill(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if n := sleeping(mark); n > 0 {
		t.Errorf("%d still run", n)
	}
	if children := orphans.Children(); len(children) > 0 {
		t.Errorf("children: %v", children)
	}
}

func sleeping(mark string) (n int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if strings.HasPrefix(string(line), "sleep\x00"+mark) {
			n++
		}
	}
	return n
}
