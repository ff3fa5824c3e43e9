package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyRunOpensAPluginInItsOwnProcess has a plugin write down which process
// opened it, and whose keeper looks after that.
func TestOnlyRunOpensAPluginInItsOwnProcess(t *testing.T) {
	t.Parallel()
	source := strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.0.0 <2")
	source = strings.Replace(source, `"strings"`, "\"fmt\"\n\t\"os\"\n\t\"strings\"", 1) + `
func init() {
	trace, err := os.OpenFile(os.Getenv("XDG_TRACE"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer trace.Close()
	// "PID (NAME) STATE PARENT …": the parent of a process that tries it is its keeper.
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", os.Getppid()))
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	fmt.Fprintln(trace, os.Getpid(), os.Getppid(), fields[1])
}
`
	plugins := t.TempDir()
	file := filepath.Join(plugins, "otai_words.so")
	buildPlugin(t, writeModule(t, "otai-words", source), file)
	config := writeFile(t, wordsUse)
	for name, c := range map[string]struct {
		args        []string
		opensItself bool
	}{
		"run":              {[]string{"run", "--once", "-c", config}, true},
		"validate":         {[]string{"validate", "-c", config}, false},
		"validate as JSON": {[]string{"validate", "--json", "-c", config}, false},
		"schema":           {[]string{"schema", "-c", config}, false},
		"plugin list":      {[]string{"plugin", "list", "-c", config}, false},
		"plugin inspect":   {[]string{"plugin", "inspect", file}, false},
		"plugin check":     {[]string{"plugin", "check", file}, false},
	} {
		t.Run(name, func(t *testing.T) {
			trace := filepath.Join(t.TempDir(), "trace")
			cmd := newCommand(product.otai, c.args...)
			cmd.Env, cmd.Dir = environment(t, "OTAI_PLUGIN_DIR="+plugins, "XDG_TRACE="+trace), t.TempDir()
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			text, err := os.ReadFile(trace)
			if err != nil {
				t.Fatalf("nobody opened the plugin: %v", err)
			}
			parents := make(map[int]int) // of the processes that opened it
			itself := cmd.Process.Pid    // the process that does the work
			for line := range strings.Lines(string(text)) {
				var pid, parent, above int
				if _, err := fmt.Sscan(line, &pid, &parent, &above); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				if parents[pid] = above; c.opensItself && parent == cmd.Process.Pid {
					itself = pid // the worker
				}
			}
			own, children := 0, 0
			for pid, parent := range parents {
				switch itself {
				case pid:
					own++
				case parent:
					children++
				default:
					t.Errorf("process %d, below %d, opened it: neither otai (%d) nor a child of its keeper", pid, parent, itself)
				}
			}
			if children == 0 || (own > 0) != c.opensItself {
				t.Errorf("opened %d times by otai itself and %d times by its children", own, children)
			}
		})
	}
}
