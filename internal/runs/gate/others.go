package gate

import (
	"context"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// others looks for notes of another otai with a store of its own: a note with the
// subject of one that we write and by who writes ours, young, and in nobody's effects.
func (t *ticketSystem) others(ctx context.Context, laid, now picture.Picture, ticket api.Ticket) {
	foreign, _ := laid.Foreign(now)
	g := t.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range now.Articles {
		if a.Author != "" && slices.ContainsFunc(laid.Ours, func(n picture.Article) bool { return n.Subject != "" && n.Subject == a.Subject }) && len(g.authors) < 100 {
			g.authors[a.Author] = true
		}
	}
	for _, a := range foreign {
		if a.Subject == "" || !g.subjects[a.Subject] || !g.authors[a.Author] || time.Since(g.warned) < time.Hour || !young(ticket, a.ID, g.began) {
			continue
		}
		g.warned = time.Now()
		g.options.Logger.ErrorContext(ctx, "another otai that doesn't use this run store writes the same notes at this help desk: give both one database, or end one of them",
			"ticket", ticket.ID, "article", a.ID)
		if err := g.options.Store.SetValue(ctx, store.ValueOthers, g.warned.UTC().Format(time.RFC3339)+" "+ticket.ID); err != nil {
			g.options.Logger.DebugContext(ctx, "that another otai was noticed can't be kept", "err", err)
		}
	}
}

// young: the note was written within the last hour, and not before this process began.
func young(ticket api.Ticket, article string, began time.Time) bool {
	for _, n := range ticket.Notes {
		if n.ID == article {
			return !n.Created.IsZero() && time.Since(n.Created) < time.Hour && n.Created.After(began)
		}
	}
	return false
}
