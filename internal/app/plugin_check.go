package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
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

// CheckPlugins reads plugin files, runs none of their code, and tells of each
// whether this otai could open it. The fault beside the answers says only that one
// of them was refused.
func CheckPlugins(_ context.Context, files []string) ([]PluginCheck, error) {
	process, err := preflight.ThisProcess()
	if err != nil {
		return nil, fault(CodePlugins, err)
	}
	checks := make([]PluginCheck, len(files))
	refused := 0
	for n, file := range files {
		checks[n] = checkPlugin(process, file)
		if !checks[n].OK {
			refused++
		}
	}
	if refused > 0 {
		return checks, fault(CodePlugins, fmt.Errorf("%d of %d files refused", refused, len(files)))
	}
	return checks, nil
}

// factorySymbol is what a plugin file exports.
const factorySymbol = "CreatePlugin"

func checkPlugin(process *preflight.Process, file string) PluginCheck {
	check := PluginCheck{File: file, OK: true, Differences: []PluginDifference{}}
	image, err := preflight.Read(file)
	if err == nil {
		err = process.Check(image, factorySymbol)
	}
	if err == nil {
		return check
	}
	check.OK, check.Stage, check.Error = false, string(loader.StagePreflight), err.Error()
	var refusal *preflight.Error
	if !errors.As(err, &refusal) {
		check.Code = string(loader.CodeUnreadable)
		return check
	}
	check.Code, check.Fix = string(refusal.Code), refusal.Fix
	for _, d := range refusal.Differences {
		check.Differences = append(check.Differences, PluginDifference{
			Package: d.Package, Module: d.Module, Plugin: d.Plugin, Host: d.Host, Fix: mend(d),
		})
	}
	return check
}

// mend is the line to type for one difference.
func mend(d preflight.Difference) string {
	host, _, _ := strings.Cut(d.Host, " ")
	plugin, _, _ := strings.Cut(d.Plugin, " ")
	if d.Module != "" && host != plugin && strings.HasPrefix(host, "v") {
		return "go get " + d.Module + "@" + host
	}
	return "otai plugin build ."
}

// refusalOf is the fault for one file that this otai would not open.
func refusalOf(file string) error {
	process, err := preflight.ThisProcess()
	if err != nil {
		return fault(CodePlugins, err)
	}
	check := checkPlugin(process, file)
	if check.OK {
		return nil
	}
	err = fmt.Errorf("the plugin was built, and this otai would still refuse it: %s (%s): %s", filepath.Base(file), check.Code, check.Error)
	if check.Fix != "" {
		err = fmt.Errorf("%w; %s", err, check.Fix)
	}
	return fault(CodePlugins, err)
}
