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

// configDirVariable is the variable by which a host gives the folder of the
// configuration file that has this service; followed by a dot and the path of a param,
// the folder of the file that has the param.
const configDirVariable = "OTAI_CONFIG_DIR"

// modelPaths resolve models that are named by relative paths: in the folder of the
// configuration, and for one more release in the working directory.
type modelPaths struct {
	host   api.Host
	folder string // of the param model_name; "" if the host doesn't know
	log    *slog.Logger

	mu     sync.Mutex
	warned map[string]bool
}

func newModelPaths(h api.Host) *modelPaths {
	p := &modelPaths{host: h, log: h.Logger(), warned: make(map[string]bool)}
	p.folder = p.folderOf("model_name")
	return p
}

// folderOf returns the folder that the value of a param is relative to.
func (p *modelPaths) folderOf(param string) string {
	folder, _ := p.host.Env(configDirVariable + "." + param)
	return folder
}

// resolve makes the name of a folder an absolute path: ./x and ../x in folder, a/b in
// folder or in the working directory. Any other name is returned as it is.
func (p *modelPaths) resolve(name, folder string) string {
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

// workingFolder returns the folder of this name in the working directory, or "" if there
// is none or it is path.
func workingFolder(name, path string) string {
	if here, err := filepath.Abs(name); err == nil && here != path && isFolder(here) {
		return here
	}
	return ""
}

// advise returns what is wrong with a name although its model was found.
func (p *modelPaths) advise(name, found, folder string) (message, fix string) {
	if folder == "" || filepath.IsAbs(name) || workingFolder(name, filepath.Join(folder, name)) != found {
		return "", ""
	}
	return "the model is in the working directory alone, where the next version will not look: " + found, "move it to the configuration's folder, or write its whole path"
}

// warn logs once that later versions won't find a model where it is.
func (p *modelPaths) warn(name, here, path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.warned[name] {
		p.warned[name] = true
		p.log.Warn("a model was found in the working directory, where the next version will not look; move it to the configuration's folder, or write its whole path",
			"model", name, "found", here, "next", path)
	}
}

// explain adds the folders in which a model was looked for to the error about its
// absence.
func (p *modelPaths) explain(err error, name string) error {
	if err == nil || p.folder == "" || name == "" || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if hint := unexpanded(name); hint != "" {
		return fmt.Errorf("%w. %s", err, hint)
	}
	if !filepath.IsAbs(name) {
		folders := []string{filepath.Join(p.folder, name)}
		if here, wrong := filepath.Abs(name); wrong == nil && here != folders[0] {
			folders = append(folders, here)
		}
		looked := strings.Join(folders, " and ")
		if errors.Is(err, api.ErrInvalid) { // which already says that there is no such folder
			return &searchedError{fmt.Errorf("%w. Looked for %s", err, looked), folders}
		}
		return &searchedError{fmt.Errorf("%w. It is not a folder either: looked for %s", err, looked), folders}
	}
	if below, wrong := filepath.Rel(p.folder, name); wrong == nil && errors.Is(err, api.ErrNotFound) {
		if here, wrong := filepath.Abs(below); wrong == nil && here != name && isFolder(here) {
			return fmt.Errorf("%w. There is %s, but a relative path counts from the configuration's folder, %s", err, here, p.folder)
		}
	}
	return err
}

// searchedError is about a model that isn't in any of the folders. The pipe that names the
// model asks for them, so that its message names none twice.
type searchedError struct {
	error
	folders []string
}

func (e *searchedError) Unwrap() error { return e.error }

// SearchedFolders returns the folders in which the model was looked for.
func (e *searchedError) SearchedFolders() []string { return e.folders }

// unexpanded returns what to write in place of what only a shell or browser expands.
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

// isRelative reports whether name can only be a path.
func isRelative(name string) bool {
	return name == "." || name == ".." || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
}

// isModel reports whether path is the folder of a model, and not only of that name.
func isModel(path string) bool {
	info, err := os.Stat(filepath.Join(path, "config.json"))
	return err == nil && !info.IsDir()
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
