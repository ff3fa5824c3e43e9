package loader

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/loader/trust"
)

// Temporary is a temporary folder in place of a state folder that can't be used, for
// commands that only read; see [Options].Instead. It is made when it is first needed, and
// nobody else can enter it. The zero value is ready to use; its owner calls Remove.
type Temporary struct {
	// Made is called with the folder when it is made, before anything is in it. nil: nobody
	// wants to know.
	Made func(dir string)

	mu  sync.Mutex
	dir string
}

func (t *Temporary) open(o Options, who trust.Rule) (stateFolder, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dir == "" {
		dir, err := makeTemporary("otai-", o.StateDir, who)
		if err != nil {
			return stateFolder{}, err
		}
		if t.dir = dir; t.Made != nil {
			t.Made(dir)
		}
	}
	return stateFolder{dir: t.dir, trust: who}, nil
}

// NewTemporary makes a new folder whose name begins with prefix, in which plugins can be
// opened and which nobody else can replace. It is in the first suitable of the folder for
// temporary files, other common folders, and StateDir of o; TrustGroup of o is also used.
// The caller removes it. An error is an [*Error].
func NewTemporary(prefix string, o Options) (string, error) {
	return makeTemporary(prefix, o.StateDir, trust.Of(o.TrustGroup))
}

func makeTemporary(prefix, stateDir string, who trust.Rule) (string, error) {
	var reasons []error
	for _, parent := range []string{os.TempDir(), "/tmp", "/var/tmp", os.Getenv("XDG_RUNTIME_DIR")} {
		if parent == "" {
			continue
		}
		dir, err := makeTemporaryIn(parent, prefix, who)
		if err == nil {
			return dir, nil
		}
		reasons = append(reasons, err)
	}
	dir, err := makeTemporaryInState(stateDir, prefix, who)
	if err == nil {
		return dir, nil
	}
	return "", &Error{
		Stage: StageVerify, Code: CodeStateDir, Path: os.TempDir(), Err: fmt.Errorf("no folder for temporary files can hold plugins: %w", errors.Join(append(reasons, err)...)),
		Fix: "name one that only root and you can write to, and that isn't mounted noexec, with TMPDIR",
	}
}

// makeTemporaryIn makes the folder where nobody can put another in its place. The parent is
// judged before anything is made there.
func makeTemporaryIn(parent, prefix string, who trust.Rule) (string, error) {
	parent, err := filepath.Abs(parent)
	if err != nil {
		return "", err
	}
	real, d, err := who.Resolve(parent)
	if d != nil && !mayContainOwn(who, d) {
		return "", errors.New(d.Cause)
	}
	if err != nil {
		return "", err
	}
	noexec, err := mountedNoexec(real)
	if err != nil {
		return "", err
	}
	if noexec {
		return "", fmt.Errorf("%s is mounted noexec", parent)
	}
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return "", err
	}
	_, d, err = who.Resolve(dir)
	if d != nil {
		err = errors.New(d.Cause)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return dir, nil
}

// mayContainOwn reports whether a folder is good enough to have one of the user's own in it.
func mayContainOwn(t trust.Rule, d *trust.Violation) bool {
	info, err := os.Lstat(d.Path)
	return err == nil && t.MayBeRoots(d, d.Path, info)
}

// makeTemporaryInState is for a machine on which nothing may be run from the folders for
// temporary files.
func makeTemporaryInState(dir, prefix string, who trust.Rule) (string, error) {
	s := stateFolder{dir: dir, trust: who}
	if dir == "" {
		return "", errors.New("no state folder is configured")
	}
	if err := s.judgeWay(); err != nil {
		return "", errors.Unwrap(err)
	}
	// Root must not make the folder, which a service could then not use.
	if _, err := os.Stat(dir); err != nil && who.UID == 0 {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return makeTemporaryIn(dir, prefix, who)
}

// Remove removes the folder and everything in it. Plugins that were opened from there stay
// open.
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
