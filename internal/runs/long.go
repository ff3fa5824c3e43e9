package runs

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// longWithin is how long the store may take where it only keeps what people may look at.
const longWithin = 2 * time.Second

// KeepLong implements [orchestrator.Longs].
func (e *Engine) KeepLong(ctx context.Context, calls []orchestrator.LongCall) {
	if len(calls) == 0 && !e.long {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, longWithin)
	defer cancel()
	now, err := e.o.Store.Now(ctx)
	host := e.hostID()
	var list []store.LongCall
	for _, c := range calls {
		list = append(list, store.LongCall{
			Host: host, Path: c.Path, At: c.At, Step: c.Step, Use: c.Use, Plugin: c.Plugin, File: c.File,
			Began: now - c.Took.Microseconds(), Seen: now,
		})
	}
	if err == nil {
		err = store.SetLongCalls(ctx, e.o.Store, host, list)
	}
	if err != nil {
		e.logger.DebugContext(ctx, "which steps have not ended can't be kept", "err", err)
		return
	}
	e.long = len(list) > 0
}
