package main_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A service runs as a user of its own, and an administrator, as root, looks after it.

func newService(t *testing.T) *attack {
	t.Helper()
	requireRoot(t)
	dir := openFolder(t)
	a := &attack{
		dir: dir, file: filepath.Join(product.plugins, "otai_otobo_znuny.so"),
		config: filepath.Join(dir, "config.yml"), state: filepath.Join(dir, "state"),
	}
	must(t,
		os.Mkdir(filepath.Join(dir, "tmp"), 0o700), os.Chmod(filepath.Join(dir, "tmp"), 0o777|os.ModeSticky),
		os.WriteFile(a.config, []byte(serviceConfig), 0o644),
		os.Mkdir(a.state, 0o700), os.Chown(a.state, mallory, mallory),
		os.Mkdir(filepath.Join(dir, "log"), 0o700), os.Chown(filepath.Join(dir, "log"), mallory, mallory),
	)
	return a
}

// Nothing listens there: what is asked of the help desk fails, and is of no interest.
const serviceConfig = `
infrastructure: { logging: { log_to_file: true, log_file_path: log/otai.log } }
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "http://127.0.0.1:1/nph-genericinterface.pl", password: correct-horse }
orchestrator: { params: { steps: [] } }
`

func TestRootLeavesNothingThatTheServiceCannotUse(t *testing.T) {
	t.Parallel()
	a := newService(t)
	for _, args := range [][]string{
		{"plugin", "list", "-c", a.config},
		{"validate", "-c", a.config},
		{"doctor", "-c", a.config},
		{"model", "list"},
		{"run", "--once", "-c", a.config},
		{"run", "--dry-run", "--once", "-c", a.config},
	} {
		out, err := a.otai(0, args...)
		if refused := strings.Contains(out, "(state-dir)"); refused != slices.Equal(args[:2], []string{"run", "--once"}) || refused && err == nil {
			t.Errorf("otai %q: %v\n%s", args, err, out)
		}
	}
	for _, dir := range []string{a.state, filepath.Join(a.dir, "log")} {
		for _, line := range tree(t, dir) {
			if !strings.Contains(line, " 12345:12345 ") {
				t.Errorf("root left %s", line)
			}
		}
	}
	if out, err := a.otai(mallory, "run", "--once", "-c", a.config); err != nil {
		t.Errorf("the service: %v\n%s", err, out)
	}
	if info, err := os.Stat(filepath.Join(a.dir, "log", "otai.log")); err != nil || info.Size() == 0 {
		t.Errorf("the log: %v, %v", info, err)
	}
}

// keepData writes what a plugin of the service keeps in its folder.
func (a *attack) keepData() error {
	dir := filepath.Join(a.state, "data", "otai-otobo-znuny")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "kept.json"), []byte("{}"), 0o600); err != nil {
		return err
	}
	return chownAll(filepath.Join(a.state, "data"), mallory)
}

func TestAServiceDoesNotRunWithoutWhatRootTookFromIt(t *testing.T) {
	t.Parallel()
	foreign := map[string]bool{"the file of another user": true, "a link to the folder of another user": true}
	for _, test := range []struct {
		name  string
		spoil func(a *attack) error
		fix   string
	}{
		{"the file", func(a *attack) error {
			return eachFile(filepath.Join(a.state, "data"), func(path string) error {
				return errors.Join(os.Chown(path, 0, 0), os.Chmod(path, 0o600))
			})
		}, "chown -R 12345:12345 STATE/data"},
		{"a file that may only be read", func(a *attack) error {
			return eachFile(filepath.Join(a.state, "data"), func(path string) error {
				return errors.Join(os.Chown(path, 0, 0), os.Chmod(path, 0o644))
			})
		}, "chown -R 12345:12345 STATE/data"},
		{"the file of another user", func(a *attack) error {
			return eachFile(filepath.Join(a.state, "data"), func(path string) error { return os.Chown(path, 4242, 4242) })
		}, "chown -R 12345:12345 STATE/data"},
		{"the plugin's folder", func(a *attack) error { return os.Chown(filepath.Join(a.state, "data", "otai-otobo-znuny"), 0, 0) }, "chown -R 12345:12345 STATE/data"},
		{"the plugins' folder", func(a *attack) error { return os.Chown(filepath.Join(a.state, "data"), 0, 0) }, "chown -R 12345:12345 STATE/data"},
		{"a link to the folder of another user", func(a *attack) error {
			data, theirs := filepath.Join(a.state, "data"), filepath.Join(a.dir, "theirs")
			return errors.Join(os.RemoveAll(data), os.Mkdir(theirs, 0o755), os.Chown(theirs, 4242, 4242), os.Symlink(theirs, data))
		}, "rm STATE/data"},
		{"a file of root's behind a link", func(a *attack) error {
			data, elsewhere := filepath.Join(a.state, "data"), filepath.Join(a.dir, "elsewhere")
			return errors.Join(os.Rename(data, elsewhere), os.Symlink(elsewhere, data), os.Lchown(data, mallory, mallory), eachFile(elsewhere, func(path string) error {
				return errors.Join(os.Chown(path, 0, 0), os.Chmod(path, 0o600))
			}))
		}, "chown -R 12345:12345 ELSEWHERE"},
		{"the whole", func(a *attack) error { return chownAll(a.state, 0) }, "chown -R 12345:12345 STATE"},
		{"a folder that is empty", func(a *attack) error {
			return errors.Join(os.RemoveAll(a.state), os.Mkdir(a.state, 0o755))
		}, "chown -R 12345:12345 STATE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newService(t)
			if out, err := a.otai(mallory, "run", "--once", "-c", a.config); err != nil {
				t.Fatalf("the service: %v\n%s", err, out)
			}
			must(t, a.keepData(), test.spoil(a))
			out, err := a.otai(mallory, "run", "--once", "-c", a.config)
			var exit *exec.ExitError
			fix := strings.NewReplacer("STATE", a.state, "ELSEWHERE", filepath.Join(a.dir, "elsewhere")).Replace(test.fix)
			if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(out, "(state-dir)") || !strings.Contains(out, "as root: "+fix) && !foreign[test.name] || !strings.Contains(out, fix) {
				t.Fatalf("%v, want exit code 3 and %q\n%s", err, fix, out)
			}
			if out, err := a.otai(mallory, "validate", "-c", a.config); err != nil {
				t.Errorf("validate, which needs no folder: %v\n%s", err, out)
			}
			if out, err := newCommand("sh", "-c", fix).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", fix, err, out)
			}
			if out, err := a.otai(mallory, "run", "--once", "-c", a.config); err != nil {
				t.Errorf("after %s: %v\n%s", fix, err, out)
			}
		})
	}
}

func eachFile(dir string, do func(path string) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		return do(path)
	})
}

// What the administrator sees is made for him alone, and ends with the command, however
// that ends.
func TestAStoppedCommandLeavesNoCopyBehind(t *testing.T) {
	requireRoot(t)
	a := newService(t)
	plugins := filepath.Join(a.dir, "plugins")
	must(t, os.Mkdir(plugins, 0o755))
	started := filepath.Join(a.dir, "started")
	slow := strings.Replace(greetPlugin, "_ = os.WriteFile(marker, nil, 0o600)", "_ = os.WriteFile(marker, nil, 0o600)\n\t\tselect {}", 1)
	buildMarked(t, slow, started, filepath.Join(plugins, "otai_greet.so"))
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		must(t, os.RemoveAll(started))
		p := startIn(t, a.dir, []string{
			"HOME=" + a.dir, "TMPDIR=" + filepath.Join(a.dir, "tmp"), "OTAI_PLUGIN_DIR=" + plugins, "OTAI_STATE_DIR=" + a.state, "OTAI_PROBE_TIMEOUT=60s",
		}, "plugin", "list")
		eventually(t, "the plugin is tried", func() bool { _, err := os.Stat(started); return err == nil })
		if made, _ := filepath.Glob(filepath.Join(a.dir, "tmp", "otai-*", "plugins", "*.so")); len(made) != 1 {
			t.Errorf("copies while it is tried: %q", made)
		}
		must(t, p.cmd.Process.Signal(signal))
		select {
		case <-p.ended:
		case <-time.After(time.Minute):
			t.Fatalf("it did not stop at %v", signal)
		}
		if left, _ := filepath.Glob(filepath.Join(a.dir, "tmp", "*")); len(left) > 0 {
			t.Errorf("%v left %q", signal, left)
		}
	}
}

func TestAVolumeOfKubernetesIsUsedWhereItsGroupIsTrusted(t *testing.T) {
	a := newService(t)
	must(t, os.Chown(a.state, 0, mallory), os.Chmod(a.state, 0o770|os.ModeSetgid))
	out, err := a.otai(mallory, "run", "--once", "-c", a.config)
	if err == nil || !strings.Contains(out, "chmod g-w "+a.state) || !strings.Contains(out, "OTAI_TRUST_GROUP=1") {
		t.Errorf("%v\n%s", err, out)
	}
	a.env = []string{"OTAI_TRUST_GROUP=1"}
	for range 2 {
		if out, err := a.otai(mallory, "run", "--once", "-c", a.config); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	a.env = []string{"OTAI_TRUST_GROUP=perhaps"}
	if out, err := a.otai(mallory, "plugin", "list"); err == nil || !strings.Contains(out, `OTAI_TRUST_GROUP is "perhaps" and must be 1 or 0`) {
		t.Errorf("%v\n%s", err, out)
	}
}

// What is remembered counts where it can be trusted, so that a start is quick there.
func TestAPluginIsTriedOnceInATrustedFolderAndEachTimeWithoutOne(t *testing.T) {
	requireRoot(t)
	dir := openFolder(t)
	a := &attack{
		dir: dir, file: filepath.Join(dir, "plugins", "otai_greet.so"), state: filepath.Join(dir, "state"),
		config: writeFile(t, "orchestrator: { params: { steps: [ { use: greet:GreetPipe } ] } }\n"),
	}
	count := filepath.Join(dir, "count")
	source := strings.Replace(greetPlugin, "_ = os.WriteFile(marker, nil, 0o600)",
		"f, _ := os.OpenFile(marker, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)\n\t\t_, _ = f.Write([]byte{'.'})\n\t\t_ = f.Close()", 1)
	must(t, os.Mkdir(filepath.Dir(a.file), 0o755), os.Mkdir(filepath.Join(dir, "tmp"), 0o700))
	buildMarked(t, source, count, a.file)
	for _, step := range []struct {
		what string
		args []string
		runs int // of the plugin's init: a trial, an opening
	}{
		{"root looks and makes no folder", []string{"plugin", "list"}, 1},
		{"it is tried and opened", []string{"run", "--once", "-c", a.config}, 2},
		{"it is opened", []string{"run", "--once", "-c", a.config}, 1},
		{"it is known", []string{"plugin", "list"}, 0},
		{"it is known", []string{"validate", "-c", a.config}, 0},
	} {
		must(t, os.RemoveAll(count))
		if out, err := a.otai(0, step.args...); err != nil {
			t.Fatalf("%s: %v\n%s", step.what, err, out)
		}
		ran, err := os.ReadFile(count)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if len(ran) != step.runs {
			t.Errorf("%s: otai %q ran its init %d times, want %d", step.what, step.args, len(ran), step.runs)
		}
	}
}
