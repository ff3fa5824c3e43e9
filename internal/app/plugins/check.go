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
// stable. Its own judgment is the one that decides: together, else alone.
type CheckResult struct {
	File     string    `json:"file"`
	Alone    *Judgment `json:"alone"`
	Together *Judgment `json:"together"` // nil: not asked for
	Beside   []string  `json:"beside"`   // the plugin files that stand there
	// Displaced are those that stand there and would be refused because of it.
	Displaced []string `json:"displaced"`
	Changes   []string `json:"changes"` // of its process, when it is opened: they are put back
	Judgment
}

// Judgment is what is said of a plugin file.
type Judgment struct {
	OK          bool         `json:"ok"`
	Stage       string       `json:"stage"`
	Code        string       `json:"code"`
	Error       string       `json:"error"`
	Fix         string       `json:"fix"`
	Other       string       `json:"other"` // the plugin that stands in the way
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

// Check reports for each file whether this otai would load it alone, and together with
// the plugins that stand beside it and the files before it, as a start would: statically when static is set,
// else also by a probe in a child process. The error beside the answers says only that one
// of them was rejected.
func Check(ctx context.Context, s app.Settings, files []string, beside Beside, static bool) ([]CheckResult, error) {
	if !beside.Alone {
		if _, err := beside.load(ctx, s); err != nil {
			return nil, err
		}
	}
	checks := make([]CheckResult, len(files))
	var set []string
	var numbers []int
	for n, file := range files {
		rejection, changes, err := judgeAlone(ctx, s, file, static)
		if err != nil {
			return nil, err
		}
		alone := judgmentOf(rejection)
		checks[n] = CheckResult{File: file, Alone: &alone, Beside: []string{}, Displaced: []string{}, Changes: changes, Judgment: alone}
		if rejection == nil {
			set, numbers = append(set, file), append(numbers, n)
		} else if !beside.Alone {
			checks[n].Together = &alone
		}
	}
	if !beside.Alone && len(set) > 0 {
		found, err := beside.together(ctx, s, set, static)
		if err != nil {
			return nil, err
		}
		stand := found.stand
		for n, rejection := range found.rejections {
			check := &checks[numbers[n]]
			check.Judgment, check.Beside = judgmentOf(rejection), append(check.Beside, stand...)
			check.Displaced = append(check.Displaced, found.displaced[n]...)
			check.Together = &check.Judgment
			if rejection == nil {
				stand = append(stand, s.Abs(check.File))
			}
		}
	}
	refused := 0
	for _, check := range checks {
		if !check.OK {
			refused++
		}
	}
	if refused > 0 {
		return checks, app.ExitWith(app.CodePlugins, fmt.Errorf("%d of %d files refused", refused, len(files)))
	}
	return checks, nil
}

// judgeAlone judges a file as if there were no other plugin, and says what opening it changes
// in its process.
func judgeAlone(ctx context.Context, s app.Settings, file string, static bool) (rejection *loader.Error, changes []string, err error) {
	alone, err := loader.Preflight(file)
	if err != nil || alone[0] != nil || static {
		return first(alone), []string{}, app.ExitWith(app.CodePlugins, err)
	}
	plugins, err := inspectFiles(ctx, s, file)
	if err != nil {
		return nil, nil, err
	}
	return plugins[0].Err, append([]string{}, plugins[0].Effects...), nil
}

func first(rejections []*loader.Error) *loader.Error {
	if len(rejections) == 0 {
		return nil
	}
	return rejections[0]
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

func judgmentOf(rejection *loader.Error) Judgment {
	check := Judgment{OK: rejection == nil, Differences: []Difference{}}
	if rejection == nil {
		return check
	}
	check.Stage, check.Code, check.Error, check.Fix = string(rejection.Stage), string(rejection.Code), rejection.Err.Error(), rejection.Fix
	check.Other = rejection.Other
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
