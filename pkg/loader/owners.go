package loader

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// Who can write to a plugin file, or to a folder on the way to it, can run code
// as the user of the host. So a plugin file and the folder that holds it must
// belong to root or to the user that the host runs as, and nothing on the way may
// be writable by everybody, unless the sticky bit keeps others from replacing
// what is in it, as in the folder for temporary files.

// checkOpened judges the file itself, by its descriptor: what is judged is what
// will be read.
func (p *Plugin) checkOpened(file *os.File) *Error {
	info, err := file.Stat()
	if err != nil {
		return p.fault(StageVerify, CodeUnreadable, "check the file and its file system", "can't be read: %w", cause(err))
	}
	if !info.Mode().IsRegular() {
		return p.fault(StageVerify, CodeNotRegularFile, "put the plugin file itself there", "is a %s by now, not a regular file", kind(info.Mode()))
	}
	path, err := filepath.EvalSymlinks(p.Path)
	if err != nil {
		return p.fault(StageVerify, CodeUnreadable, "check the file and its permissions", "can't be read: %w", cause(err))
	}
	if err := p.checkOwner(path, info); err != nil {
		return err
	}
	return p.checkWritable(path, info)
}

// checkWay judges the folders that lead to the file: those of the path as it was
// given, and those behind the symbolic links in it.
func (p *Plugin) checkWay() *Error {
	const mostLinks = 40 // as Linux follows
	links := 0
	folder, rest := "/", strings.Split(p.Path, "/")
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		path := filepath.Join(folder, name) // folder has no symbolic link in it
		info, err := os.Lstat(path)
		if err != nil {
			return p.fault(StageVerify, CodeUnreadable, "check the path and its permissions", "%s can't be read: %w", path, cause(err))
		}
		if len(rest) == 0 {
			if err := p.checkFolderOwner(folder); err != nil {
				return err
			}
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if links++; err != nil || links > mostLinks {
				return p.fault(StageVerify, CodeUnreadable, "point the link to a plugin file, or remove it", "the symbolic link %s can't be followed", path)
			}
			if filepath.IsAbs(target) {
				folder = "/"
			}
			rest = append(strings.Split(target, "/"), rest...)
		case info.IsDir():
			if err := p.checkWritable(path, info); err != nil {
				return err
			}
			folder = path
		}
	}
	return nil
}

func (p *Plugin) checkFolderOwner(folder string) *Error {
	info, err := os.Stat(folder)
	if err != nil {
		return p.fault(StageVerify, CodeUnreadable, "check the folder and its permissions", "%s can't be read: %w", folder, cause(err))
	}
	return p.checkOwner(folder, info)
}

func (p *Plugin) checkOwner(path string, info fs.FileInfo) *Error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 || int(stat.Uid) == os.Geteuid() {
		return nil
	}
	return p.fault(StageVerify, CodeInsecurePermissions, "chown root "+quoted(path),
		"%s belongs to user %d, who could replace its code; only root and user %d, whom the host runs as, are trusted", path, stat.Uid, os.Geteuid())
}

func (p *Plugin) checkWritable(path string, info fs.FileInfo) *Error {
	const everybody = 0o002
	if info.Mode()&everybody == 0 || info.IsDir() && info.Mode()&fs.ModeSticky != 0 {
		return nil
	}
	return p.fault(StageVerify, CodeInsecurePermissions, "chmod o-w "+quoted(path),
		"everybody can write to %s (mode %04o), and so replace the plugin's code", path, info.Mode().Perm())
}

var plainPath = regexp.MustCompile(`^[A-Za-z0-9_/.,:@%+=-]+$`)

// quoted writes a path as a shell takes it for one word.
func quoted(path string) string {
	if plainPath.MatchString(path) {
		return path
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(path, "'", `'\''`))
}
