package supervise

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestWhatWorkedGoesOn is about a worker that refuses what is there, at a start or after a death.
func TestWhatWorkedGoesOn(t *testing.T) {
	for _, tt := range []struct {
		what, how string
		env       []string
		first     string // the exit code of the first worker; "0": it works
		then      string // of those after its death
		code      int    // the exit code of all; -1: it goes on
		says      string
	}{
		{"at a start", "", nil, "2", "", 2, "refuses"},
		{"at a start, with the last good one", "good", nil, "2", "", -1, "instead false 2 line 3"},
		{"a plugin at a start", "good", nil, "3", "", 3, "refuses"},
		{"the last good one is refused, too", "good", []string{"WORSE=1"}, "2", "", 2, "refuses too 2"},
		{"after a death", "", nil, "0", "2", -1, "instead true 2 line 3 what is right"},
		{"a plugin after a death", "", nil, "0", "3", -1, "instead true 3 line 3 what is right"},
		{"after a death, with the last good one", "good", nil, "0", "2", -1, "instead true 2 line 3 what is right"},
		{"what worked is refused, too", "", []string{"WORSE=1"}, "0", "3", 3, "refuses too 3"},
		{"another end after a death", "", nil, "0", "4", 4, "refuses"},
		{"a command that ends by itself", "once", nil, "0", "2", 2, "refuses"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "code")
			does(t, file, tt.first)
			s := begin(t, tt.how+" unpacked", tt.env, "refuse", file)
			if tt.then != "" {
				pid := s.number("works", 1)
				does(t, file, tt.then)
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			if tt.code >= 0 {
				if code := s.end(); code != tt.code || !strings.Contains(s.out.String(), tt.says) {
					t.Errorf("exit code %d, want %d:\n%s", code, tt.code, s.out.String())
				}
				return
			}
			s.says(tt.says, 1)
			last := s.number("works", 1+len(tt.then))
			_ = syscall.Kill(last, syscall.SIGKILL) // once more
			s.says(tt.says, 1+len(tt.then))
			s.number("works", 2+len(tt.then))
			s.signal(syscall.SIGTERM)
			if code := s.end(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
