package app

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/config"
)

// What a command needs of a configuration that it doesn't run.

// RequireDocument reads the configuration that is named, else the usual one. One with
// errors is an error.
func (s Settings) RequireDocument(ctx context.Context) (*config.Document, error) {
	d, problems, err := s.readDocument(ctx)
	if err != nil {
		return nil, err
	}
	if d == nil || problems.HasErrors() {
		return nil, &ExitError{Code: CodeUsage, Err: &DiagnosticsError{Diagnostics: problems}}
	}
	return d, nil
}

// DocumentIfAny reads the configuration that is named, else the usual one, which may have
// mistakes. An empty document stands for none.
func (s Settings) DocumentIfAny(ctx context.Context) (*config.Document, error) {
	d, _, err := s.readDocument(ctx)
	switch {
	case err != nil && s.NamesConfig():
		return nil, err
	case err != nil || d == nil:
		return &config.Document{}, nil
	}
	return d, nil
}

// NamesConfig reports whether a flag or the environment names a configuration.
func (s Settings) NamesConfig() bool { return len(s.ConfigFiles) > 0 || s.env("OTAI_CONFIG") != "" }

func (s Settings) readDocument(ctx context.Context) (*config.Document, config.Diagnostics, error) {
	files, dotEnv, err := s.configSources(ctx)
	if err != nil {
		return nil, nil, ExitWith(CodeUsage, err)
	}
	d, problems := config.Read(config.Options{Files: files, DotEnv: dotEnv, Env: s.Environ, OpenFile: s.openSecretFile, FilesMayBeAbsent: true})
	return d, problems, nil
}
