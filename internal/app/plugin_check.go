package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// PluginCheck says whether this otai could open a plugin file; its JSON form is
// stable.
type PluginCheck struct {
	File        string             `json:"file"`
	OK          bool               `json:"ok"`
	Stage       string             `json:"stage"`
	Code        string             `json:"code"`
	Error       string             `json:"error"`
	Fix         string             `json:"fix"`
	Differences []PluginDifference `json:"differences"`
}

// PluginDifference is a package that plugin and host have in two forms, with the
// line that mends it.
type PluginDifference struct {
	Package string `json:"package"`
	Module  string `json:"module"`
	Plugin  string `json:"plugin"`
	Host    string `json:"host"`
	Fix     string `json:"fix"`
}

// CheckPlugins tells of each file whether this otai would load it: by reading
// alone when static is set, else also by a probe in a child process. The fault
// beside the answers says only that one of them was refused.
func CheckPlugins(ctx context.Context, s Settings, files []string, static bool) ([]PluginCheck, error) {
	checks := make([]PluginCheck, len(files))
	refused := 0
	for n, file := range files {
		refusal := loader.Preflight(file)
		if refusal == nil && !static {
			p, err := inspectFile(ctx, s, file)
			if err != nil {
				return nil, err
			}
			refusal = p.Err
		}
		if checks[n] = checkOf(file, refusal); refusal != nil {
			refused++
		}
	}
	if refused > 0 {
		return checks, fault(CodePlugins, fmt.Errorf("%d of %d files refused", refused, len(files)))
	}
	return checks, nil
}

// inspectFile takes one file through all stages but the opening.
func inspectFile(ctx context.Context, s Settings, file string) (loader.Plugin, error) {
	_, plugins, err := pluginLoad{Settings: s, logger: slog.New(slog.DiscardHandler)}.run(ctx,
		func(ctx context.Context, o loader.Options, r *registry.Registry) ([]loader.Plugin, error) {
			p, err := loader.InspectFile(ctx, o, r, s.abs(file))
			return []loader.Plugin{p}, err
		})
	if err != nil {
		return loader.Plugin{}, err
	}
	return plugins[0], nil
}

func checkOf(file string, refusal *loader.Error) PluginCheck {
	check := PluginCheck{File: file, OK: refusal == nil, Differences: []PluginDifference{}}
	if refusal == nil {
		return check
	}
	check.Stage, check.Code, check.Error, check.Fix = string(refusal.Stage), string(refusal.Code), refusal.Err.Error(), refusal.Fix
	var compared *preflight.Error
	if !errors.As(refusal.Err, &compared) {
		return check
	}
	for _, d := range compared.Differences {
		check.Differences = append(check.Differences, PluginDifference{
			Package: d.Package, Module: d.Module, Plugin: d.Plugin.String(), Host: d.Host.String(), Fix: d.Fix,
		})
	}
	return check
}

// refusalOf is the fault for one file that this otai would not open.
func refusalOf(file string) error {
	refusal := loader.Preflight(file)
	if refusal == nil {
		return nil
	}
	return fault(CodePlugins, fmt.Errorf("the plugin was built, and this otai would still refuse it: %w", refusal))
}
