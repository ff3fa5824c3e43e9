package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsReplacedKeepsItsModeItsOwnerAndTheLinkToIt(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "kept", "config.yml"), filepath.Join(dir, "link.yml")
	must(t, os.Mkdir(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("old"), 0o640), os.Symlink("kept/config.yml", link))
	owner := os.Getuid()
	if owner == 0 {
		owner = 12345
		must(t, os.Chown(file, owner, owner))
	}
	must(t, Replace(link, []byte("new"), 0o644))
	content, err := os.ReadFile(file)
	info, statErr := os.Stat(file)
	linked, linkErr := os.Readlink(link)
	must(t, err, statErr, linkErr)
	if string(content) != "new" || info.Mode().Perm() != 0o640 || int(info.Sys().(*syscall.Stat_t).Uid) != owner || linked != "kept/config.yml" {
		t.Errorf("%q, %v of %d, link to %s", content, info.Mode(), info.Sys().(*syscall.Stat_t).Uid, linked)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("left beside it: %v", left)
	}
	fresh := filepath.Join(dir, "fresh.yml")
	must(t, Replace(fresh, []byte("new"), 0o644))
	if info, err := os.Stat(fresh); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestWhatIsPrivateIsTheOwnersAloneWhateverWasThere(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "report.html"), filepath.Join(dir, "link.html")
	must(t, os.WriteFile(file, []byte("old"), 0o644), os.Chmod(file, 0o644), os.Symlink("report.html", link))
	for _, name := range []string{link, filepath.Join(dir, "fresh.html")} {
		must(t, ReplacePrivate(name, []byte("new")))
		content, err := os.ReadFile(name)
		info, statErr := os.Stat(name)
		must(t, err, statErr)
		if string(content) != "new" || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %q, %v", name, content, info.Mode())
		}
	}
	if to, err := os.Readlink(link); err != nil || to != "report.html" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}

func TestWhatIsNoFileIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t,
		syscall.Mkfifo(at("pipe"), 0o600), os.Mkdir(at("folder"), 0o700), os.Symlink("nowhere", at("dangling")),
		os.Symlink("pipe", at("to_pipe")), os.Symlink("/dev/full", at("to_device")), os.Symlink("loop", at("loop")),
		os.WriteFile(at("source"), []byte("source"), 0o600), os.Symlink("source", at("to_source")), os.Link(at("source"), at("same")),
	)
	if os.Geteuid() == 0 {
		_ = syscall.Mknod(at("device"), syscall.S_IFCHR|0o600, 1<<8|7)
	}
	for name, why := range map[string]string{
		"pipe": "a named pipe", "folder": "a folder", "dangling": "a link to nothing", "to_pipe": "a named pipe", "to_device": "a device",
		"loop": "too many links", "source": "was made from it", "to_source": "was made from it", "same": "was made from it", "device": "a device",
	} {
		before, err := os.Lstat(at(name))
		if err != nil {
			continue // no device can be made here
		}
		if err := Replace(at(name), []byte("new"), 0o644, at("source")); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", name, err, why)
		}
		after, err := os.Lstat(at(name))
		if err != nil || !os.SameFile(before, after) || before.Mode() != after.Mode() || before.ModTime() != after.ModTime() {
			t.Errorf("%s was touched: %v, %v", name, after, err)
		}
	}
	if content, err := os.ReadFile(at("source")); err != nil || string(content) != "source" {
		t.Errorf("%q, %v", content, err)
	}
}

func TestANewFileReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	must(t, os.Symlink("nowhere", link))
	for _, name := range []string{link, dir, "/dev/null"} {
		if err := WriteNew(name, []byte("new"), 0o600); !errors.Is(err, os.ErrExist) {
			t.Errorf("%s: %v, want that it exists", name, err)
		}
	}
}

func TestALinkOfAnotherUserDoesNotMakeRootReplaceAFile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can act as two users")
	}
	const mallory = 12345
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(dir, "passwd")
	if err := errors.Join(os.WriteFile(target, []byte("root"), 0o600), os.Symlink(target, link), os.Lchown(link, mallory, mallory)); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, []byte("new"), 0o644); err == nil {
		t.Error("the link was followed")
	}
	if content, err := os.ReadFile(target); err != nil || string(content) != "root" {
		t.Errorf("%q, %v", content, err)
	}
	if err := errors.Join(os.Chown(target, mallory, mallory), Replace(link, []byte("new"), 0o644)); err != nil {
		t.Errorf("a link to a file of the same user: %v", err)
	}
}

func TestSeveralNewFilesAppearTogetherOrNotAtAll(t *testing.T) {
	two := func(second string) []New {
		return []New{{Name: "a", Content: []byte("1"), Mode: 0o644}, {Name: second, Content: []byte("2"), Mode: 0o600}}
	}
	dir := t.TempDir()
	must(t, WriteAllNew(dir, two("b")))
	for name, mode := range map[string]os.FileMode{"a": 0o644, "b": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	for _, there := range []string{"a", "b"} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, there), []byte("old"), 0o600))
		if err := WriteAllNew(dir, two("b")); !errors.Is(err, os.ErrExist) {
			t.Errorf("beside %s: %v", there, err)
		}
		entries, err := os.ReadDir(dir)
		content, readErr := os.ReadFile(filepath.Join(dir, there))
		must(t, err, readErr)
		if len(entries) != 1 || string(content) != "old" {
			t.Errorf("beside %s: %v, %q", there, entries, content)
		}
	}
	if err := WriteAllNew(dir, two("no/such")); err == nil {
		t.Error("a file in a folder that isn't there was written")
	}
}
