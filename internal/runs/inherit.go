package runs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Writes that a process of an earlier release had begun, which kept no runs, become runs
// without a runner: there is nothing to do in them but to finish what was begun. Every
// process can do that.

// inheritance is the place of these runs.
func inheritance() *orchestrator.Place {
	return &orchestrator.Place{Path: "an earlier release", Hash: "inherited", Workers: 1}
}

func (e *Engine) inheritAll(ctx context.Context) error {
	if e.o.Inherit == nil {
		return nil
	}
	return e.o.Inherit(ctx, e.inherit)
}

// inherit keeps writes, one run for each ticket. Called again with the same ones, as
// after a crash, it keeps none twice.
func (e *Engine) inherit(ctx context.Context, effects []store.Effect) error {
	var tickets [][2]string
	of := make(map[[2]string][]store.Effect)
	for _, f := range effects {
		ticket := [2]string{f.System, f.Ticket}
		if of[ticket] == nil {
			tickets = append(tickets, ticket)
		}
		of[ticket] = append(of[ticket], f)
	}
	for _, ticket := range tickets {
		if err := e.inheritTicket(ctx, of[ticket]); err != nil {
			return fmt.Errorf("ticket %s: %w", ticket[1], err)
		}
	}
	if len(effects) > 0 {
		e.logger.InfoContext(ctx, "what an earlier release had begun to write is finished", "tickets", len(tickets))
		e.places.of(e.inherited).wake()
	}
	return nil
}

func (e *Engine) inheritTicket(ctx context.Context, effects []store.Effect) error {
	sum := sha256.New()
	for _, f := range effects {
		fmt.Fprintf(sum, "%q %q %q %q ", f.System, f.Ticket, f.Intent, f.Record)
	}
	row := store.Run{
		ID: "inherited-" + hex.EncodeToString(sum.Sum(nil)[:8]), Place: e.inherited.Path, Hash: e.inherited.Hash,
		State: store.Running, Owner: e.hostID(), Fence: 1,
	}
	switch _, err := e.o.Store.Load(ctx, row.ID); {
	case err == nil:
		return nil
	case !errors.Is(err, store.ErrMissing):
		return err
	}
	held := store.Held{Run: row.ID, Host: row.Owner, Fence: row.Fence}
	if _, err := e.o.Store.Commit(ctx, store.Batch{Held: held, Create: &row, Durable: true, Effects: effects}); err != nil {
		return err
	}
	// Where another run works at the ticket, it is claimed when it is finished.
	if _, _, err := e.o.Store.ClaimOne(ctx, held, nil, store.Ticket{System: effects[0].System, Ticket: effects[0].Ticket}); err != nil {
		return err
	}
	_, err := e.o.Store.Commit(ctx, store.Batch{Held: held, End: &store.End{State: store.Ready, DueAt: e.now()}})
	return err
}

// finishInherited finishes what is due of it.
func (e *Engine) finishInherited(ctx context.Context) {
	for ctx.Err() == nil {
		r, ok, err := e.Next(ctx, e.inherited)
		if err == nil && ok {
			err = r.End(ctx, api.PipeResult{}, nil)
		}
		if err != nil && ctx.Err() == nil {
			e.logger.DebugContext(ctx, "what an earlier release had begun waits on", "err", err.Error())
		}
		if !ok {
			return
		}
	}
}

// serveInherited does so until ctx ends.
func (e *Engine) serveInherited(ctx context.Context) {
	for {
		e.finishInherited(ctx)
		select {
		case <-ctx.Done():
			return
		case <-e.Ready(e.inherited):
		}
	}
}
