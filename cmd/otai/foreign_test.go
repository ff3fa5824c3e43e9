package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What root's commands do in folders of somebody else.

func TestRootBuildsNoPluginFromAFolderThatOthersCanChange(t *testing.T) {
	requireRoot(t)
	marker := filepath.Join(t.TempDir(), "ran")
	helper := map[string]string{"go.mod": "module example.com/helper\n\ngo 1.25.0\n", "helper.go": "package helper\n"}
	for _, test := range []struct {
		name  string
		spoil func(dir string) error // dir/plugin is the plugin, dir/helper a module that it uses
		fix   string                 // "" builds
	}{
		{"root's own", func(string) error { return nil }, ""},
		{"the folder of another user", func(dir string) error { return chownAll(filepath.Join(dir, "plugin"), mallory) }, "setpriv --reuid=12345 --regid=12345 --clear-groups -- "},
		{"the folder of a service", func(dir string) error { return chownAll(filepath.Join(dir, "plugin"), 65534) }, "runuser -u nobody -- "},
		{"one file of another user", func(dir string) error { return os.Chown(filepath.Join(dir, "plugin", "main.go"), mallory, 0) }, "chown -R root DIR/plugin"},
		{"a file that everybody can write to", func(dir string) error { return os.Chmod(filepath.Join(dir, "plugin", "main.go"), 0o666) }, "chmod o-w DIR/plugin/main.go"},
		{"a folder above that everybody can write to", func(dir string) error { return os.Chmod(dir, 0o777) }, "chmod o-w DIR"},
		{"a file behind a link", func(dir string) error {
			elsewhere := filepath.Join(dir, "elsewhere.go")
			return firstOf(os.WriteFile(elsewhere, []byte("package main\n"), 0o644), os.Chown(elsewhere, mallory, mallory), os.Symlink(elsewhere, filepath.Join(dir, "plugin", "more.go")))
		}, "chown -R root DIR/plugin"},
		{"a module beside, of another user", func(dir string) error { return chownAll(filepath.Join(dir, "helper"), mallory) }, "chown -R root DIR/helper"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := openFolder(t)
			must(t, os.RemoveAll(marker), os.Rename(writeModule(t, "otai-greet", strings.Replace(greetPlugin, "MARKER", marker, 1)), filepath.Join(dir, "plugin")),
				os.Rename(writeFiles(t, helper), filepath.Join(dir, "helper")))
			modFile := filepath.Join(dir, "plugin", "go.mod")
			mod, err := os.ReadFile(modFile)
			must(t, err, os.WriteFile(modFile, append(mod, "\nreplace example.com/helper => ../helper\n"...), 0o644), test.spoil(dir))
			into := t.TempDir()
			out, code := runIn(into, offline(t, t.TempDir()), "plugin", "build", filepath.Join(dir, "plugin"))
			_, ran := os.Stat(marker)
			entries, err := os.ReadDir(into)
			must(t, err)
			if test.fix == "" {
				if code != 0 || ran != nil || len(entries) != 1 {
					t.Errorf("exit code %d, %v, %v\n%s", code, ran, entries, out)
				}
				return
			}
			if ran == nil || len(entries) > 0 {
				t.Errorf("the code of the folder ran as root (%v), made %v", ran, entries)
			}
			if fix := strings.ReplaceAll(test.fix, "DIR", dir); code != 3 || !strings.Contains(out, "(insecure-permissions)") || !strings.Contains(out, fix) {
				t.Errorf("exit code %d, want 3 and %q\n%s", code, fix, out)
			}
		})
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestNothingIsMadeInAFolderForTemporaryFilesThatOthersControl(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	plugin := writeModule(t, "otai-greet", strings.Replace(greetPlugin, "MARKER", "", 1))
	for name, spoil := range map[string]func(t *testing.T, tmp, state string) error{
		"of another user": func(t *testing.T, tmp, state string) error {
			return firstOf(os.Chown(tmp, mallory, mallory), os.Chown(state, mallory, mallory))
		},
		"that everybody can write to": func(t *testing.T, tmp, state string) error {
			return firstOf(os.Chmod(tmp, 0o777), os.Chown(state, mallory, mallory))
		},
		"where no program may be run": func(t *testing.T, tmp, state string) error {
			return firstOf(mountNoexec(t, tmp), os.Chown(state, mallory, mallory))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := openFolder(t)
			tmp, state, into := filepath.Join(dir, "tmp"), filepath.Join(dir, "state"), filepath.Join(dir, "into")
			must(t, os.Mkdir(tmp, 0o755), os.Mkdir(state, 0o755), os.Mkdir(into, 0o755), spoil(t, tmp, state))
			before := append(tree(t, tmp), tree(t, state)...)
			for _, args := range [][]string{{"demo"}, {"plugin", "build", plugin}, {"plugin", "list"}} {
				env := append(offline(t, t.TempDir()), "TMPDIR="+tmp, "OTAI_STATE_DIR="+state, "OTAI_PLUGIN_DIR="+product.plugins)
				if out, code := runIn(into, env, args...); code != 0 {
					t.Errorf("otai %q: exit code %d\n%s", args, code, out)
				}
				if after := append(tree(t, tmp), tree(t, state)...); !slices.Equal(before, after) {
					t.Errorf("otai %q worked there:\n%q\n%q", args, before, after)
				}
			}
		})
	}
}

func mountNoexec(t *testing.T, dir string) error {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOEXEC|syscall.MS_NOSUID, "size=64m,mode=1777"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return nil
}

// A state folder on which nothing can be kept any more hinders nobody who only looks.
func TestLookingGoesOnWhereTheStateFolderIsFull(t *testing.T) {
	requireRoot(t)
	state := filepath.Join(openFolder(t), "state")
	must(t, os.Mkdir(state, 0o700))
	if err := syscall.Mount("tmpfs", state, "tmpfs", syscall.MS_NOSUID, "size=64k,mode=0700"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(state, syscall.MNT_DETACH) })
	env := environment(t, "OTAI_STATE_DIR="+state, "OTAI_PLUGIN_DIR="+product.plugins)
	out, code := runIn(t.TempDir(), env, "plugin", "list")
	if code != 0 || strings.Count(out, " loaded ") < 2 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	config := filepath.Join(t.TempDir(), "config.yml")
	must(t, os.WriteFile(config, []byte("orchestrator: { params: { steps: [] } }\n"), 0o600))
	if out, code := runIn(t.TempDir(), env, "run", "--once", "-c", config); code != 3 || !strings.Contains(out, "(state-dir)") || !strings.Contains(out, "make room there") {
		t.Errorf("run: exit code %d\n%s", code, out)
	}
}

// The second user exchanges what leads to the plugins while root looks and runs.
func TestNoRaceMakesRootRunAnotherUsersPlugin(t *testing.T) {
	requireRoot(t)
	marker := filepath.Join(t.TempDir(), "ran")
	builds := buildGreet(t, marker)
	for _, test := range []struct {
		name     string
		exchange func(theirs, genuine string, turn int) error // of what is at theirs/plugins
	}{
		{"a link", func(theirs, genuine string, turn int) error {
			next := filepath.Join(theirs, "next")
			return firstOf(os.Symlink([]string{genuine, "planted"}[turn%2], next), os.Rename(next, filepath.Join(theirs, "plugins")))
		}},
		{"a folder", func(theirs, _ string, _ int) error {
			plugins, planted, aside := filepath.Join(theirs, "plugins"), filepath.Join(theirs, "planted"), filepath.Join(theirs, "aside")
			return firstOf(os.Rename(plugins, aside), os.Rename(planted, plugins), os.Rename(aside, planted))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAttack(t, builds, marker)
			theirs, genuine := filepath.Join(a.dir, "theirs"), filepath.Join(a.dir, "plugins")
			plant := func(name string, content []byte) error {
				folder := filepath.Join(theirs, name)
				return firstOf(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, "otai_greet.so"), content, 0o644), chownAll(theirs, mallory))
			}
			must(t, plant("planted", builds.planted))
			if test.name == "a folder" {
				must(t, plant("plugins", builds.genuine))
			} else {
				must(t, os.Symlink(genuine, filepath.Join(theirs, "plugins")))
			}
			must(t, os.RemoveAll(a.state), os.WriteFile(a.config, []byte("orchestrator: { params: { steps: [ { use: greet:GreetPipe } ] } }\n"), 0o644))
			a.env = []string{"OTAI_PLUGIN_DIR=" + filepath.Join(theirs, "plugins")}
			end := make(chan struct{})
			var racer sync.WaitGroup
			racer.Go(func() {
				for turn := 0; ; turn++ {
					select {
					case <-end:
						return
					case <-time.After(50 * time.Microsecond): // often enough for every window, and others need the processor
						_ = test.exchange(theirs, genuine, turn)
					}
				}
			})
			for range 5 {
				for _, args := range [][]string{{"plugin", "list"}, {"plugin", "check", filepath.Join(theirs, "plugins", "otai_greet.so")}, {"run", "--once", "-c", a.config}} {
					out, err := a.otai(0, args...)
					a.notRun(t, strings.Join(args, " "))
					if listed := args[1] == "list"; listed == (err != nil) || strings.Contains(out, " loaded ") {
						t.Errorf("otai %q: root used a folder of somebody else:\n%s", args, out)
					}
				}
			}
			close(end)
			racer.Wait()
		})
	}
}

func TestRootTakesNoKeyThatAnotherUserPlanted(t *testing.T) {
	requireRoot(t)
	dir := openFolder(t)
	theirs := filepath.Join(dir, "theirs")
	must(t, os.Mkdir(theirs, 0o755))
	if out, code := runIn(theirs, environment(t), "plugin", "sign", "--generate", "k"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	config := filepath.Join(dir, "config.yml")
	must(t, chownAll(theirs, mallory), os.WriteFile(config, []byte("trusted_keys: [ theirs/k.pub ]\norchestrator: { params: { steps: [] } }\n"), 0o600))
	for _, args := range [][]string{{"validate", "-c", config}, {"plugin", "list", "-c", config}, {"run", "--once", "-c", config}} {
		if out, code := runIn(dir, environment(t, "OTAI_PLUGIN_DIR="+product.plugins), args...); code != 2 || !strings.Contains(out, "12345") {
			t.Errorf("otai %q: exit code %d\n%s", args, code, out)
		}
	}
}

func TestWhatAServiceKeepsIsItsAlone(t *testing.T) {
	a := newService(t)
	must(t, os.Chmod(a.state, 0o755)) // as an administrator may have made it
	if out, err := a.otai(mallory, "run", "--once", "-c", a.config); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files := 0
	must(t, filepath.WalkDir(a.state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == a.state {
			return err
		}
		var stat syscall.Stat_t
		if err := syscall.Lstat(path, &stat); err != nil {
			return err
		}
		if files++; stat.Uid != mallory || stat.Mode&0o077 != 0 {
			t.Errorf("%s: owner %d, mode %o", path, stat.Uid, stat.Mode&0o777)
		}
		return nil
	}))
	if _, err := os.Stat(filepath.Join(a.state, "runs.db")); err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
}
