package plugindev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// modFile is what `go mod edit -json` shows of a go.mod.
type modFile struct {
	Module  struct{ Path string }
	Require []struct{ Path, Version string }
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
}

// readModule copies the plugin's go.mod and go.sum, and reads the former. The go command
// resolves relative replacements in the copy from the plugin's folder, so they stay valid.
func (b *building) readModule(ctx context.Context) (modFile, error) {
	var file modFile
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(b.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return file, err
		}
		if err := os.WriteFile(filepath.Join(b.tmp, name), content, 0o600); err != nil {
			return file, err
		}
	}
	shown, err := b.run(ctx, "mod", "edit", "-json", b.modFile)
	if err != nil {
		return file, err
	}
	if err := json.Unmarshal([]byte(shown), &file); err != nil {
		return file, fmt.Errorf("reading the plugin's go.mod: %w", err)
	}
	b.module = file.Module.Path
	return file, b.judgeFolders(file)
}

// pin has the copies name the versions of everything that the host and the plugins
// beside this one link.
func (b *building) pin(ctx context.Context, file modFile) error {
	noSum := b.noSum
	for path, m := range b.host.Modules {
		// The sums of these are known from the files themselves.
		if m.Sum != "" {
			noSum += "," + path + "," + m.Path
		}
	}
	b.env = append(b.env, "GONOSUMDB="+strings.TrimPrefix(noSum, ","))
	if _, err := b.run(ctx, append(append([]string{"mod", "edit"}, b.edits(file)...), b.modFile)...); err != nil {
		return err
	}
	return b.addSums()
}

// judgeFolders judges the further folders that the plugin is built from.
func (b *building) judgeFolders(file modFile) error {
	for _, r := range file.Replace {
		_, ours := contractFolders[r.Old.Path]
		if ours || r.New.Version != "" {
			continue
		}
		folder := r.New.Path
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(b.dir, folder)
		}
		// The go command reports one that isn't there.
		if err := b.judge(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// edits returns the flags of `go mod edit` that pin the versions.
func (b *building) edits(file modFile) []string {
	var edits []string
	for _, r := range file.Replace {
		// One for a single version would take precedence over ours, which is for all.
		if _, shared := b.host.Modules[r.Old.Path]; shared && r.Old.Version != "" {
			edits = append(edits, "-dropreplace="+r.Old.Path+"@"+r.Old.Version)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(b.host.Modules)) {
		m := b.host.Modules[path]
		if folder, ok := contractFolders[path]; ok {
			edits = append(edits, "-replace="+path+"="+filepath.Join(b.tmp, "contract", folder))
		} else if m.From != "" {
			edits = append(edits, "-replace="+path+"="+m.Path+"@"+m.From)
		}
	}
	for _, r := range file.Require {
		m, shared := b.host.Modules[r.Path]
		if !shared {
			continue
		}
		edits = append(edits, "-require="+r.Path+"@"+m.Version)
		if r.Version != m.Version {
			b.take(Taken{Module: r.Path, Version: m.Version, Wanted: r.Version, By: m.By})
		}
	}
	return edits
}

// addSums adds the sums that host and plugins recorded, so that the plugin is built from the same
// sources.
func (b *building) addSums() error {
	var sums bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(b.host.Modules)) {
		if m := b.host.Modules[path]; m.Sum != "" {
			fmt.Fprintf(&sums, "%s %s %s\n", m.Path, m.From, m.Sum)
		}
	}
	name := filepath.Join(b.tmp, "go.sum")
	before, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		before = append(before, '\n')
	}
	return os.WriteFile(name, append(before, sums.Bytes()...), 0o600)
}

// forge returns the compiler flags that record the host's source paths, and those of the
// plugins beside this one, for modules of which Go selected a different version because a
// module unknown to them requires it. Their sources are already theirs.
func (b *building) forge(ctx context.Context) ([]string, error) {
	shown, err := b.run(ctx, append(append([]string{"list", "-deps", "-json=Module"}, b.modFlags()...), ".")...)
	if err != nil {
		return nil, err
	}
	paths := make(map[string]string) // module to flag
	packages := json.NewDecoder(strings.NewReader(shown))
	for {
		var p struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading the plugin's packages: %w", err)
		}
		if p.Module == nil || p.Module.Main {
			continue
		}
		m, shared := b.host.Modules[p.Module.Path]
		if !shared || m.Version == p.Module.Version {
			continue
		}
		// The last pattern that matches a package counts and replaces those before.
		flags := strings.TrimSpace(b.host.GCFlags + " -trimpath=" + p.Module.Dir + "=>" + p.Module.Path + "@" + m.Version)
		paths[p.Module.Path] = "-gcflags=" + p.Module.Path + "/...=" + flags
		b.take(Taken{Module: p.Module.Path, Version: m.Version, Wanted: p.Module.Version, By: m.By})
	}
	var forged []string
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		forged = append(forged, paths[path])
	}
	return forged, nil
}
