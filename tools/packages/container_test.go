package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestTheContainerfile does its steps in a small Debian, and then runs otai there as the container
// would: without root, on a file system that can't be written to.
func TestTheContainerfile(t *testing.T) {
	t.Parallel()
	dir, deb, _ := built(t)
	root := copyOf(t, debian(t))
	text, err := os.ReadFile(filepath.Join(dir, "..", "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"}
	var entry []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		step, rest, _ := strings.Cut(line, " ")
		switch step {
		case "", "#", "FROM", "ARG", "VOLUME", "STOPSIGNAL", "CMD":
		case "COPY":
			content, err := os.ReadFile(filepath.Join(dir, deb))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "tmp", "otai.deb"), content, 0o644); err != nil {
				t.Fatal(err)
			}
		case "RUN":
			cmd := exec.Command("chroot", root, "sh", "-c", rest)
			cmd.Env = env
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", line, err, out)
			}
		case "ENV":
			env = append(env, strings.Fields(rest)...)
		case "USER":
			entry = append(entry, "--userspec="+rest)
		case "ENTRYPOINT":
			entry = append(entry, root, strings.Trim(rest, `[]"`))
		default:
			t.Fatalf("this test does not know %s", line)
		}
	}
	// The configuration is mounted, as is a model that it names.
	text, err = os.ReadFile(filepath.Join("..", "..", "examples", "demo", "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc", "otai", "config.yml"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(root, "etc", "otai", "models"), os.DirFS(filepath.Join("..", "..", "examples", "demo", "models"))); err != nil {
		t.Fatal(err)
	}
	env = append(env, "OTAI_DEMO_URL=http://127.0.0.1:1/znuny/nph-genericinterface.pl", "OTAI_DEMO_PASSWORD=try-otai-4711")
	// Its volumes, and /tmp, which a container has in memory, can be written to.
	for _, volume := range []string{"var/lib/otai", "var/cache/otai", "tmp"} {
		at := filepath.Join(root, volume)
		options := "mode=1777"
		if volume != "tmp" {
			options = "uid=10001,gid=10001,mode=0700"
		}
		if err := syscall.Mount("tmpfs", at, "tmpfs", 0, options); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(at, 0) })
	}
	proc := filepath.Join(root, "proc")
	if err := syscall.Mount("proc", proc, "proc", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(proc, 0) })
	if err := syscall.Mount("", root, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"version"}, {"plugin", "list"}, {"validate", "-c", "/etc/otai/config.yml"}, {"demo"}} {
		cmd := exec.Command("chroot", append(entry, command...)...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("otai %s: %v\n%s", strings.Join(command, " "), err, out)
		}
		t.Logf("%s: %d bytes", strings.Join(command, " "), len(out))
	}
}
