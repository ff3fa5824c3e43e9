package plugins

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/plugindev"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Beside says with what a file is judged together: nothing in it stands for the plugin
// folders in force, which are those of the configuration, with what it says of plugins.
type Beside struct {
	Alone   bool     // with nothing
	Folders []string // with the plugins in these folders instead
}

// load returns what the plugins in the folders are loaded with.
func (b Beside) load(ctx context.Context, s app.Settings) (app.PluginLoad, error) {
	if len(b.Folders) > 0 {
		for _, folder := range b.Folders {
			info, err := os.Stat(s.Abs(folder))
			if err == nil && !info.IsDir() {
				err = errors.New("it is not a folder")
			}
			if err != nil {
				return app.PluginLoad{}, app.ExitWith(app.CodeUsage, fmt.Errorf("--with %s: %w", folder, files.Reason(err)))
			}
		}
		return app.PluginLoad{Settings: s, Logger: slog.New(slog.DiscardHandler), Dirs: b.Folders}, nil
	}
	document, err := documentInForce(ctx, s)
	if err != nil {
		return app.PluginLoad{}, err
	}
	return s.PluginsOf(document)
}

// documentInForce is the configuration that is named, which must be right, else the usual
// one, if there is one.
func documentInForce(ctx context.Context, s app.Settings) (*config.Document, error) {
	if s.NamesConfig() {
		return s.RequireDocument(ctx)
	}
	return s.DocumentIfAny(ctx)
}

// judged is what becomes of files, and of the plugins that stand beside them.
type judged struct {
	rejections []*loader.Error // of the files, in their order
	stand      []string        // the plugins in the folders that are opened with them
	displaced  [][]string      // for each file, those that are not, because of it
}

// together judges files beside the plugins in the folders, and each beside those before it, in
// the order of a start.
func (b Beside) together(ctx context.Context, s app.Settings, names []string, static bool) (judged, error) {
	load, err := b.load(ctx, s)
	if err != nil {
		return judged{}, err
	}
	paths := make([]string, len(names))
	for n, name := range names {
		paths[n] = s.Abs(name)
	}
	if static {
		options, err := load.Options()
		if err != nil {
			return judged{}, err
		}
		plugins, err := loader.PreflightBeside(options, paths...)
		if err != nil {
			return judged{}, app.ExitWith(app.CodePlugins, err)
		}
		return sortedOut(plugins, len(names)), nil
	}
	offered, err := load.Inspect(ctx, func(ctx context.Context, o loader.Options, r *registry.Registry) ([]loader.Plugin, error) {
		return loader.InspectFiles(ctx, o, r, paths...)
	})
	if err != nil {
		return judged{}, err
	}
	return sortedOut(offered.Plugins, len(names)), nil
}

// sortedOut is what became of plugins, of which the last ones are the files.
func sortedOut(plugins []loader.Plugin, files int) judged {
	folders, given := plugins[:len(plugins)-files], plugins[len(plugins)-files:]
	j := judged{displaced: make([][]string, files)}
	for n, p := range given {
		j.rejections = append(j.rejections, p.Err)
		for _, other := range folders {
			if other.Err != nil && (other.Err.Other == p.Path || other.Err.Other == p.Name) {
				j.displaced[n] = append(j.displaced[n], other.Path)
			}
		}
	}
	for _, p := range folders {
		if p.Status == loader.Loaded {
			j.stand = append(j.stand, p.Path)
		}
	}
	return j
}

// neighbors reads what the plugins were built of that otai loads from the folders. Others
// have no say: whoever may write a file that is refused could else choose what is built.
func (b Beside) neighbors(ctx context.Context, s app.Settings) ([]plugindev.Neighbor, error) {
	if b.Alone {
		return nil, nil
	}
	load, err := b.load(ctx, s)
	if err != nil {
		return nil, err
	}
	offered, err := load.Inspect(ctx, loader.Inspect)
	if err != nil {
		return nil, err
	}
	var neighbors []plugindev.Neighbor
	for _, p := range offered.Plugins {
		if p.Status != loader.Loaded {
			continue
		}
		info, err := buildinfo.ReadFile(p.Path)
		if err != nil {
			return nil, app.ExitWith(app.CodePlugins, fmt.Errorf("reading what %s was built of: %w", p.Path, files.Reason(err)))
		}
		neighbors = append(neighbors, plugindev.Neighbor{File: p.Path, Build: info})
	}
	return neighbors, nil
}
