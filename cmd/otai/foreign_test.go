package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
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
