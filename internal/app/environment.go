package app

import (
	"fmt"
	"os"
	"strings"

	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/systemd"
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
