package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aead.dev/minisign"
)

// staged is what build/packages.sh prepares, without what a build makes.
func staged(t *testing.T) string {
	t.Helper()
	stage := t.TempDir()
	root := filepath.Join("..", "..")
	unit, err := os.ReadFile(filepath.Join(root, "build", "otai.service"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"otai.service": strings.ReplaceAll(string(unit), "/usr/local/", "/usr/"), "otai.bash": "#", "otai.fish": "#", "_otai": "#", "doc/copyright": "Apache-2.0",
	} {
		name = filepath.Join(stage, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(stage, "doc", "examples"), os.DirFS(filepath.Join(root, "examples"))); err != nil {
		t.Fatal(err)
	}
	return stage
}

// small is a release whose binaries are this test's.
func small(t *testing.T) release {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	// Linked with the C library, as the real ones are, which a test need not be.
	binary, err := os.ReadFile("/bin/cat")
	if err != nil {
		t.Fatal(err)
	}
	r := release{root: root, dist: t.TempDir(), stage: staged(t), version: "1.2.3", arch: "amd64", time: "1790000000"}
	for _, name := range r.binaries() {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, binary, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestASignatureIsOfTheFileAndItsName(t *testing.T) {
	dir := t.TempDir()
	public, secret, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := secret.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	publicText, err := public.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string][]byte{"plain": plain, "public": publicText, "file": []byte("content"), "other": []byte("other")} {
		if err := os.WriteFile(path(name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := sign(path("plain"), []string{path("file"), path("other")}); err != nil {
		t.Fatal(err)
	}
	if err := verify(path("public"), []string{path("file"), path("other")}); err != nil {
		t.Error(err)
	}
	if minisign, err := exec.LookPath("minisign"); err == nil {
		if out, err := exec.Command(minisign, "-V", "-p", path("public"), "-m", path("file")).CombinedOutput(); err != nil {
			t.Errorf("minisign: %v\n%s", err, out)
		}
	}
	if err := os.Rename(path("other"+signed), path("renamed"+signed)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path("renamed"), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := verify(path("public"), []string{path("renamed")}); err == nil {
		t.Error("a file under another name passes")
	}
	if err := os.WriteFile(path("file"), []byte("contents"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := verify(path("public"), []string{path("file")}); err == nil {
		t.Error("a changed file passes")
	}
}

func TestEqualSourcesYieldEqualPackages(t *testing.T) {
	first, second := small(t), small(t)
	for _, r := range []release{first, second} {
		if err := build(r); err != nil {
			t.Skipf("the test's own binaries can't be packed here: %v", err)
		}
	}
	for _, name := range []string{"otai_1.2.3_amd64.deb", "otai-1.2.3-1.x86_64.rpm"} {
		a, err := os.ReadFile(filepath.Join(first.dist, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(second.dist, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestVersionsOfTheCLibraryAreComparedByNumber(t *testing.T) {
	list := []string{"2.34", "2.4", "2.2.5", "2.17"}
	slices.SortFunc(list, func(a, b string) int {
		if older(a, b) {
			return -1
		}
		return 1
	})
	if got := strings.Join(list, " "); got != "2.2.5 2.4 2.17 2.34" {
		t.Error(got)
	}
}

func TestOnlyTheCLibraryIsNeeded(t *testing.T) {
	n := needed{libraries: []string{"ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libonnxruntime.so.1", "libcurl.so.4"}}
	if got := strings.Join(n.others(), " "); got != "libonnxruntime.so.1 libcurl.so.4" {
		t.Error(got)
	}
}
