package plugins

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/config/schema"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// Schema is the JSON Schema of a configuration with all that the plugins offer. A
// configuration, where one is given or is in its usual place, says only where the
// plugins are: it may have mistakes, because an editor needs the schema to show
// them. Plugins that are refused are in the answer, so that the caller can say
// what is missing in the schema.
func Schema(ctx context.Context, s app.Settings) (described map[string]any, refused []FileStatus, err error) {
	document, err := s.DocumentIfAny(ctx)
	if err != nil {
		return nil, nil, err
	}
	offered, err := s.InspectPlugins(ctx, document)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range offered.Plugins {
		if p.Status == loader.Rejected {
			refused = append(refused, statusOf(p))
		}
	}
	return schema.Of(offered), refused, nil
}
