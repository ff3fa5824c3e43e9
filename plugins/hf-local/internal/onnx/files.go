package onnx

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// maxGraph is the limit of protobuf, the form that an ONNX file has. Larger networks
// have their weights in files beside it.
const maxGraph = 2 << 30 // bytes

// checkFiles looks at what the library would open by itself: the file at path, and
// any beside it, since the file names those that hold weights.
func checkFiles(path string) error {
	if err := modelfile.Check(path, maxGraph); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		beside := filepath.Join(filepath.Dir(path), entry.Name())
		var other *modelfile.KindError
		if info, err := os.Stat(beside); err != nil || info.IsDir() {
			continue // then the library can't open it either
		}
		if err := modelfile.Check(beside, 0); errors.As(err, &other) {
			return err
		}
	}
	return nil
}
