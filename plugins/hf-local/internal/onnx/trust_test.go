package onnx_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/onnx"
)

func TestALibraryThatOthersCouldReplaceIsNotOpened(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(dir, file string) error
		says  string
		root  bool
	}{
		{"a file that everybody can write to", func(_, file string) error { return os.Chmod(file, 0o666) }, "chmod o-w ", false},
		{"a folder that everybody can write to", func(dir, _ string) error { return os.Chmod(dir, 0o777) }, "chmod o-w ", false},
		{"a file of another user", func(_, file string) error { return os.Chown(file, 12345, 12345) }, "chown root ", true},
		{"a folder of another user", func(dir, _ string) error { return os.Chown(dir, 12345, 12345) }, "chown root ", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.root && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			dir := filepath.Join(t.TempDir(), "lib")
			file, link := filepath.Join(dir, "libonnxruntime.so.1"), filepath.Join(t.TempDir(), "libonnxruntime.so")
			if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(file, []byte("none"), 0o644), os.Symlink(file, link)); err != nil {
				t.Fatal(err)
			}
			if err := test.spoil(dir, file); err != nil {
				t.Fatal(err)
			}
			if _, err := onnx.Open(link); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error = %v, want %q", err, test.says)
			}
		})
	}
}
