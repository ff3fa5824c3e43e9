package onnx

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// checkTrusted refuses a library that other users could replace, since its code is run:
// path, without symbolic links, and all folders above must belong to root or to the user
// of the process, and must not be writable by everybody, but for folders with the sticky bit.
func checkTrusted(path string) error {
	for {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		switch {
		case path == "/":
			return nil
		case ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid():
			return fmt.Errorf("could be replaced: %s belongs to the user %d; chown root %s, or use a copy of your own", path, stat.Uid, path)
		case info.Mode()&0o002 != 0 && !(info.IsDir() && info.Mode()&os.ModeSticky != 0):
			return fmt.Errorf("could be replaced: everybody can write to %s; chmod o-w %s", path, path)
		}
		path = filepath.Dir(path)
	}
}
