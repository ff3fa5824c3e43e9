package main_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sharedPlugin = `package main

import (
	"context"
	"os"

	"github.com/Masterminds/semver/v3"
	"github.com/rs/zerolog"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-shared", Version: semver.MustParse("1.2.3").String(), API: ">=1.0.0 <2", Description: "Shares libraries with its host."},
		api.NewPipeFunc("LogPipe", "Logs a line.", run),
	)
}

func run(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
	logger := zerolog.New(os.Stderr)
	logger.Info().Msg("a line")
	return api.Success(nil), nil
}

func main() {}
`

// The versions are others than the host's; they need not be in any cache.
const sharedModule = `module example.com/otai-shared

go 1.25.0

require (
	github.com/Masterminds/semver/v3 v3.2.1
	github.com/open-ticket-ai/otai/pkg/api v1.0.0
	github.com/rs/zerolog v1.33.0
)

require (
	github.com/mattn/go-colorable v0.1.13 // indirect
	github.com/mattn/go-isatty v0.0.19 // indirect
	golang.org/x/sys v0.12.0 // indirect
)
`

// shared are the modules that the plugin and the host link both.
var shared = []string{
	"github.com/Masterminds/semver/v3", "github.com/mattn/go-colorable", "github.com/mattn/go-isatty", "github.com/rs/zerolog", "golang.org/x/sys",
}

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func goOutput(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := newCommand("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, stderrOf(err))
	}
	return strings.TrimSpace(string(out))
}

// hostVersion returns module@version.
func hostVersion(t *testing.T, module string) string {
	t.Helper()
	return goOutput(t, product.root, nil, "list", "-m", "-f", "{{.Path}}@{{.Version}}", module)
}

// moduleCache is one that holds the host's versions of the modules, and nothing
// else.
func moduleCache(t *testing.T, modules []string) string {
	t.Helper()
	cache := t.TempDir()
	full := goOutput(t, product.root, nil, "env", "GOMODCACHE")
	args := []string{"mod", "download", "-modcacherw"}
	for _, m := range modules {
		args = append(args, hostVersion(t, m))
	}
	goOutput(t, t.TempDir(), []string{
		"GOMODCACHE=" + cache, "GOPROXY=file://" + filepath.Join(full, "cache", "download"), "GOFLAGS=", "GONOSUMDB=*", "GOTOOLCHAIN=local",
	}, args...)
	return cache
}

// pathWithThisGo has the command of the release of Go that these tests run with first, also where
// GOTOOLCHAIN chose that: another module cache doesn't have it.
func pathWithThisGo(t *testing.T) string {
	t.Helper()
	return filepath.Join(goOutput(t, product.root, nil, "env", "GOROOT"), "bin") + ":" + os.Getenv("PATH")
}

// offline is the environment of an author without a network. The build cache is
// the developer's, for the sake of time.
func offline(t *testing.T, cache string) []string {
	t.Helper()
	return environment(t,
		"PATH="+pathWithThisGo(t), "GOPROXY=off", "GOMODCACHE="+cache,
		"GOCACHE="+goOutput(t, product.root, nil, "env", "GOCACHE"))
}

// fingerprint is of all files in a folder.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		fmt.Fprintf(sum, "%s %x\n", name, sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(sum.Sum(nil))
}

func runIn(dir string, env []string, args ...string) (string, int) {
	cmd := newCommand(product.otai, args...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		return err.Error(), -1
	}
	return string(out), 0
}

// wantLoaded wants `plugin list` to load the plugin in this folder.
func wantLoaded(t *testing.T, dir, name string) {
	t.Helper()
	out, _ := runIn(dir, environment(t), "plugin", "list", "--plugin-dir", dir)
	if line := lineWith(out, name); !strings.Contains(line, " loaded ") {
		t.Errorf("%s is not loaded:\n%s", name, out)
	}
}

func TestAPluginThatRequiresOtherVersionsLoadsAfterPluginBuild(t *testing.T) {
	t.Parallel()
	plugin := writeFiles(t, map[string]string{"go.mod": sharedModule, "main.go": sharedPlugin})
	before := fingerprint(t, plugin)
	env := offline(t, moduleCache(t, shared))
	into := t.TempDir()
	out, code := runIn(into, env, "plugin", "build", plugin)
	if code != 0 || !strings.Contains(out, hostVersion(t, "github.com/rs/zerolog")) {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	if fingerprint(t, plugin) != before {
		t.Error("the plugin's folder was changed")
	}
	wantLoaded(t, into, "otai_shared")
	recorded := goOutput(t, into, nil, "version", "-m", "otai_shared.so")
	if !strings.Contains(recorded, "github.com/open-ticket-ai/otai/pkg/api\tv1.0.0") {
		t.Errorf("the contract is not recorded at v1.0.0:\n%s", recorded)
	}
}

func TestAMissingModuleIsNamedWithTheCommandThatFetchesIt(t *testing.T) {
	t.Parallel()
	plugin := writeFiles(t, map[string]string{"go.mod": sharedModule, "main.go": sharedPlugin})
	without := slices.DeleteFunc(slices.Clone(shared), func(m string) bool { return m == "github.com/rs/zerolog" })
	into := t.TempDir()
	out, code := runIn(into, offline(t, moduleCache(t, without)), "plugin", "build", plugin)
	want := "go mod download " + hostVersion(t, "github.com/rs/zerolog")
	if code != 1 || !strings.Contains(out, want) {
		t.Errorf("exit code %d, want 1 and %q in:\n%s", code, want, out)
	}
	if entries, err := os.ReadDir(into); err != nil || len(entries) > 0 {
		t.Errorf("something was left behind: %v %v", entries, err)
	}
}

func TestTheHostsPathsAreRecordedWhereGoSelectsANewerVersion(t *testing.T) {
	t.Parallel()
	// The version in helper's go.mod exists nowhere: only its number counts.
	plugin := writeFiles(t, map[string]string{
		"go.mod": sharedModule + "\nrequire example.com/helper v1.0.0\n\nreplace example.com/helper => ./helper\n" +
			"\nreplace github.com/open-ticket-ai/otai/pkg/api v1.0.0 => ../nowhere\n",
		"main.go":          strings.Replace(sharedPlugin, "import (", "import (\n\t_ \"example.com/helper\"", 1),
		"helper/go.mod":    "module example.com/helper\n\ngo 1.25.0\n\nrequire github.com/Masterminds/semver/v3 v3.999.0\n",
		"helper/helper.go": "package helper\n\nimport _ \"github.com/Masterminds/semver/v3\"\n",
	})
	into := t.TempDir()
	out, code := runIn(into, offline(t, moduleCache(t, shared)), "plugin", "build", plugin, "-o", "otai_shared.so")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	wantLoaded(t, into, "otai_shared")
}

// What would make another plugin than the host wants: flags and experiments, of the
// environment and of go env -w, a workspace, GOPATH mode, no cgo.
func TestTheGoSettingsOfTheAuthorDoNotCount(t *testing.T) {
	t.Parallel()
	settings := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(settings, []byte("GOEXPERIMENT=arenas\nGOFLAGS=-race\nGONOPROXY=example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	plugin := writeModule(t, "otai-words", strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.0.0 <2"))
	env := append(offline(t, t.TempDir()), "GOENV="+settings, "GOEXPERIMENT=arenas", "GOFLAGS=-race -mod=vendor", "GOWORK=/nowhere/go.work",
		"GO111MODULE=off", "CGO_ENABLED=0", "GOARCH=arm64")
	into := t.TempDir()
	if out, code := runIn(into, env, "plugin", "build", plugin, "-o", into); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	wantLoaded(t, into, "otai_words")
	out, code := runIn(into, env, "plugin", "build", plugin, "-o", "otai_other.so")
	if _, err := os.Stat(filepath.Join(into, "otai_other.so")); code != 3 || !strings.Contains(out, "bad-metadata") || err == nil {
		t.Errorf("a file that could not be loaded under its name: exit code %d, %v\n%s", code, err, out)
	}
	if out, code := runIn(into, env, "plugin", "build", plugin, "-o", "no/folder.so"); code != 1 || !strings.Contains(out, "folder for no/folder.so: no such file") {
		t.Errorf("a folder that is not there: exit code %d\n%s", code, out)
	}
}

func TestAPluginIsBuiltWithTheFlagsOfItsHost(t *testing.T) {
	if os.Getenv("OTAI_TEST_ALL") == "" {
		t.Skip("compiles the standard library anew; OTAI_TEST_ALL=1 runs it")
	}
	host := filepath.Join(t.TempDir(), "otai")
	if err := goBuild(product.root, "-tags=otaitest", "-gcflags=all=-N -l", "-o", host, "./cmd/otai"); err != nil {
		t.Fatal(err)
	}
	plugin := writeModule(t, "otai-words", strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.0.0 <2"))
	into := t.TempDir()
	for _, args := range [][]string{{"plugin", "build", plugin}, {"plugin", "list", "--plugin-dir", "."}} {
		cmd := newCommand(host, args...)
		cmd.Dir, cmd.Env = into, offline(t, t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil || args[1] == "list" && !strings.Contains(lineWith(string(out), "otai_words"), " loaded ") {
			t.Fatalf("otai %v: %v\n%s", args, err, out)
		}
	}
	if out, code := runIn(into, environment(t), "plugin", "check", "otai_words.so"); code != 3 || !strings.Contains(out, "otai plugin build") {
		t.Errorf("the usual host: exit code %d, want 3 and a line that fixes it\n%s", code, out)
	}
}

// TestABuildSaysWhatThePluginChangesInItsProcess, which otai puts back, so that its author learns of it.
func TestABuildSaysWhatThePluginChangesInItsProcess(t *testing.T) {
	t.Parallel()
	moves := neighbor{name: "moves", use: []string{"os os.Chdir"}, code: "func init() { _ = os.Chdir(\"/\") }\n"}
	out, code := runIn(t.TempDir(), author(t), "plugin", "build", moves.write(t), "--alone")
	if code != 0 || !strings.Contains(out, "opening it changes its process") || !strings.Contains(out, "working directory") {
		t.Errorf("it ended with %d, and doesn't say what is changed:\n%s", code, out)
	}
	for _, n := range []neighbor{moves, {name: "bare"}} {
		var answer struct{ Changes []string }
		out, code := runIn(t.TempDir(), author(t), "plugin", "build", "--json", n.write(t), "--alone")
		if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 {
			t.Fatalf("it ended with %d: %v\n%s", code, err, out)
		}
		if changes := strings.Join(answer.Changes, "\n"); answer.Changes == nil || strings.Contains(changes, "working directory") != (n.name == "moves") || n.name == "bare" && changes != "" {
			t.Errorf("%s changes %q", n.name, answer.Changes)
		}
	}
}
