package app

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/upgrade"
	"github.com/open-ticket-ai/otai/internal/files"
)

// UpgradedConfig is a configuration file in the current form; its JSON form is
// stable.
type UpgradedConfig struct {
	Changed     bool               `json:"changed"`
	Text        string             `json:"text"`
	Diagnostics config.Diagnostics `json:"problems"` // a warning for each old form; with an error there is no text

	source config.Source
}

// Excerpt shows the line of a problem with a caret below its column.
func (u UpgradedConfig) Excerpt(p config.Diagnostic) string {
	return p.Excerpt([]config.Source{u.source})
}

// UpgradeConfig brings a configuration file into the current form, "-" the
// configuration on standard input. A file with errors that keep it from being read
// is an error with exit code 2.
func UpgradeConfig(ctx context.Context, s Settings, name string) (UpgradedConfig, error) {
	source, err := s.readConfig(ctx, name)
	if err != nil {
		return UpgradedConfig{}, err
	}
	u := UpgradedConfig{source: source}
	text, problems := upgrade.File(source)
	u.Text, u.Diagnostics = string(text), problems
	if u.Diagnostics == nil {
		u.Diagnostics = config.Diagnostics{}
	}
	if u.Diagnostics.HasErrors() {
		return u, &ExitError{Code: CodeUsage, Err: &DiagnosticsError{Diagnostics: u.Diagnostics}}
	}
	u.Changed = !bytes.Equal(text, source.Data)
	return u, nil
}

// Write puts the current form in the file's place, whole or not at all. A link
// stays one: the file that it leads to is written.
func (u UpgradedConfig) Write(s Settings) error {
	if !u.Changed {
		return nil
	}
	name, err := filepath.EvalSymlinks(s.Abs(u.source.Name))
	if err != nil {
		return ExitWith(CodeRun, fmt.Errorf("writing the configuration: %w", err))
	}
	// Where root does it, the service must still be able to read its file.
	if err := files.Rewrite(name, u.source.Data, []byte(u.Text)); err != nil {
		return ExitWith(CodeRun, fmt.Errorf("writing the configuration: %s: %w; the file is as it was", name, err))
	}
	return nil
}
