package base

import (
	"os"
	"path/filepath"
	"strings"
)

// modelFolderVariable is answered by the host with the folder of the configuration
// file that has the param model_name.
const modelFolderVariable = "OTAI_CONFIG_DIR.model_name"

// ModelName returns the name of a model as a classifier takes it. One that is
// written as a path, ./x or ../x, counts from folder, and so does a/b if that is a
// model's folder there; all other names are left as they are. An empty folder is
// none.
func ModelName(name, folder string) string {
	if folder == "" || name == "" || filepath.IsAbs(name) {
		return name
	}
	path := filepath.Join(folder, name)
	if isRelative(name) {
		return path
	}
	if info, err := os.Stat(filepath.Join(path, "config.json")); err == nil && !info.IsDir() {
		return path
	}
	return name
}

// isRelative is true for what can only be a path.
func isRelative(name string) bool {
	return name == "." || name == ".." || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
}
