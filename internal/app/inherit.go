package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/journal"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// formerJournal is where release 0.1.0 kept what it was about to write.
type formerJournal struct{ service, path string }

// inherit takes over what processes of release 0.1.0 have left unfinished.
func (k *keptRuns) inherit(ctx context.Context, keep func(context.Context, []store.Effect) error) error {
	k.mu.Lock()
	journals := slices.Clone(k.journals)
	k.mu.Unlock()
	for _, former := range journals {
		err := journal.Import(ctx, former.path, func(ctx context.Context, updates []journal.Update) error {
			var effects []store.Effect
			for _, u := range updates {
				if len(u.Lost) > 0 {
					k.logger.WarnContext(ctx, "a part of what release 0.1.0 had begun to write isn't known any more: complete the ticket by hand", "service", former.service, "ticket", u.Ticket, "lost", u.Lost)
				}
				e, err := k.gate.Begun(ctx, former.service, u.Ticket, u.Begun, u.Change, u.Record)
				if err != nil {
					return err
				}
				effects = append(effects, e)
			}
			return keep(ctx, effects)
		})
		if err != nil {
			return fmt.Errorf("the service %s: %w", former.service, err)
		}
	}
	return nil
}
