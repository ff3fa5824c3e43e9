package hub

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// Cache is a HuggingFace cache on disk.
type Cache struct {
	folder  string                          // "" when the environment names none
	symlink func(target, path string) error // nil: os.Symlink
}

// NewCache returns the cache in folder or, if that is empty, where the
// environment says: HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else hub in HF_HOME,
// else huggingface/hub in XDG_CACHE_HOME, else .cache/huggingface/hub in HOME.
func NewCache(folder string, env func(name string) (string, bool)) Cache {
	e := environment(env)
	for _, named := range []string{folder, e.value("HF_HUB_CACHE"), e.value("HUGGINGFACE_HUB_CACHE")} {
		if named != "" {
			return Cache{folder: e.path(named)}
		}
	}
	if home := e.hfHome(); home != "" {
		return Cache{folder: filepath.Join(home, "hub")}
	}
	return Cache{}
}

// environment looks up variables; an empty one counts as not set.
type environment func(name string) (string, bool)

func (e environment) value(name string) string {
	v, _ := e(name)
	return v
}

// isTrue is huggingface_hub's reading of a switch.
func (e environment) isTrue(name string) bool {
	switch strings.ToUpper(e.value(name)) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}

// path opens a leading ~ and variables, as huggingface_hub does.
func (e environment) path(p string) string {
	if rest, ok := strings.CutPrefix(p, "~/"); ok && e.value("HOME") != "" {
		p = filepath.Join(e.value("HOME"), rest)
	}
	return filepath.Clean(os.Expand(p, func(name string) string {
		if v := e.value(name); v != "" {
			return v
		}
		return "$" + name
	}))
}

func (e environment) hfHome() string {
	switch {
	case e.value("HF_HOME") != "":
		return e.path(e.value("HF_HOME"))
	case e.value("XDG_CACHE_HOME") != "":
		return filepath.Join(e.path(e.value("XDG_CACHE_HOME")), "huggingface")
	case e.value("HOME") != "":
		return filepath.Join(e.value("HOME"), ".cache", "huggingface")
	}
	return ""
}

// Folder returns where the cache is, "" if the environment names no place.
func (c Cache) Folder() string { return c.folder }

// model is the folder of one model in the cache.
func (c Cache) model(name string) string {
	return filepath.Join(c.folder, "models--"+strings.ReplaceAll(name, "/", "--"))
}

var errNoCache = fmt.Errorf("no folder is known for the HuggingFace cache: set cache_dir, HF_HOME or HOME: %w", api.ErrInvalid)

// snapshot returns the folder where the files of ref are or will be, without a
// look at what is in it. [api.ErrNotFound] means that the revision was never
// downloaded.
func (c Cache) snapshot(ref Reference) (string, error) {
	if c.folder == "" {
		return "", errNoCache
	}
	model := c.model(ref.Name)
	commit := ref.Revision
	if !commitHash.MatchString(commit) {
		path := filepath.Join(model, "refs", filepath.FromSlash(ref.Revision))
		text, err := modelfile.ReadWithin(path, modelfile.MaxRef)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("the model %s is not on this machine: there is no %s: %w", ref, path, api.ErrNotFound)
		case err != nil:
			return "", fmt.Errorf("reading which commit of the model %s is current: %w", ref, err)
		}
		commit = strings.TrimSpace(string(text))
		if !isFileName(commit) {
			return "", fmt.Errorf("%s has %.200q in it, which is not a commit; remove %s: %w", path, commit, model, api.ErrInvalid)
		}
	}
	folder := filepath.Join(model, "snapshots", commit)
	if !isFolder(folder) {
		return "", fmt.Errorf("the model %s is not on this machine: there is no %s: %w", ref, folder, api.ErrNotFound)
	}
	return folder, nil
}

// IncompleteError says that a model is in the cache, but not all of it.
type IncompleteError struct {
	Model   string
	Folder  string
	Missing []string
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("the model %s is not complete on this machine: %s lacks %s", e.Model, e.Folder, strings.Join(e.Missing, ", "))
}

// Is says that an incomplete model counts as not there.
func (e *IncompleteError) Is(target error) bool { return target == api.ErrNotFound }

// complete returns the folder of ref if all that w wants is there.
func (c Cache) complete(ref Reference, w Want) (string, error) {
	folder, err := c.snapshot(ref)
	if err != nil {
		return "", err
	}
	missing, err := w.missing(folder, listing(c.model(ref.Name), filepath.Base(folder)))
	if err != nil {
		return "", err
	}
	if len(missing) > 0 {
		return "", &IncompleteError{Model: ref.String(), Folder: folder, Missing: missing}
	}
	return folder, nil
}

// setRef puts down that revision is commit.
func (c Cache) setRef(ref Reference, commit string) error {
	if ref.Revision == commit {
		return nil
	}
	path := filepath.Join(c.model(ref.Name), "refs", filepath.FromSlash(ref.Revision))
	if old, err := modelfile.ReadWithin(path, modelfile.MaxRef); err == nil && string(old) == commit {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return replace(path, func(temporary string) error { return os.WriteFile(temporary, []byte(commit), 0o666) })
}

// file is the path of a file in a snapshot.
func (c Cache) file(ref Reference, commit, file string) string {
	return filepath.Join(c.model(ref.Name), "snapshots", commit, filepath.FromSlash(file))
}

// isMoved says that a snapshot has the file itself instead of a link to it.
func (c Cache) isMoved(ref Reference, commit, file string, size int64) bool {
	info, err := os.Lstat(c.file(ref, commit, file))
	return err == nil && info.Mode().IsRegular() && (size < 0 || info.Size() == size)
}

// link makes the file of a snapshot a relative link to its blob, so that the
// cache can be moved. On a file system without such links the blob itself gets the
// place, as with huggingface_hub.
func (c Cache) link(ref Reference, commit, file, etag string) error {
	path := c.file(ref, commit, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	target := filepath.Join(strings.Repeat("../", strings.Count(file, "/")+2), "blobs", etag)
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	symlink := c.symlink
	if symlink == nil {
		symlink = os.Symlink
	}
	err := replace(path, func(temporary string) error { return symlink(target, temporary) })
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS) {
		return os.Rename(filepath.Join(c.model(ref.Name), "blobs", etag), path)
	}
	return err
}

// replace makes a file beside path and moves it there, so that no one sees half of
// it.
func replace(path string, write func(temporary string) error) error {
	temporary := path + "." + rand.Text()[:8] + ".tmp"
	if err := write(temporary); err != nil {
		_ = os.Remove(temporary) // perhaps it was not made
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}

// isFileName reports whether text can be the name of one file in a folder.
func isFileName(text string) bool {
	return fs.ValidPath(text) && !strings.ContainsAny(text, "/\\\x00") && !strings.HasPrefix(text, ".")
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
