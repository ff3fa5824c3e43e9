package app

import (
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Watch reports to the supervisor what code of plugins runs, for a command that uses one
// service and has no configuration.
type Watch struct{ setup *Setup }

// NewWatch is for the service that use names.
func NewWatch(s Settings, use string) *Watch {
	return &Watch{&Setup{settings: s, Document: &config.Document{Services: []config.Service{{Use: use}}}, Catalog: &Catalog{}}}
}

// Opening is for [PluginLoad].
func (w *Watch) Opening(p loader.Plugin) { w.setup.opening(p) }

// Opened takes what was loaded.
func (w *Watch) Opened(c *Catalog) {
	w.setup.Catalog = c
	w.setup.opened()
}

// Doing is for the options of an engine.
func (w *Watch) Doing(a orchestrator.Activity, use, path string) { w.setup.doing(a, use, path) }
