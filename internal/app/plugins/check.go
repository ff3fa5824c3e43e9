package plugins

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// CheckResult says whether this otai could open a plugin file; its JSON form is
// stable.
type CheckResult struct {
	File        string       `json:"file"`
	OK          bool         `json:"ok"`
	Stage       string       `json:"stage"`
	Code        string       `json:"code"`
	Error       string       `json:"error"`
	Fix         string       `json:"fix"`
	Differences []Difference `json:"differences"`
}

// Difference is a package that plugin and host have in two forms, with the
// line that fixes it.
type Difference struct {
	Package string `json:"package"`
	Module  string `json:"module"`
	Plugin  string `json:"plugin"`
	Host    string `json:"host"`
	Fix     string `json:"fix"`
}

// Check reports for each file whether this otai would load it together with
// those before it: statically when static is set, else also by a probe in a
// child process. The error beside the answers says only that one of them was rejected.
func Check(ctx context.Context, s app.Settings, files []string, static bool) ([]CheckResult, error) {
	var rejections []*loader.Error
	var err error
	if static {
		rejections, err = loader.Preflight(files...)
		err = app.ExitWith(app.CodePlugins, err)
	} else {
		rejections, err = tryPlugins(ctx, s, files)
	}
	if err != nil {
		return nil, err
	}
	checks := make([]CheckResult, len(files))
	refused := 0
	for n, rejection := range rejections {
		if checks[n] = checkOf(files[n], rejection); rejection != nil {
			refused++
		}
	}
	if refused > 0 {
		return checks, app.ExitWith(app.CodePlugins, fmt.Errorf("%d of %d files refused", refused, len(files)))
	}
	return checks, nil
}

// tryPlugins leaves out of the set what could not be opened even alone.
func tryPlugins(ctx context.Context, s app.Settings, files []string) ([]*loader.Error, error) {
	rejections := make([]*loader.Error, len(files))
	var set []string
	var numbers []int
	for n, file := range files {
		alone, err := loader.Preflight(file)
		if err != nil {
			return nil, app.ExitWith(app.CodePlugins, err)
		}
		if rejections[n] = alone[0]; rejections[n] == nil {
			set, numbers = append(set, file), append(numbers, n)
		}
	}
	plugins, err := inspectFiles(ctx, s, set...)
	for n, p := range plugins {
		rejections[numbers[n]] = p.Err
	}
	return rejections, err
}

// inspectFiles takes files through all stages but the opening.
func inspectFiles(ctx context.Context, s app.Settings, files ...string) ([]loader.Plugin, error) {
	paths := make([]string, len(files))
	for n, file := range files {
		paths[n] = s.Abs(file)
	}
	offered, err := app.PluginLoad{Settings: s, Logger: slog.New(slog.DiscardHandler)}.Inspect(ctx,
		func(ctx context.Context, o loader.Options, r *registry.Registry) ([]loader.Plugin, error) {
			return loader.InspectFiles(ctx, o, r, paths...)
		})
	return offered.Plugins, err
}

func checkOf(file string, rejection *loader.Error) CheckResult {
	check := CheckResult{File: file, OK: rejection == nil, Differences: []Difference{}}
	if rejection == nil {
		return check
	}
	check.Stage, check.Code, check.Error, check.Fix = string(rejection.Stage), string(rejection.Code), rejection.Err.Error(), rejection.Fix
	var compared *preflight.Error
	if !errors.As(rejection.Err, &compared) {
		return check
	}
	for _, d := range compared.Differences {
		check.Differences = append(check.Differences, Difference{
			Package: d.Package, Module: d.Module, Plugin: d.Plugin.String(), Host: d.Host.String(), Fix: d.Fix,
		})
	}
	return check
}
