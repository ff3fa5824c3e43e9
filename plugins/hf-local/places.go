package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// configDirVariable is what a host answers with the folder of the configuration file
// that this service stands in; followed by a dot and the place of a param, with that
// of the file which has the param.
const configDirVariable = "OTAI_CONFIG_DIR"

// places are where a model that is named by a relative path is looked for: in the
// folder of the configuration, and for one release still in the working directory.
type places struct {
	host   api.Host
	folder string // of the param model_name; "" if the host doesn't know
	log    *slog.Logger

	mu     sync.Mutex
	warned map[string]bool
}

func newPlaces(h api.Host) *places {
	p := &places{host: h, log: h.Logger(), warned: make(map[string]bool)}
	p.folder = p.of("model_name")
	return p
}

// of returns the folder that the value of a param counts from.
func (p *places) of(param string) string {
	folder, _ := p.host.Env(configDirVariable + "." + param)
	return folder
}

// find makes an absolute path of a name that is a folder's: ./x and ../x in folder,
// a/b in folder or in the working directory. Any other is left as it is.
func (p *places) find(name, folder string) string {
	if folder == "" || name == "" || filepath.IsAbs(name) {
		return name
	}
	path := filepath.Join(folder, name)
	if isRelative(name) || isModel(path) {
		return path
	}
	if here := workingFolder(name, path); here != "" {
		p.warn(name, here, path)
		return here
	}
	return name
}

// workingFolder is the folder of this name in the working directory, "" if there is
// none or it is path.
func workingFolder(name, path string) string {
	if here, err := filepath.Abs(name); err == nil && here != path && isFolder(here) {
		return here
	}
	return ""
}

// advise says what is wrong with a name by which a model was found all the same.
func (p *places) advise(name, found, folder string) (message, fix string) {
	if folder == "" || filepath.IsAbs(name) || workingFolder(name, filepath.Join(folder, name)) != found {
		return "", ""
	}
	return "the model is in the working directory alone, where the next version will not look: " + found, "move it to the configuration's folder, or write its whole path"
}

// warn says once that a model will not be found for ever where it is.
func (p *places) warn(name, here, path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.warned[name] {
		p.warned[name] = true
		p.log.Warn("a model was found in the working directory, where the next version will not look; move it to the configuration's folder, or write its whole path",
			"model", name, "found", here, "next", path)
	}
}

// explain adds to the error about a model that isn't there the folders in which it
// was looked for.
func (p *places) explain(err error, name string) error {
	if err == nil || p.folder == "" || name == "" || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if hint := unexpanded(name); hint != "" {
		return fmt.Errorf("%w. %s", err, hint)
	}
	if !filepath.IsAbs(name) {
		looked := filepath.Join(p.folder, name)
		if here, wrong := filepath.Abs(name); wrong == nil && here != looked {
			looked += " and " + here
		}
		if errors.Is(err, api.ErrInvalid) { // which says already that it is no folder
			return fmt.Errorf("%w. Looked for %s", err, looked)
		}
		return fmt.Errorf("%w. It is no folder either: looked for %s", err, looked)
	}
	if below, wrong := filepath.Rel(p.folder, name); wrong == nil && errors.Is(err, api.ErrNotFound) {
		if here, wrong := filepath.Abs(below); wrong == nil && here != name && isFolder(here) {
			return fmt.Errorf("%w. There is %s, but a relative path counts from the configuration's folder, %s", err, here, p.folder)
		}
	}
	return err
}

// unexpanded says what to write for what a shell or a browser would have understood.
func unexpanded(name string) string {
	switch {
	case strings.HasPrefix(name, "~"):
		return "~ isn't expanded: write the whole path of the folder"
	case strings.Contains(name, "$"):
		return "Variables aren't expanded here: write the whole path of the folder, or {{ get_env('NAME') }} in a pipe and ${NAME} in a service"
	case strings.HasPrefix(strings.ToLower(name), "file:"):
		return "A folder is written as its path, without file://"
	}
	return ""
}

// isRelative is true for what can only be a path.
func isRelative(name string) bool {
	return name == "." || name == ".." || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
}

// isModel tells the folder of a model from one that happens to be called so.
func isModel(path string) bool {
	info, err := os.Stat(filepath.Join(path, "config.json"))
	return err == nil && !info.IsDir()
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
