package runs

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// shortestSlot bounds what is stored of triggers: one that fires more often is fired by
// each host.
const shortestSlot = time.Second

var _ orchestrator.Slots = (*Engine)(nil)

// Fire implements [orchestrator.Slots]: of all hosts one fires in each interval, counted
// by the store's clock.
func (e *Engine) Fire(ctx context.Context, p *orchestrator.Place, interval time.Duration) (mine bool, ended func(), err error) {
	if e.o.Host.Lease == 0 || e.o.Alone || interval < shortestSlot {
		return true, func() {}, nil
	}
	slot := e.now() / interval.Microseconds()
	mine, err = e.o.Store.Fire(ctx, e.hostID(), p.Runner, slot)
	return mine, func() {
		if err := e.o.Store.Fired(context.WithoutCancel(ctx), p.Runner, slot); err != nil {
			e.logger.Debug("that a firing has ended could not be stored", "path", p.Path, "err", err.Error())
		}
	}, err
}
