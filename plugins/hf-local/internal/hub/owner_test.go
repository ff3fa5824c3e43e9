package hub_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
)

const service = 12345

// serviceCache gives the folder of the cache, which doesn't exist yet, to a service's user.
func serviceCache(t *testing.T) (w *world, above string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can act as two users")
	}
	dir, err := os.MkdirTemp("", "otai-cache-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w, above = newWorld(t), filepath.Join(dir, "cache")
	w.cache = filepath.Join(above, "huggingface", "hub")
	w.env["HF_HUB_CACHE"] = w.cache
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(above, 0o700), os.Chown(above, service, service)); err != nil {
		t.Fatal(err)
	}
	return w, above
}

func TestWhatRootDownloadsForAServiceBelongsToTheService(t *testing.T) {
	for way, download := range map[string]func(h *hub.Hub) (string, error){
		"ensure": func(h *hub.Hub) (string, error) { return h.Ensure(t.Context(), hub.Request{Name: name}) },
		"pull":   func(h *hub.Hub) (string, error) { return h.Pull(t.Context(), hub.Request{Name: name}, true) },
	} {
		t.Run(way, func(t *testing.T) {
			w, above := serviceCache(t)
			folder, err := download(w.hub(t))
			if err != nil {
				t.Fatal(err)
			}
			w.wantModel(t, folder)
			if err := filepath.WalkDir(above, func(path string, _ os.DirEntry, err error) error {
				var stat syscall.Stat_t
				if err := errors.Join(err, syscall.Lstat(path, &stat)); err != nil {
					return err
				}
				if stat.Uid != service || stat.Gid != service {
					t.Errorf("%s belongs to %d:%d", path, stat.Uid, stat.Gid)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			// Root is root again.
			if err := os.WriteFile(filepath.Join(t.TempDir(), "file"), nil, 0o600); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAServiceCannotLeadRootsDownloadElsewhere(t *testing.T) {
	w, above := serviceCache(t)
	secret := filepath.Join(filepath.Dir(above), "secret")
	model := filepath.Join(w.cache, "models--org--tickets")
	if err := errors.Join(os.MkdirAll(model, 0o700), os.Mkdir(secret, 0o755), os.Symlink(secret, filepath.Join(model, "blobs"))); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{model, w.cache, filepath.Dir(w.cache)} {
		if err := os.Chown(dir, service, service); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.ensure(t)
	if err == nil || !strings.Contains(err.Error(), "permission") {
		t.Errorf("error = %v", err)
	}
	if there, err := os.ReadDir(secret); err != nil || len(there) > 0 {
		t.Errorf("root wrote %v, %v", there, err)
	}
}

// The cache is where a link of the service's leads: what counts is whose the link is.
func TestAServiceCannotMakeAFolderOfRootsTheCache(t *testing.T) {
	for name, plant := range map[string]func(secret, above string) error{
		"a link above": func(secret, above string) error {
			return os.Symlink(secret, filepath.Join(above, "huggingface"))
		},
		"a link": func(secret, above string) error {
			folder := filepath.Join(above, "huggingface")
			return errors.Join(os.Mkdir(folder, 0o700), os.Symlink(secret, filepath.Join(folder, "hub")), os.Chown(folder, service, service))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, above := serviceCache(t)
			secret := filepath.Join(filepath.Dir(above), "secret")
			if err := errors.Join(os.Mkdir(secret, 0o755), plant(secret, above)); err != nil {
				t.Fatal(err)
			}
			if _, err := w.ensure(t); err == nil || !strings.Contains(err.Error(), "permission") {
				t.Errorf("error = %v", err)
			}
			if there, err := os.ReadDir(secret); err != nil || len(there) > 0 {
				t.Errorf("root wrote %v, %v", there, err)
			}
		})
	}
}
