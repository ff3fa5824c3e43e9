package app

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// resumer is optional on a service: it finishes what an earlier process began and
// did not live to finish. It is called before the first cycle and never in a dry
// run, so that a service knows from it that it may write by itself.
type resumer interface {
	Resume(ctx context.Context) error
}

// resume lets every service finish its predecessor's work. One that can't now, as
// its help desk is down, tries again by itself.
func (a *Setup) resume(ctx context.Context, engine *orchestrator.Engine) {
	for _, s := range a.Document.Services {
		instance, _ := engine.Service(s.ID)
		r, ok := instance.(resumer)
		if !ok {
			continue
		}
		if err := r.Resume(ctx); err != nil && ctx.Err() == nil {
			a.logger.Warn("what an earlier run left unfinished waits on", "service", s.ID, "err", a.Clean(err).Error())
		}
	}
}
