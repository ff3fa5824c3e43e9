package loader

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// checkOpened judges the file itself, by its descriptor: what is judged is what
// will be read.
func (p *Plugin) checkOpened(t trust, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return p.errorf(StageVerify, CodeUnreadable, "check the file and its file system", "can't be read: %w", preflight.Reason(err))
	}
	if !info.Mode().IsRegular() {
		return p.errorf(StageVerify, CodeNotRegularFile, "put the plugin file itself there", "is a %s by now, not a regular file", kind(info.Mode()))
	}
	path, err := filepath.EvalSymlinks(p.Path)
	if err != nil {
		return p.errorf(StageVerify, CodeUnreadable, "check the file and its permissions", "can't be read: %w", preflight.Reason(err))
	}
	d, err := t.ofOpened(path, file)
	if err != nil {
		return p.errorf(StageVerify, CodeUnreadable, "check the file and its file system", "can't be read: %w", preflight.Reason(err))
	}
	return p.insecure(d)
}

// checkWay judges the folders and links that lead to the file.
func (p *Plugin) checkWay(t trust) error {
	_, d, err := t.resolve(p.Path)
	if unread := (*fs.PathError)(nil); errors.As(err, &unread) {
		if errors.Is(err, errLink) {
			return p.errorf(StageVerify, CodeUnreadable, "point the link to a plugin file, or remove it", "the symbolic link %s can't be followed", unread.Path)
		}
		return p.errorf(StageVerify, CodeUnreadable, "check the path and its permissions", "%s can't be read: %w", unread.Path, unread.Err)
	}
	return p.insecure(d)
}

func (p *Plugin) insecure(d *violation) error {
	if d == nil {
		return nil
	}
	return p.errorf(StageVerify, CodeInsecurePermissions, d.fix, "its code could be replaced: %s", d.cause)
}

var plainPath = regexp.MustCompile(`^[A-Za-z0-9_/.,:@%+=-]+$`)

// quoted writes a path as a shell takes it for one word.
func quoted(path string) string {
	if plainPath.MatchString(path) {
		return path
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(path, "'", `'\''`))
}
