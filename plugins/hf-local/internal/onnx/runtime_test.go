package onnx_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/onnx"
)

func TestAFileThatIsNoLibraryIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "libonnxruntime.so")
	if err := os.WriteFile(path, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := onnx.Open(path)
	if err == nil {
		t.Fatal("no error")
	}
	for _, s := range []string{path, "1.24 or newer"} {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%q doesn't say %q", err, s)
		}
	}
}

func TestASecondLibraryIsRefusedAndTheFirstOneStays(t *testing.T) {
	library := os.Getenv("OTAI_ONNXRUNTIME")
	if library == "" {
		t.Skip("OTAI_ONNXRUNTIME, the path of libonnxruntime.so, is not set")
	}
	first, err := onnx.Open(library)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.so")
	if err := os.Symlink(library, link); err != nil {
		t.Fatal(err)
	}
	again, err := onnx.Open(link)
	if err != nil || again.Path() != first.Path() {
		t.Errorf("by another name: %v, %v", again, err)
	}
	other := filepath.Join(t.TempDir(), "other.so")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := onnx.Open(other); err == nil || !strings.Contains(err.Error(), first.Path()) {
		t.Errorf("error is %v", err)
	}
}
