package loader_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/internal/keptbuild"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// zoo holds what TestMain built. A plugin file is named as the folder of its
// source; all are in one module outside of the repository.
var zoo struct {
	dir  string
	host string
}

func TestMain(m *testing.M) {
	if loader.ServeProbe() {
		return
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "otai-zoo-")
		if err == nil {
			defer os.RemoveAll(dir)
			zoo.dir, zoo.host = dir, filepath.Join(dir, "testhost")
			err = buildZoo()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "build the plugins for the tests:", err)
			return 1
		}
		return m.Run()
	}())
}

// job is one call of go build.
type job struct {
	dir    string
	output string
	args   []string
	env    []string
}

func buildZoo() error {
	// Copies, since their paths are in what is built: so the same sources make the same files wherever the tests are.
	for _, name := range []string{"api", "other-api"} {
		if err := os.CopyFS(filepath.Join(zoo.dir, name), os.DirFS("../api")); err != nil {
			return err
		}
	}
	if err := appendTo(filepath.Join(zoo.dir, "other-api", "doc.go"), "\n// Added is in no release.\nfunc Added() {}\n"); err != nil {
		return err
	}
	if err := writeModule("zoo", "../api", "", ""); err != nil {
		return err
	}
	if err := writeModule("new-dep", "../api", "dep/dep.go", "\n// Added came with a later version.\nfunc Added() {}\n"); err != nil {
		return err
	}
	if err := writeModule("new-api", "../other-api", "", ""); err != nil {
		return err
	}

	library := filepath.Join(zoo.dir, "zoo", "missing_library")
	command := exec.Command("gcc", "-shared", "-fPIC", "-o", filepath.Join(library, "libotaizoo.so"), filepath.Join(library, "library", "library.c"))
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", command.Args, err, output)
	}

	jobs := []job{
		{dir: ".", output: "testhost", args: []string{"./internal/testhost"}},
		{dir: ".", output: "testhost-no-cgo", args: []string{"./internal/testhost"}, env: []string{"CGO_ENABLED=0"}},
		{dir: ".", output: "testhost-internal", args: []string{"-ldflags=-linkmode=internal", "./internal/testhost"}},
		{dir: "new-dep", output: "otai_needs_new_dep.so", args: []string{"-buildmode=plugin", "./needs_new_dep"}},
		{dir: "new-api", output: "otai_new_api.so", args: []string{"-buildmode=plugin", "./zz_good"}},
		{dir: "zoo", output: "otai_same_path.so", args: []string{"-buildmode=plugin", "-ldflags=-w", "./zz_good"}},
		{dir: "zoo", output: "otai_no_trimpath.so", args: []string{"-trimpath=false", "-buildmode=plugin", "./zz_good"}},
		{dir: "zoo", output: "otai_executable.so", args: []string{"./zz_good"}},
		{dir: "zoo", output: "otai_files.so", args: []string{"-buildmode=plugin", "zz_good/main.go"}},
	}
	sources, err := os.ReadDir("testdata/plugins")
	if err != nil {
		return err
	}
	for _, source := range sources {
		if name := source.Name(); name != "needs_new_dep" {
			jobs = append(jobs, job{dir: "zoo", output: "otai_" + name + ".so", args: []string{"-buildmode=plugin", "./" + name}})
		}
	}
	return buildAll(jobs)
}

// writeModule writes a module with all plugin sources and, if a file is named,
// one that has more text than the others'.
func writeModule(name, api, file, more string) error {
	dir := filepath.Join(zoo.dir, name)
	if err := os.CopyFS(dir, os.DirFS("testdata/plugins")); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, "dep"), os.DirFS("testdata/dep")); err != nil {
		return err
	}
	if file != "" {
		if err := appendTo(filepath.Join(dir, file), more); err != nil {
			return err
		}
	}
	mod := "module example.com/zoo\n\ngo 1.25.0\n\n" +
		"require github.com/open-ticket-ai/otai/pkg/api v1.0.0\n\n" +
		"replace github.com/open-ticket-ai/otai/pkg/api => " + api + "\n"
	return os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o600)
}

func appendTo(path, text string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, text...), 0o600)
}

// buildAll runs two builds at a time, the first one alone, as it fills the cache
// for the others.
func buildAll(jobs []job) error {
	if err := build(jobs[0]); err != nil {
		return err
	}
	var group sync.WaitGroup
	failed := make(chan error, len(jobs))
	queue := make(chan job)
	for range 2 {
		group.Go(func() {
			for j := range queue {
				if err := build(j); err != nil {
					failed <- err
				}
			}
		})
	}
	for _, j := range jobs[1:] {
		queue <- j
	}
	close(queue)
	group.Wait()
	close(failed)
	return <-failed
}

func build(j job) error {
	dir := j.dir
	if dir != "." {
		dir = filepath.Join(zoo.dir, dir)
	}
	args := []string{"-trimpath", "-pgo=off", "-buildvcs=false"}
	if strings.HasSuffix(j.output, ".so") {
		args = append(args, "-ldflags=-s -w") // half the work
	}
	args = append(args, j.args...)
	// A copy, as tests change files.
	return keptbuild.Build("loader-"+j.output, filepath.Join(zoo.dir, j.output), 0o755, func(kept string) *exec.Cmd {
		command := exec.Command("go", slices.Concat([]string{"build", "-o", kept}, args)...)
		command.Dir = dir
		command.Env = slices.Concat(os.Environ(), []string{"GOFLAGS=", "GOWORK=off", "CGO_ENABLED=1"}, j.env)
		return command
	})
}

// folder makes a plugin folder: a map of file names to what they shall hold. A
// value beginning with "zoo:" is a file that TestMain built, one with "link:" the
// target of a symbolic link; all else is the content.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		var err error
		if source, ok := strings.CutPrefix(content, "zoo:"); ok {
			err = os.Link(filepath.Join(zoo.dir, source), path)
			if err != nil {
				err = os.WriteFile(path, read(t, source), 0o600)
			}
		} else if target, ok := strings.CutPrefix(content, "link:"); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, built string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(zoo.dir, built))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// report is what testhost prints.
type report struct {
	Plugins, Again []outcome
	Names          []string
	Runs           map[string]string
	Error          string

	Checked    [][]params.Diagnostic
	Models     [][]map[string]string
	Labels     [][]loader.ModelLabels
	CheckError string `json:"check_error"`
	Opened     bool
}

type outcome struct {
	Name, Package, Prefix, Path, Version, API, Description, SHA256 string

	Status         loader.Status
	Size, Duration int64
	Injectables    []string
	Offers         []loader.Offer
	Stage          loader.Stage
	Code           loader.Code
	Message, Fix   string
	Output         string
}

// host runs the small host in a process of its own and fails the test when that
// process does not live to the end.
func host(t *testing.T, args ...string) report {
	t.Helper()
	return hostBinary(t, zoo.host, args...)
}

func hostCommand(t *testing.T, binary string, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), binary, args...)
}

func hostBinary(t *testing.T, binary string, args ...string) report {
	t.Helper()
	if !strings.Contains(strings.Join(args, " "), "-state") {
		args = append([]string{"-state", t.TempDir()}, args...)
	}
	var stdout, stderr bytes.Buffer
	command := hostCommand(t, binary, args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("the host died: %v\n%s", err, stderr.String())
	}
	var r report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, stdout.String())
	}
	return r
}

// inOrder makes policies that say nothing but an order.
func inOrder(names ...string) []string {
	var args []string
	for _, name := range names {
		args = append(args, "-policy", `{"Name":"`+name+`"}`)
	}
	return args
}

func (r report) plugin(t *testing.T, file string) outcome {
	t.Helper()
	for _, p := range r.Plugins {
		if filepath.Base(p.Path) == file {
			return p
		}
	}
	t.Fatalf("no report on %s among %+v", file, r.Plugins)
	return outcome{}
}

// goodPluginWorks fails the test unless the sound plugin was loaded and
// its pipe runs.
func (r report) goodPluginWorks(t *testing.T) {
	t.Helper()
	if p := r.plugin(t, "otai_zz_good.so"); p.Status != loader.Loaded {
		t.Errorf("the good plugin after it: %s", p.Message)
	}
	if got := r.Runs["zz-good:GreetPipe"]; got != "hello" {
		t.Errorf("the good plugin's pipe says %q", got)
	}
}
