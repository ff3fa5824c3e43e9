package app

import (
	"fmt"
	"os"

	"github.com/open-ticket-ai/otai/internal/config"
)

// UpgradedConfig is a configuration file in the current form.
type UpgradedConfig struct {
	Text     []byte
	Problems config.Problems // a warning for each old form; with an error there is no text

	source config.Source
}

// Excerpt shows the line of a problem with a caret below its column.
func (u UpgradedConfig) Excerpt(p config.Problem) string {
	return p.Excerpt([]config.Source{u.source})
}

// UpgradeConfig brings a configuration file into the current form. A file with
// errors that keep it from being read is a fault with exit code 2.
func UpgradeConfig(s Settings, name string) (UpgradedConfig, error) {
	data, err := os.ReadFile(s.abs(name))
	if err != nil {
		return UpgradedConfig{}, fault(CodeUsage, fmt.Errorf("reading the configuration: %w", err))
	}
	u := UpgradedConfig{source: config.Source{Name: name, Data: data}}
	u.Text, u.Problems = config.Upgrade(u.source)
	if u.Problems.HasErrors() {
		return u, &Fault{Code: CodeUsage, Err: &ProblemsError{Problems: u.Problems}}
	}
	return u, nil
}
