package gate

import (
	"context"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// How long the answer about the services' health counts, and how long it may take.
const (
	healthFor    = 10 * time.Second
	healthWithin = 10 * time.Second
)

// health asks services whether they are healthy.
type health struct {
	mu       sync.Mutex
	services map[string]api.HealthChecker // by id
	mute     map[string]bool              // ticket systems that have no answer to that
	asked    time.Time
	healthy  bool
}

// knows keeps a service that pipes are given.
func (h *health) knows(id string, instance any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.services == nil {
		h.services, h.mute = make(map[string]api.HealthChecker), make(map[string]bool)
	}
	if c, ok := instance.(api.HealthChecker); ok {
		h.services[id] = c
	} else if _, ok := instance.(api.TicketSystem); ok {
		h.mute[id] = true
	}
}

// Healthy reports whether all services that pipes are given are healthy at this moment.
// Where a ticket system has no answer to that, nobody knows.
func (g *Gate) Healthy(ctx context.Context) bool {
	h := &g.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.mute) > 0 || len(h.services) == 0 {
		return false
	}
	if !h.asked.IsZero() && time.Since(h.asked) < healthFor {
		return h.healthy
	}
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	h.healthy = true
	for id, service := range h.services {
		if err := check(ctx, service); err != nil {
			g.options.Logger.DebugContext(ctx, "a service isn't healthy", "service", id, "err", err.Error())
			h.healthy = false
			break
		}
	}
	h.asked = time.Now()
	return h.healthy
}

// check asks a service: a plugin's code, which must not end the host, and for which the
// others don't wait longer.
func check(ctx context.Context, service api.HealthChecker) error {
	return freeze.Call(healthWithin, func() error { return service.CheckHealth(ctx) })
}
