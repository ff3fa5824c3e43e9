package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// unfitHosts are builds of otai that can't open plugins, whichever release makes them.
var unfitHosts = map[string]struct {
	flags, env []string
	code, word string
	rare       bool
	everyTime  bool
}{
	"linked by Go's own linker": {flags: []string{"-ldflags=-s -w -linkmode=internal"}, code: "unfit-host", word: "-linkmode=internal", everyTime: true},
	"linked statically":         {flags: []string{"-ldflags=-s -w -linkmode=external -extldflags=-static"}, code: "unfit-host", word: "-extldflags=-static"},
	"without cgo":               {env: []string{"CGO_ENABLED=0"}, code: "unfit-host", word: "CGO_ENABLED=0"},
	"by a release that breaks type switches": {
		env: []string{"GOTOOLCHAIN=go1.27.1"}, code: "bad-toolchain", word: "golang/go#81303", rare: true,
	},
}

// TestAHostThatCanNotOpenPluginsSaysSoOnce wants each command that needs plugins to name
// the host as the cause, once and not for each file, with its release and what to do.
func TestAHostThatCanNotOpenPluginsSaysSoOnce(t *testing.T) {
	t.Parallel()
	for name, u := range unfitHosts {
		t.Run(name, func(t *testing.T) {
			switch {
			case u.rare:
				needsAll(t)
			case !u.everyTime && !ofEachCause():
				t.Skip("much like another one: set OTAI_TEST_ALL=1")
			}
			t.Parallel()
			host := filepath.Join(t.TempDir(), "otai")
			cmd := newCommand("go", slices.Concat([]string{"build", "-trimpath", "-pgo=off", "-buildvcs=false", "-ldflags=-s -w"}, u.flags, []string{"-o", host, "./cmd/otai"})...)
			cmd.Dir, cmd.Env = product.root, append(os.Environ(), u.env...)
			if out, err := cmd.CombinedOutput(); err != nil {
				if u.rare && !haveRelease(strings.TrimPrefix(u.env[0], "GOTOOLCHAIN=")) {
					t.Skip("this release can't be had:", err)
				}
				t.Fatalf("%v\n%s", err, out)
			}
			release := runtime.Version()
			if u.rare {
				release = strings.TrimPrefix(u.env[0], "GOTOOLCHAIN=")
			}
			project := filepath.Join(t.TempDir(), "otai-words")
			if out, err := runOtai(t, environment(t), "plugin", "new", "words", project); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			files := []string{filepath.Join(product.plugins, "otai_otobo_znuny.so"), filepath.Join(product.plugins, "otai_hf_local.so")}
			for _, args := range [][]string{
				{"plugin", "list"},
				{"run", "--once", "-c", writeFile(t, nothingToDo)},
				slices.Concat([]string{"plugin", "check"}, files),
				slices.Concat([]string{"plugin", "check", "--static"}, files),
				{"plugin", "build", project},
			} {
				cmd := newCommand(host, args...)
				cmd.Env, cmd.Dir = environment(t), t.TempDir()
				out, _ := cmd.CombinedOutput()
				text := string(out)
				if code := cmd.ProcessState.ExitCode(); code != 3 {
					t.Errorf("%v ended with %d, want 3:\n%s", args, code, text)
				}
				for _, want := range []string{u.code, u.word, release, "go build -trimpath"} {
					if !strings.Contains(text, want) {
						t.Errorf("%v lacks %q:\n%s", args, want, text)
					}
				}
				if n := strings.Count(text, u.word); n != 1 {
					t.Errorf("%v says it %d times:\n%s", args, n, text)
				}
			}
			cureHost(t, host, u.env)
			cmd = newCommand(host, "plugin", "check", "--json", "--static", files[0])
			cmd.Env = environment(t)
			out, _ := cmd.Output()
			var answer map[string]any
			if err := json.Unmarshal(out, &answer); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// cureHost types the command that the host prints, where its sources are, in the
// environment that it was built in. The other one, make, is what builds every release.
func cureHost(t *testing.T, host string, env []string) {
	t.Helper()
	cmd := newCommand(host, "plugin", "list")
	cmd.Env, cmd.Dir = environment(t), t.TempDir()
	out, _ := cmd.CombinedOutput()
	found := regexp.MustCompile(`: ((?:CGO_ENABLED=1|GOTOOLCHAIN=\S+) go build -trimpath.*); or, in its sources: make\b`).FindStringSubmatch(string(out))
	if found == nil {
		t.Errorf("it prints no command:\n%s", out)
		return
	}
	cured := filepath.Join(t.TempDir(), "otai")
	cmd = newCommand("sh", "-c", found[1]+" -o "+cured)
	cmd.Dir, cmd.Env = filepath.Join(product.root, "cmd", "otai"), append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", found[1], err, out)
		return
	}
	cmd = newCommand(cured, "plugin", "list")
	cmd.Env, cmd.Dir = environment(t), t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("after %s: %v\n%s", found[1], err, out)
	}
}

// haveRelease reports whether a release of Go is on this machine or can be fetched.
func haveRelease(release string) bool {
	cmd := newCommand("go", "version")
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+release)
	return cmd.Run() == nil
}

// What is pinned is what CI and make test-all run; what is refused at the build is refused
// at the start, too.
func TestTheReleasesOfGoAreThoseOfTheScripts(t *testing.T) {
	lines := func(name, pattern string) []string {
		content, err := os.ReadFile(filepath.Join(product.root, name))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindAllString(string(content), -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	if pinned := lines("build/go-releases", `(?m)^[0-9.]+$`); len(pinned) < 2 {
		t.Errorf("pinned are %q", pinned)
	}
	const bad = `go1\.27\.[0-9]+\b`
	refused := lines("build/toolchain.sh", bad)
	for _, release := range lines("pkg/loader/preflight/host.go", `"`+bad+`":`) {
		if release = strings.Trim(release, `":`); !slices.Contains(refused, release) {
			t.Errorf("build/toolchain.sh builds with %s", release)
		}
	}
	if len(refused) != 2 {
		t.Errorf("build/toolchain.sh refuses %q", refused)
	}
}

func TestMakeRefusesAReleaseThatBreaksPlugins(t *testing.T) {
	if !haveRelease("go1.27.1") {
		t.Skip("go1.27.1 can't be had")
	}
	cmd := newCommand("make", "build")
	cmd.Dir, cmd.Env = product.root, append(os.Environ(), "GOTOOLCHAIN=go1.27.1", "DIST="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "bad-toolchain") || !strings.Contains(string(out), "golang/go#81303") {
		t.Errorf("%v\n%s", err, out)
	}
	// The command that is printed, without the work that it does.
	command := regexp.MustCompile(`GOTOOLCHAIN=\S+ make`).FindString(string(out))
	release := strings.TrimSuffix(strings.TrimPrefix(command, "GOTOOLCHAIN="), " make")
	if !haveRelease(release) {
		t.Skip(release + " can't be had")
	}
	cmd = newCommand("build/toolchain.sh")
	cmd.Dir, cmd.Env = product.root, append(os.Environ(), "GOTOOLCHAIN="+release)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%q: %v\n%s", command, err, out)
	}
}

// On every release: --static has nothing but what it reads in the file.
func TestAPluginWithAnotherFactoryIsRefusedByReadingAlone(t *testing.T) {
	t.Parallel()
	z := newZoo(product.otai)
	for source, word := range map[string]string{
		"other_argument": "CreatePlugin is func(string) github.com/open-ticket-ai/otai/pkg/api.Plugin",
		"other_result":   "(github.com/open-ticket-ai/otai/pkg/api.Plugin, error)",
		"own_types":      "own_types.AppConfig",
		"variable":       "CreatePlugin is a variable",
	} {
		out, code := runIn(t.TempDir(), environment(t), "plugin", "check", "--static", z.build(t, build{source: source}))
		if code != 3 || !strings.Contains(out, "wrong-symbol-type") || !strings.Contains(out, word) {
			t.Errorf("%s with %s: exit code %d, want 3 and %q:\n%s", source, runtime.Version(), code, word, out)
		}
	}
	if out, code := runIn(t.TempDir(), environment(t), "plugin", "check", "--static", z.build(t, build{source: "sound"})); code != 0 {
		t.Errorf("a sound plugin: exit code %d\n%s", code, out)
	}
}
