package app

import (
	"context"
	"log/slog"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// PluginStatus is one plugin file as `otai plugin list` shows it; its JSON form
// is stable.
type PluginStatus struct {
	Name        string   `json:"name"`
	Package     string   `json:"package"`
	Path        string   `json:"path"`
	Version     string   `json:"version"`
	API         string   `json:"api"`
	Status      string   `json:"status"`
	Stage       string   `json:"stage"`
	Code        string   `json:"code"`
	Error       string   `json:"error"`
	Fix         string   `json:"fix"`
	SHA256      string   `json:"sha256"`
	Injectables []string `json:"injectables"`
	DurationMS  float64  `json:"duration_ms"`
}

// Plugins judges the plugin files, opening none in this process, and says what
// becomes of each. With a configuration, its policy and folders count.
func Plugins(ctx context.Context, s Settings) ([]PluginStatus, []string, error) {
	var document config.Document
	if len(s.ConfigFiles) > 0 || s.env("OTAI_CONFIG") != "" {
		files, dotEnv, err := s.configSources(ctx)
		if err != nil {
			return nil, nil, ExitWith(CodeUsage, err)
		}
		d, problems := config.Read(config.Options{Files: files, DotEnv: dotEnv, Env: s.Environ, OpenFile: s.openSecretFile, FilesMayBeAbsent: true})
		if d == nil || problems.HasErrors() {
			return nil, nil, &ExitError{Code: CodeUsage, Err: &DiagnosticsError{Diagnostics: problems}}
		}
		document = *d
	}
	dirs := s.pluginDirs(document.PluginDirs)
	keys, problems := s.trustedKeysOf(&document)
	if problems.HasErrors() {
		return nil, dirs, &ExitError{Code: CodeUsage, Err: &DiagnosticsError{Diagnostics: problems}}
	}
	_, plugins, err := pluginLoad{
		Settings: s, logger: slog.New(slog.DiscardHandler), dirs: dirs, policies: document.Plugins, keys: keys,
	}.look(ctx, loader.Inspect)
	if err != nil {
		return nil, dirs, err
	}
	list := make([]PluginStatus, len(plugins))
	for i, p := range plugins {
		list[i] = statusOf(p)
	}
	return list, dirs, nil
}

func statusOf(p loader.Plugin) PluginStatus {
	status := PluginStatus{
		Name: p.Name, Package: p.Package, Path: p.Path, Version: p.Version, API: p.API,
		Status: string(p.Status), SHA256: p.SHA256, Injectables: p.Injectables,
		DurationMS: float64(p.Duration.Microseconds()) / 1000,
	}
	if status.Injectables == nil {
		status.Injectables = []string{}
	}
	if p.Err != nil {
		status.Stage, status.Code, status.Fix = string(p.Err.Stage), string(p.Err.Code), p.Err.Fix
		status.Error = p.Err.Err.Error()
	}
	return status
}
