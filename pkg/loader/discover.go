package loader

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/registry"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// discover finds the plugin files and returns them in the order in which they are
// to be loaded. Which of two conflicting files counts depends on nothing but the
// order of folders and names. A folder that doesn't exist has no plugins.
func discover(o Options, r *registry.Registry) ([]Plugin, error) {
	var found []Plugin
	var seen []string
	owners := takenPrefixes(r, o.Separator)
	for _, configured := range o.Dirs {
		dir, err := filepath.Abs(configured)
		if err != nil {
			return nil, fmt.Errorf("plugin folder %q: %w", configured, err)
		}
		if slices.Contains(seen, dir) {
			continue
		}
		seen = append(seen, dir)
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			o.Logger.Debug("plugin folder does not exist", "path", dir)
			continue
		}
		if err != nil {
			unreadable := Plugin{Path: dir}
			found = append(found, unreadable.rejected(unreadable.errorf(StageDiscover, CodeUnreadable,
				"check the plugin folder and its permissions", "can't read the plugin folder: %w", preflight.Reason(err))))
			continue
		}
		for _, entry := range entries {
			begin, end := filePattern(o.Prefix)
			if file := entry.Name(); strings.HasPrefix(file, begin) && strings.HasSuffix(file, end) {
				found = append(found, judge(filepath.Join(dir, file), o, owners))
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Plugin) int {
		return cmp.Or(cmp.Compare(place(a.Name, o.Policies), place(b.Name, o.Policies)), cmp.Compare(a.Name, b.Name))
	})
	return found, nil
}

// judge looks at a file from outside. owners maps each prefix to the file or
// plugin that has it, and is extended.
func judge(path string, o Options, owners map[string]string) Plugin {
	p, ok := named(filepath.Base(path), o.Prefix)
	p.Path = path
	if !ok {
		return p.rejected(p.errorf(StageDiscover, CodeBadMetadata, "name the file like otai_my_plugin.so",
			"the file's name gives no plugin name: letters and digits, joined by single underscores, are expected"))
	}
	if err := p.takePrefix(owners); err != nil {
		return p.rejected(err)
	}
	if o.policy(&p).Disabled {
		p.Status = Disabled
		p.Err = asError(p.errorf(StageDiscover, CodeDisabled, "enable it in the configuration's plugins", "switched off by the configuration"))
		return p
	}
	if err := p.look(); err != nil {
		return p.rejected(err)
	}
	return p
}

// look follows symbolic links: what counts is what they lead to.
func (p *Plugin) look() error {
	info, err := os.Stat(p.Path)
	if err != nil {
		if target, linkErr := os.Readlink(p.Path); linkErr == nil {
			return p.errorf(StageDiscover, CodeUnreadable, "point the link to a plugin file, or remove it",
				"is a symbolic link to %s, which can't be followed: %w", target, preflight.Reason(err))
		}
		return p.errorf(StageDiscover, CodeUnreadable, "check the file and its permissions", "can't be read: %w", preflight.Reason(err))
	}
	if !info.Mode().IsRegular() {
		return p.errorf(StageDiscover, CodeNotRegularFile, "put the plugin file itself there, or rename this",
			"is a %s, not a regular file", kind(info.Mode()))
	}
	p.Size = info.Size()
	return nil
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "folder"
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// place returns where the configuration has a plugin's policy. Plugins that it
// says nothing about come after all others.
func place(name string, policies []Policy) int {
	if n := slices.IndexFunc(policies, func(o Policy) bool { return hyphens(o.Name) == name }); n >= 0 {
		return n
	}
	return len(policies)
}
