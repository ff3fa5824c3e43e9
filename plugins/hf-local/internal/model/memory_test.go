package model

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAvailableMemoryIsTheLeastThatAnythingAllows(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  int64
		said  string
	}{
		"nothing is said": {nil, math.MaxInt64, ""},
		"the kernel":      {map[string]string{"proc/meminfo": "MemTotal: 9 kB\nMemAvailable:    2048 kB\n"}, 2 << 20, "meminfo"},
		"a group": {map[string]string{
			"proc/meminfo":     "MemAvailable: 900000 kB\n",
			"proc/self/cgroup": "0::/system.slice/otai.service\n",
			"sys/fs/cgroup/system.slice/otai.service/memory.max":     "1000000\n",
			"sys/fs/cgroup/system.slice/otai.service/memory.current": "900000\n",
			"sys/fs/cgroup/system.slice/otai.service/memory.stat":    "anon 5\nactive_file 1000\ninactive_file 2000\n",
		}, 103000, "otai.service/memory.max"},
		"a group above": {map[string]string{
			"proc/self/cgroup": "0::/system.slice/otai.service\n",
			"sys/fs/cgroup/system.slice/otai.service/memory.max":     "max\n",
			"sys/fs/cgroup/system.slice/otai.service/memory.current": "900000\n",
			"sys/fs/cgroup/system.slice/memory.max":                  "5000\n",
			"sys/fs/cgroup/system.slice/memory.current":              "3000\n",
		}, 2000, "system.slice/memory.max"},
		"more used than allowed": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "5\n", "sys/fs/cgroup/memory.current": "9\n",
		}, 0, "memory.max"},
		"nonsense": {map[string]string{"proc/meminfo": "MemAvailable: many\n", "proc/self/cgroup": "0::../..\nx\n1:name=x:/\n"}, math.MaxInt64, ""},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for file, text := range c.files {
				path := filepath.Join(root, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := availableMemory(root)
			if got.bytes != c.want || !strings.Contains(got.said, c.said) {
				t.Errorf("got %d bytes by %q, want %d by %q", got.bytes, got.said, c.want, c.said)
			}
			if err := got.demand(c.want); err != nil {
				t.Error(err)
			}
			if c.want == math.MaxInt64 {
				return
			}
			if err := got.demand(c.want + 1); err == nil || !strings.Contains(err.Error(), c.said) {
				t.Errorf("error is %v", err)
			}
		})
	}
}
