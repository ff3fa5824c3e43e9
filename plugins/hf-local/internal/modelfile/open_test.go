package modelfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// sparse makes a file that is large and takes no room on the disk.
func sparse(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Skipf("no large files here: %v", err)
	}
}

func TestAFileWithinItsBoundIsReadAlsoThroughLinks(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "blob")
	content := bytes.Repeat([]byte("0123456789"), 1000)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "config.json")
	if err := os.Symlink("blob", link); err != nil {
		t.Fatal(err)
	}
	if got, err := modelfile.Read(link); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got, err := modelfile.ReadWithin(link, int64(len(content))); err != nil || len(got) != len(content) {
		t.Errorf("a file as large as its bound: %d bytes, %v", len(got), err)
	}
	empty := filepath.Join(folder, "vocab.txt")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := modelfile.Read(empty); err != nil || len(got) != 0 {
		t.Errorf("an empty file: %q, %v", got, err)
	}
	if _, err := modelfile.Read(filepath.Join(folder, "merges.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestAFileBeyondTheBoundOfItsKindIsRefusedWithItsSize(t *testing.T) {
	bounds := map[string]string{
		"config.json": "1 MiB", "tokenizer_config.json": "16 MiB", "special_tokens_map.json": "16 MiB",
		"model.safetensors.index.json": "64 MiB", "pytorch_model.bin.index.json": "64 MiB",
		"tokenizer.json": "256 MiB", "added_tokens.json": "16 MiB", "vocab.txt": "64 MiB", "vocab.json": "64 MiB",
		"merges.txt": "64 MiB", "sentencepiece.bpe.model": "64 MiB", "spiece.model": "64 MiB", "spm.model": "64 MiB",
	}
	for name, bound := range bounds {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			sparse(t, path, 6<<30)
			_, err := modelfile.Read(path)
			var size *modelfile.SizeError
			if !errors.As(err, &size) || size.Size != 6<<30 || !errors.Is(err, api.ErrInvalid) {
				t.Fatalf("error is %v", err)
			}
			for _, says := range []string{path, "6442450944 bytes", bound, "otai model pull"} {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q doesn't say %q", err, says)
				}
			}
		})
	}
}

// A file of /proc says that it has no bytes, and may have any number.
func TestAFileThatHasMoreThanItSaysIsBoundedToo(t *testing.T) {
	const path = "/proc/self/maps"
	if _, err := os.Stat(path); err != nil {
		t.Skip("no such file here")
	}
	var size *modelfile.SizeError
	if _, err := modelfile.ReadWithin(path, 100); !errors.As(err, &size) {
		t.Errorf("error is %v", err)
	}
	if got, err := modelfile.ReadWithin(path, 16<<20); err != nil || len(got) == 0 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestWhatIsNoFileIsNeitherWaitedForNorReadWithoutEnd(t *testing.T) {
	others := map[string]func(path string) error{
		"a folder":     func(path string) error { return os.Mkdir(path, 0o700) },
		"a named pipe": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device":     func(path string) error { return os.Symlink("/dev/zero", path) },
	}
	for kind, makeIt := range others {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.json")
			if err := makeIt(path); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{
				"read":  func() error { _, err := modelfile.Read(path); return err }(),
				"open":  func() error { _, _, err := modelfile.Open(path); return err }(),
				"check": modelfile.Check(path, 0),
			} {
				var other *modelfile.KindError
				if !errors.As(err, &other) || other.Kind != kind || !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), path) {
					t.Errorf("%s: error is %v", what, err)
				}
			}
		})
	}
}
