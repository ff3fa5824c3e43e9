package loader

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
	"github.com/open-ticket-ai/otai/pkg/loader/trust"
)

// stateFolder is the folder in which the loader keeps copies of plugins and what it
// found out about them, and the plugins what they want to find again. A user who
// could write there could choose what runs, so it counts only where nobody else can.
type stateFolder struct {
	dir   string
	trust trust.Rule
}

// The subfolders that the loader can make again, and the one that it can't.
const (
	checksumsFolder = "checksums"
	copiesFolder    = "plugins"
	probesFolder    = "probe"
	dataFolder      = "data" // what plugins keep, by their names
)

// openState makes the state folder, or judges the one that is there.
func openState(dir string, t trust.Rule) (stateFolder, error) {
	s := stateFolder{dir: dir, trust: t}
	if dir == "" {
		return s, s.unusable(dir, errors.New("none is configured"))
	}
	var err error
	if s.dir, err = filepath.Abs(dir); err != nil {
		return s, s.unusable(dir, err)
	}
	// Before anything is made, then with all that was made.
	if err := s.judgeWay(); err != nil {
		return s, err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return s, s.unusable(s.dir, err)
	}
	if err := s.judgeWay(); err != nil {
		return s, err
	}
	return s, s.judgeData()
}

// judgeWay judges the folder and what leads to it, as far as that exists.
func (s stateFolder) judgeWay() error {
	// Its own owner says more than that of a folder above, such as a user's home.
	if info, err := os.Stat(s.dir); err == nil {
		if d := s.trust.Owner(s.dir, info); d != nil {
			d.Fix = s.becomeOwner(d.Owner)
			return s.distrusted(d)
		}
	}
	_, d, err := s.trust.Resolve(s.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return s.unusable(s.dir, err)
	case d != nil:
		d.Fix += "; or name another folder with --state-dir or OTAI_STATE_DIR"
		return s.distrusted(d)
	}
	return nil
}

// judgeData judges what plugins keep, such as the journal of a ticket system. A plugin
// that can't read its own file has to go on without it, which nobody would notice.
func (s stateFolder) judgeData() error {
	root := filepath.Join(s.dir, dataFolder)
	failure := s.judgeDataIn(root)
	if info, err := os.Lstat(root); failure != nil || err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return failure
	}
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil
	}
	return s.judgeDataIn(real)
}

func (s stateFolder) judgeDataIn(root string) error {
	var failure error
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			failure = s.notOurs(path, err)
			return fs.SkipAll
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			failure = s.notOurs(path, err)
			return fs.SkipAll
		}
		d := s.trust.Judge(path, path, info, false)
		if d == nil && info.Mode()&fs.ModeSymlink != 0 {
			_, d, _ = s.trust.Resolve(path) // one that leads nowhere is the plugin's to fix
		}
		if d != nil {
			if d.Foreign {
				d.Fix = s.takeOver(root)
			}
			if info.Mode()&fs.ModeSymlink != 0 {
				// To give what it leads to away could give away anything.
				d.Fix = "rm " + trust.Quoted(path) + " (a link; what it leads to stays)"
			}
			failure = s.distrusted(d)
			return fs.SkipAll
		}
		if err := s.usable(path, info); err != nil {
			failure = s.notOurs(path, err)
			return fs.SkipAll
		}
		return nil
	})
	if failure == nil && err != nil {
		failure = s.notOurs(root, err)
	}
	return failure
}

// usable tries what the modes of a file may not show, as for files that root made for
// this user.
func (s stateFolder) usable(path string, info fs.FileInfo) error {
	const read, write, enter, effective = 4, 2, 1, 0x200 // R_OK, W_OK, X_OK, AT_EACCESS
	if trust.OwnerOf(info) == s.trust.UID {
		return nil
	}
	mode := uint32(read | write)
	switch {
	case info.IsDir():
		mode |= enter
	case !info.Mode().IsRegular():
		return nil
	}
	return syscall.Faccessat(-100 /* AT_FDCWD */, path, mode, effective)
}

func (s stateFolder) distrusted(d *trust.Violation) error {
	fix := d.Fix
	const both = 0o022 // a group and everybody may write
	if info, err := os.Stat(s.dir); err == nil && d.Path == s.dir && !d.Foreign && !s.trust.Group && info.Mode()&both == both {
		fix = "chmod go-w " + trust.Quoted(s.dir) // where runs are kept, even a group of the owner alone may not write
	}
	return &Error{
		Stage: StageVerify, Code: CodeStateDir, Path: s.dir, Fix: fix,
		Err: fmt.Errorf("the state folder %s can't be trusted, for others could choose what runs: %s", s.dir, d.Cause),
	}
}

func (s stateFolder) unusable(path string, err error) error {
	e := &Error{
		Stage: StageVerify, Code: CodeStateDir, Path: path, Err: fmt.Errorf("the state folder %s can't hold plugins: %w", s.dir, err),
		Fix: "name another folder with --state-dir or OTAI_STATE_DIR",
	}
	if errors.Is(err, fs.ErrPermission) && s.ofRoot(path) && s.isOtais() {
		e.Fix = "as root: " + s.takeOver(s.dir) + "; or " + e.Fix
	}
	return e
}

// notOurs is about what somebody else, mostly root in a run of its own, left to a
// plugin that can't use it.
func (s stateFolder) notOurs(path string, err error) error {
	whole := filepath.Join(s.dir, dataFolder)
	if real, err := filepath.EvalSymlinks(whole); err == nil {
		whole = real // chown -R follows no link
	}
	if s.ofRoot(s.dir) {
		whole = s.dir
	}
	return &Error{
		Stage: StageVerify, Code: CodeStateDir, Path: path, Fix: "as root: " + s.takeOver(whole),
		Err: fmt.Errorf("what a plugin keeps in the state folder can't be used by %s, so it would be lost: %s: %w", trust.UserText(s.trust.UID), path, preflight.Reason(err)),
	}
}

// ofRoot reports whether root made the state folder, or what is in it, for itself.
func (s stateFolder) ofRoot(path string) bool {
	for _, p := range []string{s.dir, path} {
		if info, err := os.Stat(p); err == nil && trust.OwnerOf(info) == 0 && s.trust.UID != 0 {
			return true
		}
	}
	return false
}

// isOtais reports whether the folder is otai's, as far as can be seen, and not one of the system that
// was named by mistake: nobody must be asked to give that to another user, with all that is in it.
func (s stateFolder) isOtais() bool {
	if filepath.Dir(filepath.Dir(s.dir)) == filepath.Dir(s.dir) { // as /tmp and / are
		return false
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil || len(entries) == 0 {
		return true // nobody else looks into it, or uses it
	}
	some := []string{checksumsFolder, copiesFolder, dataFolder, "probe", "crashes", "runs.db", "runs.lock"} // one is made soon
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return slices.Contains(some, e.Name()) })
}

// takeOver is the command that gives what is at path to this user.
func (s stateFolder) takeOver(path string) string {
	owner := fmt.Sprintf("%d:%d", s.trust.UID, os.Getegid())
	if found, err := user.LookupId(strconv.Itoa(s.trust.UID)); err == nil {
		owner = found.Username + ":" // with that user's group
	}
	return fmt.Sprintf("chown -R %s %s", owner, trust.Quoted(path))
}

// forget is the command that removes what can be made again: the loader's folders, or another
// one. To give it to this user instead would be to trust what others wrote.
func (s stateFolder) forget(folder string) string {
	words, names := []string{"rm -r"}, []string{copiesFolder, probesFolder, checksumsFolder}
	if !slices.Contains(names, folder) {
		names = []string{folder}
	}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(s.dir, name)); err == nil {
			words = append(words, trust.Quoted(filepath.Join(s.dir, name)))
		}
	}
	return strings.Join(words, " ") + " (they are made again)"
}

// becomeOwner is what root does to work on a folder of somebody else: the same command
// as that user.
func (s stateFolder) becomeOwner(owner int) string {
	const another = "name a folder of your own with --state-dir or OTAI_STATE_DIR"
	if s.trust.UID != 0 {
		return another
	}
	return asOwner(owner) + "; or " + another
}

// asOwner is the command that this one is as another user.
func asOwner(owner int) string {
	become := fmt.Sprintf("setpriv --reuid=%d --regid=%d --clear-groups", owner, owner)
	if found, err := user.LookupId(strconv.Itoa(owner)); err == nil {
		become = "runuser -u " + found.Username
	}
	words := make([]string, len(os.Args))
	for n, word := range os.Args {
		words[n] = trust.Quoted(word)
	}
	return "as its owner: " + become + " -- " + strings.Join(words, " ")
}
