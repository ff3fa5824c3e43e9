package plugindev

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the archive anew")

// sources are the files that a plugin author needs: no tests, and nothing that is
// not Go.
func sources(t *testing.T) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	for _, folder := range contractFolders {
		root := os.DirFS(filepath.Join("..", "..", "pkg", folder))
		err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() {
				if entry.Name() == "testdata" {
					return fs.SkipDir
				}
				return nil
			}
			isSource := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
			if !isSource && name != "go.mod" && name != "go.sum" {
				return nil
			}
			content, err := fs.ReadFile(root, name)
			files[path.Join(folder, name)] = content
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	licence, err := os.ReadFile(filepath.Join("..", "..", "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	files["LICENSE"] = licence
	return files
}

func pack(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(zipped)
	// No times and no owners: equal sources make an equal archive.
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestTheArchiveHoldsTheSourcesOfTheContract(t *testing.T) {
	want := sources(t)
	if *update {
		if err := os.WriteFile("contract.tar.gz", pack(t, want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got := make(map[string][]byte)
	if err := eachFile(contractArchive, func(name string, content []byte) error {
		got[name] = content
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	const again = "; run: go generate ./internal/plugindev"
	for name, content := range want {
		if packed, ok := got[name]; !ok {
			t.Errorf("%s is missing%s", name, again)
		} else if !bytes.Equal(packed, content) {
			t.Errorf("%s is of another state%s", name, again)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s exists no more%s", name, again)
		}
	}
}

func TestEqualSourcesMakeAnEqualArchive(t *testing.T) {
	files := sources(t)
	if !bytes.Equal(pack(t, files), pack(t, files)) {
		t.Error("two archives of the same sources differ")
	}
}

func TestTheContractUnpacksIntoItsFolders(t *testing.T) {
	dir := t.TempDir()
	if err := Contract(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"api/go.mod", "api/plugin.go", "params/go.mod", "params/decode.go", "LICENSE"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
