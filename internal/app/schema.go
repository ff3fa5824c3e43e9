package app

import (
	"context"
	"log/slog"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// Schema is the JSON Schema of a configuration with all that the plugins offer. A
// configuration, where one is given or is in its usual place, says only where the
// plugins are: it may have mistakes, because an editor needs the schema to show
// them. Plugins that are refused are in the answer, so that the caller can say
// what is missing in the schema.
func Schema(ctx context.Context, s Settings) (schema map[string]any, refused []PluginStatus, err error) {
	document, err := s.documentIfAny(ctx)
	if err != nil {
		return nil, nil, err
	}
	dirs := s.pluginDirs(document.PluginDirs)
	keys, problems := s.trustedKeysOf(document)
	if problems.HasErrors() {
		return nil, nil, &ExitError{Code: CodeUsage, Err: &DiagnosticsError{Diagnostics: problems}}
	}
	r, plugins, err := pluginLoad{
		Settings: s, logger: slog.New(slog.DiscardHandler), dirs: dirs, policies: document.Plugins, keys: keys,
	}.look(ctx, loader.Inspect)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range plugins {
		if p.Status == loader.Rejected {
			refused = append(refused, statusOf(p))
		}
	}
	return config.Schema(&catalog{registry: r, plugins: plugins, dirs: dirs}), refused, nil
}

// documentIfAny reads the configuration that is named, else the usual one. An
// empty document stands for none.
func (s Settings) documentIfAny(ctx context.Context) (*config.Document, error) {
	files, dotEnv, err := s.configSources(ctx)
	if err != nil {
		if len(s.ConfigFiles) > 0 || s.env("OTAI_CONFIG") != "" {
			return nil, ExitWith(CodeUsage, err)
		}
		return &config.Document{}, nil
	}
	document, _ := config.Read(config.Options{Files: files, DotEnv: dotEnv, Env: s.Environ, OpenFile: s.openSecretFile, FilesMayBeAbsent: true})
	if document == nil {
		return &config.Document{}, nil
	}
	return document, nil
}
