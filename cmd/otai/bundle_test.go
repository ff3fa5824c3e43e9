package main_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

// builtFiles are the files that are built.
func builtFiles(dir string) []string {
	return []string{filepath.Join(dir, "bin/otai"), filepath.Join(dir, "plugins/otai_hf_local.so"), filepath.Join(dir, "plugins/otai_otobo_znuny.so")}
}

// checkoutCopy copies the sources as another machine would have them.
func checkoutCopy(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir(product.root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(product.root, name)
		switch {
		case err != nil:
			return err
		case relative == ".git" || relative == filepath.Join("build", "dist"):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return os.MkdirAll(filepath.Join(to, relative), 0o755)
		case !e.Type().IsRegular():
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, relative), data, info.Mode())
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// bundled runs the script that packs, and gives the archive and the SBOM.
func bundled(t *testing.T, root, umask string, env ...string) (archive, sbom []byte) {
	t.Helper()
	dist := filepath.Join(root, "build", "dist")
	cmd := newCommand("sh", "-c", "umask "+umask+"; exec build/bundle.sh otai_test")
	cmd.Dir, cmd.Env = root, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, data := range map[string]*[]byte{"otai_test.tar.gz": &archive, "otai_test.cdx.json": &sbom} {
		var err error
		if *data, err = os.ReadFile(filepath.Join(dist, name)); err != nil {
			t.Fatal(err)
		}
	}
	return archive, sbom
}

func TestTheBundleAndItsSBOMAreTheSameFromTwoFolders(t *testing.T) {
	needsThorough(t)
	t.Parallel()
	const epoch = 1700000000
	env := fmt.Sprint("SOURCE_DATE_EPOCH=", epoch)
	copies := []string{checkoutCopy(t), checkoutCopy(t)}
	for _, root := range copies {
		if err := os.CopyFS(filepath.Join(root, "build", "dist"), os.DirFS(product.dir)); err != nil {
			t.Fatal(err)
		}
	}
	// The second is that of somebody else: later, with other modes and another umask.
	later := time.Now().Add(48 * time.Hour)
	err := filepath.WalkDir(filepath.Join(copies[1], "docs"), func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			err = errors.Join(os.Chmod(name, 0o600), os.Chtimes(name, later, later))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	archive, sbom := bundled(t, copies[0], "022", env)
	otherArchive, otherSBOM := bundled(t, copies[1], "077", env)
	if !bytes.Equal(archive, otherArchive) {
		t.Error("the archives differ")
	}
	if !bytes.Equal(sbom, otherSBOM) {
		t.Errorf("the SBOMs differ:\n%s\n%s", sbom, otherSBOM)
	}
	listsEverything(t, sbom)

	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		if h.ModTime.Unix() != epoch || h.Uid != 0 || h.Gid != 0 || h.Mode&0o022 != 0 {
			t.Errorf("%s: %v, owner %d:%d, mode %o", h.Name, h.ModTime, h.Uid, h.Gid, h.Mode)
		}
	}
	for _, want := range []string{"LICENSE", "THIRD_PARTY_LICENSES", "README.md", "bin/otai", "docs/getting-started.md", "examples/demo/models/queue/model.safetensors"} {
		if !slices.Contains(names, "otai_test/"+want) {
			t.Errorf("%s is not in it", want)
		}
	}
}

func TestTheBundleIsBuiltTheSameInTwoFolders(t *testing.T) {
	if os.Getenv("OTAI_TEST_ALL") == "" {
		t.Skip("builds everything twice; set OTAI_TEST_ALL=1")
	}
	var archives, sboms [][]byte
	for range 2 {
		root := checkoutCopy(t)
		cmd := newCommand("make", "build")
		// A cache of its own, so that the second is built and not taken over.
		cmd.Dir, cmd.Env = root, append(os.Environ(), "GOCACHE="+t.TempDir(), "MAKEFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		archive, sbom := bundled(t, root, "022")
		archives, sboms = append(archives, archive), append(sboms, sbom)
	}
	if !bytes.Equal(archives[0], archives[1]) || !bytes.Equal(sboms[0], sboms[1]) {
		t.Error("two builds of the same sources differ")
	}
}

func TestTheLicensesOfAllThatIsLinkedAreThere(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(product.root, "THIRD_PARTY_LICENSES"))
	if err != nil {
		t.Fatal(err)
	}
	modules := 0
	for _, file := range builtFiles(product.dir) {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, dep := range info.Deps {
			if strings.HasPrefix(dep.Path, module) {
				continue
			}
			modules++
			title := dep.Path + " " + dep.Version
			if !bytes.Contains(page, []byte("\n  "+title+": ")) || !bytes.Contains(page, []byte("\n"+title+": LICEN")) {
				t.Errorf("%s is linked into %s, and THIRD_PARTY_LICENSES has no license of it; write it anew with: make licenses", title, filepath.Base(file))
			}
		}
	}
	if modules < 20 {
		t.Errorf("the binaries name %d modules only", modules)
	}
	if !bytes.Contains(page, []byte("The Go Authors")) {
		t.Error("the license of the standard library is missing")
	}
}

// listsEverything wants every file and every linked module in an SBOM.
func listsEverything(t *testing.T, data []byte) {
	t.Helper()
	var sbom struct {
		BOMFormat, SpecVersion, SerialNumber string
		Components                           []struct {
			Name, Version, PURL string
			Hashes              []struct{ Alg, Content string }
			Licenses            []struct{ License struct{ ID string } }
		}
	}
	if err := json.Unmarshal(data, &sbom); err != nil {
		t.Fatal(err)
	}
	if sbom.BOMFormat != "CycloneDX" || sbom.SpecVersion != "1.6" || sbom.SerialNumber != "" {
		t.Errorf("%s %s %s", sbom.BOMFormat, sbom.SpecVersion, sbom.SerialNumber)
	}
	listed := make(map[string]string)
	for _, c := range sbom.Components {
		if len(c.Licenses) == 0 {
			t.Errorf("%s has no license", c.Name)
		}
		listed[c.Name] = c.Version
		for _, h := range c.Hashes {
			listed[c.Name] = h.Content
		}
	}
	for _, file := range builtFiles(product.dir) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); listed[filepath.Base(file)] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s is listed with the checksum %q", filepath.Base(file), listed[filepath.Base(file)])
		}
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if listed["std"] != strings.TrimPrefix(info.GoVersion, "go") {
			t.Errorf("the standard library is listed as %q", listed["std"])
		}
		for _, dep := range info.Deps {
			if !strings.HasPrefix(dep.Path, module) && listed[dep.Path] != dep.Version {
				t.Errorf("%s %s is listed as %q", dep.Path, dep.Version, listed[dep.Path])
			}
		}
	}
}

// releaseMachine is the C library where the bundle is made. Elsewhere the need may be
// another one.
const releaseMachine = "2.36"

func TestThePagesNameTheCLibraryThatTheBundleNeeds(t *testing.T) {
	needed, err := plugins.NeededGlibc(builtFiles(product.dir)...)
	if err != nil || needed == "" {
		t.Fatalf("%q %v", needed, err)
	}
	for _, page := range []string{"README.md", "docs/getting-started.md"} {
		text, err := os.ReadFile(filepath.Join(product.root, page))
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile(`glibc (\d+\.\d+) or\s+newer`).FindSubmatch(text)
		switch {
		case named == nil:
			t.Errorf("%s does not name the C library", page)
		case string(named[1]) != needed:
			here, _ := newCommand("getconf", "GNU_LIBC_VERSION").Output()
			if !strings.Contains(string(here), releaseMachine) {
				t.Skipf("built here, with %s, the files need glibc %s; %s is about a build with %s", strings.TrimSpace(string(here)), needed, page, releaseMachine)
			}
			t.Errorf("%s says glibc %s, and the files need %s", page, named[1], needed)
		}
	}
}
