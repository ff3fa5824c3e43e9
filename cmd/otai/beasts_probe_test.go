package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the process meets with that only tries a beast.
var beastsAtProbes = map[string]struct {
	code  int
	words []string
}{
	"secretenv":          {code: 0},
	"killparent":         {code: 3, words: []string{"probe-crashed", "otai_killparent.so"}},
	"daemon":             {code: 0},
	"probe-forks":        {code: 0}, // a session of its own, by C
	"probe-kills-family": {code: 3, words: []string{"probe-crashed"}},
	"probe-stops-parent": {code: 3, words: []string{"probe-crashed", "killed or stopped the process"}},
	"probe-executes":     {code: 3, words: []string{"probe-crashed"}},
	"probe-answers":      {code: 3, words: []string{"probe-crashed"}},
	"globals":            {code: 0, words: []string{"opening it changes its process", "GOMAXPROCS"}},
}

// TestNoPluginCodeHurtsWhoChecksIt has each beast opened by a process that only tries it.
func TestNoPluginCodeHurtsWhoChecksIt(t *testing.T) {
	t.Parallel()
	c := newCage(t)
	for kind, k := range beastsAtProbes {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			v := c.prepare(t, beast{kind: kind})
			v.cmd.Args = append(v.cmd.Args[:1], "plugin", "check", filepath.Join(v.dir, "plugins", v.file))
			v.cmd.Env = append(v.cmd.Env, "HELPDESK_TOKEN="+password, "PLAIN=1")
			v.begin(t)
			select {
			case <-v.ended:
			case <-time.After(time.Minute):
				t.Error("it didn't end")
			}
			said := v.out.String() + v.log.String()
			if code := v.cmd.ProcessState.ExitCode(); code != k.code {
				t.Errorf("it ended with %d, want %d", code, k.code)
			}
			for _, word := range k.words {
				if !strings.Contains(said, word) {
					t.Errorf("it doesn't say %q", word)
				}
			}
			seen, _ := os.ReadFile(filepath.Join(v.dir, "tmp", "seen-by-init"))
			if strings.Contains(said+string(seen), password) {
				t.Error("it got a secret")
			}
			v.wantNothingLeft(t)
			if t.Failed() {
				t.Logf("it said:\n%s", shortened(said))
			}
		})
	}
}

// What a plugin prints doesn't get into an answer.
func TestNoPluginPrintsIntoAnAnswer(t *testing.T) {
	c := newCage(t)
	for k, kind := range []string{"stdout", "describe-prints", "call-prints"} {
		for a, args := range [][]string{
			{"plugin", "list", "--json"},
			{"validate", "--json"},
			{"run", "--once", "--dry-run", "--run", kind + ":P"},
			{"run", "--once"},
		} {
			t.Run(kind+" "+strings.Join(args, " "), func(t *testing.T) {
				oneIn(t, 3, a+2*k) // each command, and of each kind one that runs into it
				t.Parallel()
				v := c.prepare(t, beast{kind: kind})
				config := slices.Clone(v.cmd.Args[2:])
				v.cmd.Args = append(v.cmd.Args[:1], args...)
				if args[0] != "plugin" {
					v.cmd.Args = append(v.cmd.Args, config...)
				}
				writeAt(t, filepath.Join(v.dir, "config.yml"), []byte(step(kind+":P")))
				v.begin(t)
				<-v.ended
				if code := v.cmd.ProcessState.ExitCode(); code != 0 {
					t.Errorf("it ended with %d:\n%s", code, v.log)
				}
				for line := range strings.Lines(v.out.String()) {
					if strings.Contains(line, " prints") || strings.Contains(line, "hello") {
						t.Errorf("standard output has %q", line)
					}
				}
				if args[0] != "run" && !json.Valid([]byte(v.out.String())) {
					t.Errorf("the answer can't be read:\n%s\n%s", v.out, v.log)
				}
			})
		}
	}
}

// What a plugin changes when it is opened is shown to who lists the plugins, too.
func TestAPluginsChangesAreListed(t *testing.T) {
	t.Parallel()
	v := newCage(t).prepare(t, beast{kind: "globals"})
	v.cmd.Args = append(v.cmd.Args[:1], "plugin", "list", "--json", "--plugin-dir", filepath.Join(v.dir, "plugins"))
	v.begin(t)
	<-v.ended
	var list []struct {
		Name    string
		Status  string
		Changes []string
	}
	if err := json.Unmarshal([]byte(v.out.String()), &list); err != nil {
		t.Fatalf("%v\n%s%s", err, v.out, v.log)
	}
	for _, p := range list {
		guilty := p.Name == "otai-globals"
		if changes := strings.Join(p.Changes, "\n"); p.Status != "loaded" || guilty != strings.Contains(changes, "GOMAXPROCS") || !guilty && changes != "" {
			t.Errorf("%s is %s, and changes %q", p.Name, p.Status, p.Changes)
		}
	}
	if len(list) < 2 {
		t.Errorf("%d plugins are listed", len(list))
	}
}

func TestAPluginThatChangesItsProcessIsRefusedWhereTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	c := newCage(t)
	b := beast{kind: "open-moves", fate: without, use: usesNothing, cause: "init-side-effects"}
	v := c.prepare(t, b)
	config := "plugins: [{ name: otai-open-moves, init_side_effects: refuse }]\n" + b.configuration(filepath.Join(v.dir, "ticks"))
	writeAt(t, filepath.Join(v.dir, "config.yml"), []byte(config))
	v.begin(t)
	if !v.until(time.Minute, func() bool { return v.names(b) && len(v.ticks()) > 0 }) {
		t.Errorf("it isn't refused, or nothing else runs:\n%s", v.log)
	}
	if code, _ := v.leave(t); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}
