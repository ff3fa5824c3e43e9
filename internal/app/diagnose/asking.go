package diagnose

import (
	"context"
	"maps"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// asker calls services, whose code is a plugin's: a call that doesn't end as it should is an
// error that names the plugin. [orchestrator.Engine] is one.
type asker interface {
	Ask(ctx context.Context, service string, f func() error) error
}

var _ asker = (*orchestrator.Engine)(nil)

// reportsOf calls a service that reports what it finds, from whatever goroutines. report is called
// by one at a time, and no more once the call is over.
func reportsOf(ctx context.Context, engine asker, service string, report func(map[string]string), call func(report func(map[string]string))) error {
	var mu sync.Mutex
	over := false
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	}()
	return engine.Ask(ctx, service, func() error {
		call(func(found map[string]string) {
			mu.Lock()
			defer mu.Unlock()
			if !over {
				report(maps.Clone(found)) // the plugin may write to its own
			}
		})
		return nil
	})
}
