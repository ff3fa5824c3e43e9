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

// together judges files beside the plugins in the folders, and each beside those before it,
// and returns the plugins that stand there.
func (b Beside) together(ctx context.Context, s app.Settings, names []string, static bool) (rejections []*loader.Error, stand []string, err error) {
	load, err := b.load(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	if static {
		options, err := load.Options()
		if err != nil {
			return nil, nil, err
		}
		rejections, stand, err = loader.PreflightBeside(options, names...)
		return rejections, stand, app.ExitWith(app.CodePlugins, err)
	}
	paths := make([]string, len(names))
	for n, name := range names {
		paths[n] = s.Abs(name)
	}
	offered, err := load.Inspect(ctx, func(ctx context.Context, o loader.Options, r *registry.Registry) ([]loader.Plugin, error) {
		return loader.InspectFiles(ctx, o, r, paths...)
	})
	if err != nil {
		return nil, nil, err
	}
	before := len(offered.Plugins) - len(names)
	for _, p := range offered.Plugins[:before] {
		if p.Status == loader.Loaded {
			stand = append(stand, p.Path)
		}
	}
	for _, p := range offered.Plugins[before:] {
		rejections = append(rejections, p.Err)
	}
	return rejections, stand, nil
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
