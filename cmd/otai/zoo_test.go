package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// animal is a bad plugin file, or several, and what the host has to say about it.
type animal struct {
	name  string // what is wrong
	make  maker
	pkg   string // package of the file that is refused; "" is otai_a_bad
	stage string
	code  string
	word  string // the message holds it
	use   string // what a configuration needs from it; "" is its AnyPipe; may be "nothing"

	rare      bool // only with OTAI_TEST_ALL
	fixed     bool // made for the ordinary host: means nothing to one built with other flags
	sanitized bool // made for a host with the race detector
}

const (
	badPackage  = "otai_a_bad"
	goodPackage = "otai_z_good"
)

// TestNoPluginFileHurtsTheHost puts each bad file into a folder together with a
// good plugin that comes after it. The host has to live, to name the cause, and to
// load and run the good one.
func TestNoPluginFileHurtsTheHost(t *testing.T) {
	newZoo(product.otai).visit(t)
}

func TestNoPluginFileHurtsAHostWithTheRaceDetector(t *testing.T) {
	needsAll(t)
	host := filepath.Join(t.TempDir(), "otai")
	if err := goBuild(product.root, "-race", "-o", host, "./cmd/otai"); err != nil {
		t.Fatal(err)
	}
	newZoo(host, "-race").visit(t)
}

// everyAnimal are the files that each run of the tests tries: one for each thing that refuses files.
// pkg/loader has more of each, for a host of its own. See selection_test.go.
var everyAnimal = []string{
	"a dangling link", "the name of the built-in plugin",
	"a file that everybody can write to",
	"a plugin that was grown to a terabyte", "another release, by its own words", "a library that is not there",
	"a C library", "another contract", "another version of a module that two plugins share",
	"exit in init", "abort in C", "an endless loop in init", "Goexit in init", "a panic in the factory", "nil for a plugin",
	"a literal injectable", "one name twice",
}

func needsAll(t *testing.T) {
	t.Helper()
	if os.Getenv("OTAI_TEST_ALL") == "" {
		t.Skip("takes long: set OTAI_TEST_ALL=1")
	}
}

func (z *zoo) visit(t *testing.T) {
	good := z.build(t, build{source: "good"})
	for _, a := range animals() {
		if a.fixed && len(z.flags) > 0 || a.sanitized && len(z.flags) == 0 {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			switch {
			case a.rare:
				needsAll(t)
			case !slices.Contains(everyAnimal, a.name) && !ofEachCause():
				t.Skip("much like another one: set OTAI_TEST_ALL=1")
			}
			t.Parallel()
			dir := t.TempDir()
			a.make(t, z, dir)
			copyFile(t, good, filepath.Join(dir, goodPackage+".so"))
			z.judge(t, a, dir)
		})
	}
}

// judge looks at the folder with three processes at a time, since a plugin that is
// waited for makes each of them wait.
func (z *zoo) judge(t *testing.T, a animal, dir string) {
	t.Helper()
	if a.pkg == "" {
		a.pkg = badPackage
	}
	if a.use == "" {
		a.use = strings.ReplaceAll(strings.TrimPrefix(a.pkg, "otai_"), "_", "-") + ":AnyPipe"
	}
	limit := patientProbe
	if a.code == "probe-timeout" {
		limit = "3s"
	}
	list := z.start(t, limit, "plugin", "list", "--json", "--plugin-dir", dir)
	good := z.start(t, limit, "run", "--once", "--plugin-dir", dir, "-c", writeFile(t, step("z-good:GreetPipe")))
	if a.use != "nothing" {
		bad := z.start(t, limit, "run", "--once", "--plugin-dir", dir, "-c", writeFile(t, step(a.use)))
		defer func() { a.checkNeeded(t, <-bad) }()
	}
	if end := <-good; end.code != 0 {
		t.Errorf("a run of the good plugin ended with %d\n%s%s", end.code, end.out, end.log)
	}
	a.checkList(t, <-list)
}

func (a *animal) checkList(t *testing.T, e ending) {
	t.Helper()
	var list []pluginStatus
	if err := json.Unmarshal([]byte(e.out), &list); err != nil || e.code != 0 {
		t.Errorf("plugin list --json ended with %d: %v\n%s%s", e.code, err, e.out, e.log)
		return
	}
	if good := statusOf(list, goodPackage); good.Status != "loaded" {
		t.Errorf("the good plugin is %+v", good)
	}
	bad := statusOf(list, a.pkg)
	if bad.Status != "rejected" || bad.Code != a.code || bad.Stage != a.stage {
		t.Errorf("the bad plugin is %q at %q with code %q, want it rejected at %q with code %q: %s", bad.Status, bad.Stage, bad.Code, a.stage, a.code, bad.Error)
	}
	if !strings.Contains(bad.Error, a.word) {
		t.Errorf("the cause lacks %q: %s", a.word, bad.Error)
	}
	if strings.ContainsFunc(bad.Error, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
		t.Errorf("the cause would do something to a terminal: %q", bad.Error)
	}
	if bad.Fix == "" {
		t.Errorf("it says nothing about what to do: %s", bad.Error)
	}
}

// checkNeeded judges a run whose configuration uses the bad plugin.
func (a *animal) checkNeeded(t *testing.T, e ending) {
	t.Helper()
	if e.code != 3 {
		t.Errorf("a run that needs the bad plugin ended with %d, want 3\n%s%s", e.code, e.out, e.log)
	}
	for _, want := range []string{a.use, a.code, a.word} {
		if !strings.Contains(e.log, want) {
			t.Errorf("the message of a run that needs the bad plugin lacks %q:\n%s", want, e.log)
		}
	}
}

func step(use string) string {
	return fmt.Sprintf("orchestrator:\n  params:\n    steps:\n      - { id: only, use: %q }\n", use)
}

// pluginStatus is what a program reads from `otai plugin list --json`.
type pluginStatus struct {
	Package, Status, Stage, Code, Error, Fix string
	Path                                     string
}

// statusOf returns what is said of a package's file. Of two, the one that was
// refused counts.
func statusOf(list []pluginStatus, pkg string) (found pluginStatus) {
	for _, p := range list {
		if (p.Package == pkg || strings.TrimSuffix(filepath.Base(p.Path), ".so") == pkg) && found.Status != "rejected" {
			found = p
		}
	}
	return found
}

// ending is how a process ended. One that was killed has code -1.
type ending struct {
	out, log string
	code     int
}

// patientProbe is how long a busy machine may take to try a plugin that ends.
const patientProbe = "1m"

// start runs the zoo's host in a process of its own, with a state folder of its
// own, and sends its end. A plugin that is tried has so long.
func (z *zoo) start(t *testing.T, limit string, args ...string) <-chan ending {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	var out, log bytes.Buffer
	cmd := newCommandContext(ctx, z.host, args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = environment(t, "OTAI_PROBE_TIMEOUT="+limit), t.TempDir(), &out, &log
	cmd.WaitDelay = time.Second
	ended := make(chan ending, 1)
	go func() {
		defer cancel()
		err := cmd.Run()
		if cmd.ProcessState == nil {
			ended <- ending{code: -1, log: err.Error()}
			return
		}
		ended <- ending{out: out.String(), log: log.String(), code: cmd.ProcessState.ExitCode()}
	}()
	return ended
}

// again is a configuration that never ends.
const again = `
orchestrator:
  params:
    steps:
      - use: base:SimpleSequentialRunner
        params:
          on: { use: base:IntervalTrigger, params: { interval: PT0.02S } }
          run: { id: greeting, use: "z-good:GreetPipe" }
`

func TestOneOfSeveralFoldersMayBeBad(t *testing.T) {
	z := newZoo(product.otai)
	good := filepath.Join(t.TempDir(), "good")
	if err := os.Mkdir(good, 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, z.build(t, build{source: "good"}), filepath.Join(good, goodPackage+".so"))
	for name, c := range map[string]struct {
		make func(t *testing.T, dir string)
		file string // that is refused
		code string
		word string
	}{
		"a link to itself": {
			func(t *testing.T, dir string) {
				if err := os.Symlink(dir, dir); err != nil {
					t.Fatal(err)
				}
			}, "bad", "unreadable", "too many levels of symbolic links",
		},
		"a file": {
			func(t *testing.T, dir string) { writeAt(t, dir, nil) },
			"bad", "unreadable", "not a directory",
		},
		"a folder with the same plugin": {
			func(t *testing.T, dir string) {
				if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
					t.Fatal(err)
				}
			}, goodPackage + ".so", "duplicate-name", filepath.Join(good, goodPackage+".so"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "bad")
			c.make(t, dir)
			e := <-z.start(t, patientProbe, "plugin", "list", "--json", "--plugin-dir", good, "--plugin-dir", dir)
			var list []pluginStatus
			if err := json.Unmarshal([]byte(e.out), &list); err != nil || e.code != 0 || len(list) != 2 {
				t.Fatalf("plugin list --json ended with %d: %v\n%s%s", e.code, err, e.out, e.log)
			}
			for _, p := range list {
				switch {
				case filepath.Dir(p.Path) == good && p.Status != "loaded":
					t.Errorf("the good plugin is %+v", p)
				case filepath.Dir(p.Path) != good && (filepath.Base(p.Path) != c.file || p.Code != c.code || !strings.Contains(p.Error, c.word)):
					t.Errorf("what is bad is %+v, want %s with code %s and %q", p, c.file, c.code, c.word)
				}
			}
			if e := <-z.start(t, patientProbe, "run", "--once", "--plugin-dir", good, "--plugin-dir", dir, "-c", writeFile(t, step("z-good:GreetPipe"))); e.code != 0 {
				t.Errorf("a run of the good plugin ended with %d\n%s%s", e.code, e.out, e.log)
			}
		})
	}
}

// A file that is overwritten while its code is mapped kills a process; the host
// runs a copy of its own.
func TestAPluginFileMayBeReplacedInPlaceWhileItIsLoaded(t *testing.T) {
	z := newZoo(product.otai)
	for name, replace := range map[string]func(t *testing.T, path string){
		"cut to nothing": func(t *testing.T, path string) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		},
		"overwritten by another": func(t *testing.T, path string) {
			copyFile(t, z.build(t, build{source: "sound"}), path)
		},
		"overwritten by zeros": func(t *testing.T, path string) {
			if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"removed": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, goodPackage+".so")
			copyFile(t, z.build(t, build{source: "good"}), file)
			p := start(t, environment(t), "run", "--plugin-dir", dir, "--log-level", "debug", "-c", writeFile(t, again))
			greeted := func() int { return strings.Count(p.log.String(), "Hello, you") }
			eventually(t, "the plugin runs", func() bool { return greeted() > 0 })
			replace(t, file)
			before := greeted()
			eventually(t, "the plugin runs on", func() bool { return greeted() > before+2 })
			p.stop(t)
		})
	}
}
