package model

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// withPointer adds to the error of a model that can't be loaded what is the reason
// where git made the folder without its extension LFS: that leaves small texts in
// the place of large files, which name them.
func withPointer(folder string, err error) error {
	const begin, longest = "version https://git-lfs.github.com/spec/", 1024
	files, _ := os.ReadDir(folder) // why it can't be read is in err
	for _, file := range files {
		path := filepath.Join(folder, file.Name())
		if text, err := modelfile.ReadWithin(path, longest); err == nil && strings.HasPrefix(string(text), begin) {
			return fmt.Errorf("%w. %s is only a pointer of Git LFS to the file: run 'git lfs pull' there", err, path)
		}
	}
	return err
}
