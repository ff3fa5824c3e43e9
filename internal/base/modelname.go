package base

import (
	"os"
	"path/filepath"
	"strings"
)

// modelFolderVariable is the variable for which the host returns the folder of the
// configuration file that has the param model_name.
const modelFolderVariable = "OTAI_CONFIG_DIR.model_name"

// ModelName returns the name of a model as a classifier takes it. A path, ./x or ../x,
// is relative to folder, and so is a/b if that is the folder of a model there. Other
// names don't change, and none does if folder is empty.
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

// isRelative reports whether a name can only be a path.
func isRelative(name string) bool {
	return name == "." || name == ".." || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
}
