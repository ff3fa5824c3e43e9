package logs

import (
	"context"
	"log/slog"
	"strings"
)

// grouped puts into a group only what comes after it, as slog has it. zerolog's
// handler moves what came before into it, too: a plugin that opened a group would
// hide by that whose line it is.
type grouped struct {
	slog.Handler
	prefix string // of the groups that are open, each with its dot
}

func (g grouped) WithGroup(name string) slog.Handler {
	if name == "" {
		return g
	}
	return grouped{Handler: g.Handler, prefix: g.prefix + name + "."}
}

func (g grouped) WithAttrs(attrs []slog.Attr) slog.Handler {
	prefixed := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		prefixed[i] = g.prefixed(a)
	}
	return grouped{Handler: g.Handler.WithAttrs(prefixed), prefix: g.prefix}
}

func (g grouped) Handle(ctx context.Context, r slog.Record) error {
	if g.prefix == "" {
		return g.Handler.Handle(ctx, r)
	}
	within := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		within.AddAttrs(g.prefixed(a))
		return true
	})
	return g.Handler.Handle(ctx, within)
}

func (g grouped) prefixed(a slog.Attr) slog.Attr {
	if g.prefix != "" {
		a.Key = strings.TrimSuffix(g.prefix+a.Key, ".") // a group without a name is part of the one around it
	}
	return a
}
