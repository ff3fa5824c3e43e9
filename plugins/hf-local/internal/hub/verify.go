package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// State is what a check of a file found.
type State string

// The states of a file.
const (
	OK        State = "ok"        // its checksum is right
	Damaged   State = "damaged"   // its checksum is wrong
	Missing   State = "missing"   // it is needed and not there, or its link leads nowhere
	Unchecked State = "unchecked" // nothing says what its checksum should be
)

// Check is what was found of one file.
type Check struct {
	File  string
	Bytes int64
	State State

	blob string
}

// Verify computes the checksums of a model's files. Those of a folder that isn't
// in the cache have none, and are Unchecked. It doesn't read what the files say.
func (h *Hub) Verify(ctx context.Context, name string, progress Progress) (folder string, checks []Check, err error) {
	folder, ref, err := local(name)
	if err != nil {
		return "", nil, err
	}
	var listed []string
	if folder == "" {
		if folder, err = h.cache.snapshot(ref); err != nil {
			return "", nil, fmt.Errorf("%w. Get it with: otai model pull %s", err, name)
		}
		listed = listing(h.cache.model(ref.Name), filepath.Base(folder))
	}
	if checks, err = checkFolder(ctx, folder, progress); err != nil {
		return "", nil, err
	}
	missing, err := missingForAny(folder, listed)
	if err != nil {
		if errors.Is(err, api.ErrInvalid) {
			return folder, checks, nil // an index that can't be read: its own check or loading says so
		}
		return "", nil, err
	}
	for _, file := range missing {
		if !hasCheck(checks, file) && !hasOther(checks, file) {
			checks = append(checks, Check{File: file, State: Missing})
		}
	}
	return folder, checks, nil
}

func hasCheck(checks []Check, file string) bool {
	for _, c := range checks {
		if c.File == file {
			return true
		}
	}
	return false
}

// hasOther is true where a file that would do in place of a missing one is there, and
// is what is wrong.
func hasOther(checks []Check, missing string) bool {
	for _, kind := range [][]string{append([]string{fastTokenizer}, vocabularies...), weightsFiles} {
		if slices.Contains(kind, missing) && slices.ContainsFunc(kind, func(name string) bool { return hasCheck(checks, name) }) {
			return true
		}
	}
	return false
}

// checkFolder checks every file below folder, in the order of their names.
func checkFolder(ctx context.Context, folder string, progress Progress) ([]Check, error) {
	var checks []Check
	// A snapshot may be a link to a folder, which WalkDir would take for a file.
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, fmt.Errorf("checking the files of a model: %w", err)
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && isModelFile(d.Name()) && filepath.Dir(path) == folder {
			checks = append(checks, Check{File: d.Name(), State: Damaged})
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tmp") {
			return err
		}
		file, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		c, err := checkFile(ctx, path, filepath.ToSlash(file), progress)
		checks = append(checks, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("checking the files of %s: %w", folder, err)
	}
	return checks, nil
}

// isModelFile is true for the names that files of a model have.
func isModelFile(name string) bool {
	return name == fastTokenizer || slices.Contains(settingsFiles, name) || slices.Contains(vocabularies, name) || slices.Contains(weightsFiles, name)
}

func checkFile(ctx context.Context, path, file string, progress Progress) (Check, error) {
	c := Check{File: file, State: Unchecked}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		c.State = Missing
		return c, nil
	}
	if errors.Is(err, syscall.ELOOP) {
		c.State = Damaged
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if !info.Mode().IsRegular() {
		c.State = Damaged
	}
	if bound, whole := modelfile.Bound(file); whole && info.Size() > bound {
		c.State = Damaged
	}
	c.Bytes = info.Size()
	target, err := os.Readlink(path)
	if err != nil || !isChecksum(filepath.Base(target)) {
		return c, nil // a file of its own
	}
	c.blob = target
	if !filepath.IsAbs(target) {
		c.blob = filepath.Join(filepath.Dir(path), target)
	}
	if c.State == Damaged {
		return c, nil
	}
	etag := filepath.Base(target)
	got, err := checksumOf(ctx, path, etag, func(done int64) {
		if progress != nil {
			progress(file, done, c.Bytes)
		}
	})
	if err != nil {
		return c, err
	}
	c.State = OK
	if got != etag {
		c.State = Damaged
	}
	return c, nil
}
