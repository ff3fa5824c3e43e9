package loader

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
	"github.com/open-ticket-ai/otai/pkg/loader/trust"
)

// checkOpened judges the file itself, by its descriptor: what is judged is what
// will be read.
func (p *Plugin) checkOpened(t trust.Rule, file *os.File) error {
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
	d, err := t.Opened(path, file)
	if err != nil {
		return p.errorf(StageVerify, CodeUnreadable, "check the file and its file system", "can't be read: %w", preflight.Reason(err))
	}
	return p.insecure(d)
}

// checkWay judges the folders and links that lead to the file.
func (p *Plugin) checkWay(t trust.Rule) error {
	_, d, err := t.Resolve(p.Path)
	if unread := (*fs.PathError)(nil); errors.As(err, &unread) {
		if errors.Is(err, trust.ErrLink) {
			return p.errorf(StageVerify, CodeUnreadable, "point the link to a plugin file, or remove it", "the symbolic link %s can't be followed", unread.Path)
		}
		return p.errorf(StageVerify, CodeUnreadable, "check the path and its permissions", "%s can't be read: %w", unread.Path, unread.Err)
	}
	return p.insecure(d)
}

func (p *Plugin) insecure(d *trust.Violation) error {
	if d == nil {
		return nil
	}
	return p.errorf(StageVerify, CodeInsecurePermissions, d.Fix, "its code could be replaced: %s", d.Cause)
}
