package loader

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Temporary stands in for a state folder that can't be used, for commands that only
// look: a fresh folder of the caller's that nobody else can enter. It is made when it
// is first needed. The zero value is ready; whoever made it calls Remove.
type Temporary struct {
	mu  sync.Mutex
	dir string
}

func (t *Temporary) open(who trust) (stateFolder, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dir != "" {
		return stateFolder{dir: t.dir, trust: who}, nil
	}
	var faults []error
	for _, parent := range []string{os.TempDir(), "/tmp", "/var/tmp", os.Getenv("XDG_RUNTIME_DIR")} {
		if parent == "" {
			continue
		}
		dir, err := makeTemporary(parent, who)
		if err == nil {
			t.dir = dir
			return stateFolder{dir: dir, trust: who}, nil
		}
		faults = append(faults, err)
	}
	return stateFolder{}, &Error{
		Stage: StageVerify, Code: CodeStateDir, Path: os.TempDir(), Err: fmt.Errorf("no folder for temporary files can hold plugins: %w", errors.Join(faults...)),
		Fix: "name one that only root and you can write to with --state-dir or TMPDIR",
	}
}

// makeTemporary makes the folder where nobody can put another in its place.
func makeTemporary(parent string, who trust) (string, error) {
	parent, err := filepath.Abs(parent)
	if err != nil {
		return "", err
	}
	noexec, err := mountedNoexec(parent)
	if err != nil {
		return "", err
	}
	if noexec {
		return "", fmt.Errorf("%s is mounted noexec", parent)
	}
	dir, err := os.MkdirTemp(parent, "otai-")
	if err != nil {
		return "", err
	}
	_, d, err := who.way(dir)
	if d != nil {
		err = errors.New(d.cause)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return dir, nil
}

// Remove removes the folder with all that is in it. Plugins that were opened from
// there stay open.
func (t *Temporary) Remove() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dir == "" {
		return nil
	}
	err := os.RemoveAll(t.dir)
	t.dir = ""
	return err
}
