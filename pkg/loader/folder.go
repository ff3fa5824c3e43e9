package loader

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Files in the state folder that no process has asked for in this time are
// removed. A process that has a copy open isn't hurt: a mapped file lives on
// without its name. The time protects one that has just made a copy and is about
// to open it.
const keepUnused = 24 * time.Hour

// privateFolder makes a folder in the state folder that nobody else can enter.
func privateFolder(stateDir, name string) (string, error) {
	dir := filepath.Join(stateDir, name)
	if stateDir == "" {
		return "", unusable(stateDir, dir, errors.New("none is configured"))
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", unusable(stateDir, dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", unusable(stateDir, dir, err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", unusable(stateDir, dir, err)
	}
	if !info.IsDir() {
		return "", unusable(stateDir, dir, fmt.Errorf("%s is no folder", dir))
	}
	if info.Mode().Perm() != 0o700 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return "", unusable(stateDir, dir, fmt.Errorf("%w; give it to the user that runs the host", err))
		}
	}
	return dir, nil
}

func unusable(stateDir, dir string, err error) *Error {
	return &Error{
		Stage: StageVerify, Code: CodeStateDir, Path: dir, Err: fmt.Errorf("the state folder %s can't hold plugins: %w", stateDir, err),
		Fix: "name another folder with --state-dir or OTAI_STATE_DIR",
	}
}

// removeOld removes the files in dir that were not used for long.
func removeOld(dir string, used map[string]bool, logger *slog.Logger) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		logger.Debug("can't look for old files", "path", dir, "error", err)
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || used[entry.Name()] || time.Since(info.ModTime()) < keepUnused {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
			logger.Debug("can't remove an old file", "path", entry.Name(), "error", err)
		}
	}
}
