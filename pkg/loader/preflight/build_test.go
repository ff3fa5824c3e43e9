package preflight_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/keptbuild"
)

// workshop is where the tests build hosts and plugins; TestMain removes it.
var workshop struct {
	dir  string
	core func() error // builds what every run needs, once
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		workshop.core = sync.OnceValue(func() (err error) {
			if workshop.dir, err = os.MkdirTemp("", "preflight-"); err != nil {
				return err
			}
			if err := furnish(); err != nil {
				return err
			}
			_, err = buildAll(slices.Concat(core(hosts), core(plugins)))
			return err
		})
		defer func() {
			if workshop.dir == "" {
				return
			}
			if err := os.RemoveAll(workshop.dir); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
		return m.Run()
	}())
}

func core(builds []build) []build {
	return slices.DeleteFunc(slices.Clone(builds), func(b build) bool { return !b.core })
}

// all reports whether the tests that take minutes are wanted.
func all() bool { return os.Getenv("OTAI_TEST_ALL") != "" }

func built(name string) string { return filepath.Join(workshop.dir, "built", name) }

// build is one call of go build in the module of the tests.
type build struct {
	name    string // of the file
	pkg     string // its package's folder
	flags   []string
	env     []string
	release string // of Go; "" is that of the test
	core    bool   // part of every run
}

// furnish writes the sources: a module, a library that it needs in two versions,
// and C libraries.
func furnish() error {
	module := filepath.Join(workshop.dir, "module")
	if err := os.CopyFS(module, os.DirFS("testdata/predict")); err != nil {
		return err
	}
	files := map[string]string{
		"c/zzz.c":     "int zzz(void) { return 7; }\n",
		"c/present.c": "int zzz(void) { return 8; }\n",
	}
	source, err := os.ReadFile("testdata/dep/dep.go")
	if err != nil {
		return err
	}
	for file, version := range map[string]string{"go.mod": "v1.0.0", "other.mod": "v1.1.0"} {
		dir := "dep@" + version
		files["module/"+file] = "module example.com/predict\n\ngo 1.25.0\n\nrequire example.org/dep " + version +
			"\n\nreplace example.org/dep => ../" + dir + "\n"
		files[dir+"/go.mod"] = "module example.org/dep\n\ngo 1.25.0\n"
		files[dir+"/dep.go"] = string(source)
	}
	for name, content := range files {
		path := filepath.Join(workshop.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return err
		}
	}
	for _, name := range []string{"zzz", "present"} {
		library := filepath.Join(workshop.dir, "c", "lib"+name+".so")
		if err := run(exec.Command("gcc", "-shared", "-fPIC", "-o", library, filepath.Join(workshop.dir, "c", name+".c"))); err != nil {
			return err
		}
	}
	return os.Mkdir(filepath.Join(workshop.dir, "built"), 0o700)
}

// writeProfile makes a profile for -pgo of functions that host and plugins share.
func writeProfile() error {
	file, err := os.Create(filepath.Join(workshop.dir, "cpu.pgo"))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	for start, n := time.Now(), 0; time.Since(start) < 300*time.Millisecond; n++ {
		if _, err := strconv.Atoi(strings.Repeat(fmt.Sprint(n, strconv.Quote("ä")), 3)); err == nil {
			return errors.New("that was no number")
		}
	}
	pprof.StopCPUProfile()
	return nil
}

// buildAll runs two builds at a time. Builds for another release of Go that can't
// be fetched are left out and reported.
func buildAll(builds []build) (left map[string]string, err error) {
	var group sync.WaitGroup
	var lock sync.Mutex
	left = make(map[string]string)
	queue := make(chan build)
	for range 2 {
		group.Go(func() {
			for b := range queue {
				wrong := b.run()
				lock.Lock()
				switch {
				case wrong == nil:
				case b.release != "" && !available(b.release):
					left[b.name] = b.release + " can't be fetched"
				default:
					err = errors.Join(err, wrong)
				}
				lock.Unlock()
			}
		})
	}
	for _, b := range builds {
		queue <- b
	}
	close(queue)
	group.Wait()
	// The library is there when plugins are linked, and gone when they are opened.
	if removal := os.Remove(filepath.Join(workshop.dir, "c", "libzzz.so")); !errors.Is(removal, os.ErrNotExist) {
		err = errors.Join(err, removal)
	}
	return left, err
}

func available(release string) bool {
	command := exec.Command("go", "version")
	command.Env = append(os.Environ(), "GOTOOLCHAIN="+release)
	return command.Run() == nil
}

func (b build) run() error {
	var args []string
	if strings.HasSuffix(b.name, ".so") {
		args = append(args, "-buildmode=plugin") // a later -buildmode wins
	}
	args = append(append(args, b.flags...), "./"+b.pkg)
	for n := range args {
		args[n] = strings.ReplaceAll(args[n], "DIR", workshop.dir)
	}
	return keptbuild.Build("preflight-"+b.name, built(b.name), 0o755, func(kept string) *exec.Cmd {
		command := exec.Command("go", slices.Concat([]string{"build", "-o", kept}, args)...)
		command.Dir = filepath.Join(workshop.dir, "module")
		command.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=1")
		if b.release != "" {
			command.Env = append(command.Env, "GOTOOLCHAIN="+b.release)
		}
		for _, variable := range b.env {
			command.Env = append(command.Env, strings.ReplaceAll(variable, "DIR", workshop.dir))
		}
		return command
	})
}

func run(command *exec.Cmd) error {
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", command.Args, err, output)
	}
	return nil
}

// sorted is for failures that read alike in every run.
func sorted(left map[string]string) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(left)) {
		lines = append(lines, name+": "+left[name])
	}
	return lines
}
