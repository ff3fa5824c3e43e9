package app

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/plugindev"
)

// BuildPlugin builds the plugin in dir so that it matches this otai. output ""
// is otai_NAME.so in the working directory.
func BuildPlugin(ctx context.Context, s Settings, dir, output string) (plugindev.Built, error) {
	host, err := plugindev.ThisHost()
	if err != nil {
		return plugindev.Built{}, fault(CodeRun, err)
	}
	built, err := plugindev.Build(ctx, host, plugindev.BuildOptions{
		Dir: dir, Output: output, Environ: s.Environ, Check: refusalOf,
	})
	return built, fault(CodeRun, err)
}
