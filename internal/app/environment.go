package app

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/systemd"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

const maxEnvironment = 1 << 20 // bytes

// TakeEnvironment gives this process the variables of an environment file, so that a command sees
// what the service does. They replace those that are there.
func TakeEnvironment(path string) error {
	content, err := files.Regular(path, maxEnvironment)
	if err != nil {
		return ExitWith(CodeUsage, fmt.Errorf("--env-file: %w", err))
	}
	list, err := systemd.Environment(string(content.Data))
	if err != nil {
		return ExitWith(CodeUsage, fmt.Errorf("--env-file: %s: %w", path, err))
	}
	for _, variable := range list {
		name, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(name, value); err != nil {
			return ExitWith(CodeUsage, fmt.Errorf("--env-file: %s: %s: %w", path, name, err))
		}
	}
	return nil
}

// whereThingsAre are variables of otai's own that have no secret.
var whereThingsAre = []string{"OTAI_PLUGIN_DIR", "OTAI_STATE_DIR", "OTAI_TRUST_GROUP", "OTAI_PROBE_TIMEOUT", "STATE_DIRECTORY", "CACHE_DIRECTORY"}

// WithoutSecrets is of the environment what code that needs no configuration may know: what a
// process that tries a plugin gets, and where otai's own things are.
func (s Settings) WithoutSecrets() []string {
	probe := &loader.Options{Secret: secretname.Is}
	known := []string{} // not nil, which would be all
	for _, variable := range s.Environ {
		if name, _, _ := strings.Cut(variable, "="); probe.MayKnow("", name) || slices.Contains(whereThingsAre, name) {
			known = append(known, variable)
		}
	}
	return known
}
