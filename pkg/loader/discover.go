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
	return standing(o, takenPrefixes(r, o.Separator), nil)
}

// beside returns how the plugins in the folders are found, and the files at paths among them:
// where the configuration or the host gives a file a place, there, as at a start; the others
// last, in the order of paths, so that what stands in a folder counts before what is new. What has
// the name of one of the files is left out: the file would take its place.
func beside(paths []string) func(Options, *registry.Registry) ([]Plugin, error) {
	return func(o Options, r *registry.Registry) ([]Plugin, error) {
		owners := takenPrefixes(r, o.Separator)
		found, err := standing(o, owners, paths)
		if err != nil {
			return nil, err
		}
		for n, path := range paths {
			path, err := filepath.Abs(path)
			if err != nil {
				return nil, err
			}
			p := judge(path, o, owners)
			p.given = n + 1
			found = append(found, p)
		}
		last := len(o.Policies) + len(o.First)
		place := func(p Plugin) int {
			if n := o.place(p.Name); n < last || p.given == 0 {
				return n
			}
			return last + 1
		}
		slices.SortStableFunc(found, func(a, b Plugin) int { return cmp.Compare(place(a), place(b)) })
		return found, nil
	}
}

// givenLast moves the files that [beside] was asked for to the end, in the order in which they
// were given.
func givenLast(plugins []Plugin) {
	slices.SortStableFunc(plugins, func(a, b Plugin) int { return cmp.Compare(a.given, b.given) })
}

// standing returns the plugins in the folders but those with the name of one of the files
// at paths, in the order in which they are to be loaded.
func standing(o Options, owners map[string]string, paths []string) ([]Plugin, error) {
	var found []Plugin
	var seen, replaced []string
	for _, path := range paths {
		replaced = append(replaced, filepath.Base(path))
	}
	for _, configured := range o.Dirs {
		dir, err := filepath.Abs(configured)
		if err != nil {
			return nil, fmt.Errorf("plugin folder %q: %w", configured, err)
		}
		if slices.Contains(seen, dir) {
			continue
		}
		seen = append(seen, dir)
		if o.Former != nil {
			for _, k := range o.Former {
				if filepath.Dir(k.Path) == dir {
					found = append(found, judge(k.Path, o, owners))
				}
			}
			continue
		}
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
			if file := entry.Name(); strings.HasPrefix(file, begin) && strings.HasSuffix(file, end) && !slices.Contains(replaced, file) {
				if p, _ := named(file, o.Prefix); len(o.Only) > 0 && !slices.Contains(o.Only, p.Name) {
					continue
				}
				found = append(found, judge(filepath.Join(dir, file), o, owners))
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Plugin) int {
		return cmp.Or(cmp.Compare(o.place(a.Name), o.place(b.Name)), cmp.Compare(a.Name, b.Name))
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
	if n := slices.IndexFunc(o.Former, func(k Former) bool { return k.Path == path }); n >= 0 {
		p.former = &o.Former[n]
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

// place returns where a plugin comes: where the configuration has its policy, then where it
// is among the first. All others come after these.
func (o *Options) place(name string) int {
	if n := slices.IndexFunc(o.Policies, func(p Policy) bool { return hyphens(p.Name) == name }); n >= 0 {
		return n
	}
	if n := slices.IndexFunc(o.First, func(first string) bool { return hyphens(first) == name }); n >= 0 {
		return len(o.Policies) + n
	}
	return len(o.Policies) + len(o.First)
}
