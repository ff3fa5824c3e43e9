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

// CheckPlugins tells of each file whether this otai would load it together with
// those before it: by reading alone when static is set, else also by a probe in a
// child process. The error beside the answers says only that one of them was rejected.
func CheckPlugins(ctx context.Context, s Settings, files []string, static bool) ([]PluginCheck, error) {
	var refusals []*loader.Error
	if static {
		refusals = loader.Preflight(files...)
	} else {
		var err error
		if refusals, err = tryPlugins(ctx, s, files); err != nil {
			return nil, err
		}
	}
	checks := make([]PluginCheck, len(files))
	refused := 0
	for n, refusal := range refusals {
		if checks[n] = checkOf(files[n], refusal); refusal != nil {
			refused++
		}
	}
	if refused > 0 {
		return checks, ExitWith(CodePlugins, fmt.Errorf("%d of %d files refused", refused, len(files)))
	}
	return checks, nil
}

// tryPlugins leaves out of the set what could not be opened even alone.
func tryPlugins(ctx context.Context, s Settings, files []string) ([]*loader.Error, error) {
	refusals := make([]*loader.Error, len(files))
	var set []string
	var numbers []int
	for n, file := range files {
		if refusals[n] = loader.Preflight(file)[0]; refusals[n] == nil {
			set, numbers = append(set, file), append(numbers, n)
		}
	}
	plugins, err := inspectFiles(ctx, s, set...)
	for n, p := range plugins {
		refusals[numbers[n]] = p.Err
	}
	return refusals, err
}

// inspectFiles takes files through all stages but the opening.
func inspectFiles(ctx context.Context, s Settings, files ...string) ([]loader.Plugin, error) {
	_, plugins, err := pluginLoad{Settings: s, logger: slog.New(slog.DiscardHandler)}.look(ctx,
		func(ctx context.Context, o loader.Options, r *registry.Registry) ([]loader.Plugin, error) {
			paths := make([]string, len(files))
			for n, file := range files {
				paths[n] = s.abs(file)
			}
			return loader.InspectFiles(ctx, o, r, paths...)
		})
	return plugins, err
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
