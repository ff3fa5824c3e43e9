package app

import (
	"cmp"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/supervise"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// meetSupervisor says how lines are to look and, where the state folder may be written to, where
// the trace of this process will be.
func (a *Setup) meetSupervisor(mayKeep bool) {
	w := a.settings.Worker
	if w == nil {
		return
	}
	logging := a.Document.Logging
	w.Logging(cmp.Or(a.settings.LogFormat, logging.Format), cmp.Or(a.settings.LogLevel, logging.Level))
	w.Patience(supervise.Patience{Start: cmp.Or(a.Document.ReloadTimeout, a.Document.StartTimeout+startMargin), HandOver: cmp.Or(a.Document.ReloadTimeout, config.DefaultReloadTimeout)})
	if !mayKeep {
		return
	}
	dir, err := a.traceCrashes(w)
	if err != nil {
		a.logger.Warn("if this process crashes there will be no trace, and no plugin is refused for it", "err", err)
	}
	if dir != "" {
		a.openDoors(filepath.Dir(dir))
	}
}

// startMargin is how much longer than a start may take it is waited for at a reload: one that takes too
// long is to fail by itself, which says more.
const startMargin = 10 * time.Second

// explain says why the worker before this one died, which the supervisor leaves to who knows the
// secrets, those that only plugins know to be secret, too; and so of those before it that could not.
func (a *Setup) explain() {
	for _, d := range a.settings.Worker.Earlier() {
		a.explainDeath(d)
	}
	if d := a.settings.Worker.Replaces(); d != nil {
		a.explainDeath(*d)
	}
}

func (a *Setup) explainDeath(d crashes.Death) {
	if d.Cause == "" {
		return
	}
	attrs := []any{"err", d.Cause}
	if d.Plugin != nil {
		attrs = append(attrs, "plugin", d.Plugin.Name, "file", d.Plugin.Path, "function", d.Frame)
	}
	if d.Trace != "" {
		attrs = append(attrs, "trace", d.Trace)
	}
	a.logger.Error("why the worker process before this one died", attrs...)
}

// traceCrashes returns the folder of the traces, as far as it is there and may be trusted.
func (a *Setup) traceCrashes(w *supervise.Worker) (dir string, err error) {
	options, err := PluginLoad{Settings: a.settings}.Options()
	if err != nil {
		return "", err
	}
	dir, err = loader.PrivateFolder(options, crashes.Subfolder)
	if err != nil {
		return "", err
	}
	file, err := crashes.Create(dir)
	if err != nil {
		return dir, err
	}
	defer file.Close() // Go keeps a descriptor of its own
	if err := debug.SetCrashOutput(file, debug.CrashOptions{}); err != nil {
		return dir, err
	}
	w.Tracing(file.Name())
	return dir, nil
}

// crashed answers what is remembered of plugins that ended a worker on this state folder.
func (l PluginLoad) crashed(state string) func(sha256 string) (reason, retry string, crashed bool) {
	memory, err := crashes.Recall(filepath.Join(state, crashes.Subfolder))
	if err != nil && l.Logger != nil {
		l.Logger.Debug("what is remembered of plugins can't be read", "err", err)
	}
	last := l.Worker.Replaces()
	return func(sha256 string) (reason, retry string, crashed bool) {
		// A command that keeps nothing doesn't meet with the same twice either.
		if last != nil && last.Refused && last.Plugin.SHA256 == sha256 {
			return ended(*last.Plugin, last.Time, last.How, last.Stage, last.At), "", true
		}
		known := memory.Plugins[sha256]
		if known == nil || known.Refused == nil {
			return "", "", false
		}
		r := known.Refused
		return ended(crashes.Plugin{Path: known.Path}, r.Time, r.How, r.Stage, r.At), "otai plugin retry " + known.Name + l.StateFlag(), true
	}
}

// ended says how a plugin ended a worker.
func ended(p crashes.Plugin, when time.Time, how, stage, at string) string {
	if at != "" && at != p.Path {
		at = " " + at
	} else {
		at = ""
	}
	return fmt.Sprintf("it ended otai's worker process on %s by %s, while %s%s", when.Format("2006-01-02 15:04"), how, stage, at)
}

// opening reports to the supervisor that code of a plugin is about to run here for the first time.
func (a *Setup) opening(p loader.Plugin) {
	a.settings.Worker.Doing(supervise.StageOpening, p.Path, a.crashing(p))
}

// opened reports to the supervisor which plugins are open, and returns what reports whose
// Validate runs.
func (a *Setup) opened() func(use string) {
	w := a.settings.Worker
	if w == nil {
		return nil
	}
	w.Doing(supervise.StageStart, "", nil)
	for _, p := range a.Catalog.Plugins {
		if p.Status == loader.Loaded {
			w.Opened(*a.crashing(p))
		}
	}
	a.lives = make(map[string]*atomic.Int32)
	for _, p := range a.Catalog.Plugins {
		if p.Status == loader.Loaded {
			a.lives[p.Name] = w.Life(*a.crashing(p))
		}
	}
	return func(use string) { a.report(supervise.StageChecking, use, use) }
}

// doing reports to the supervisor what the engine does with code of a plugin.
func (a *Setup) doing(activity orchestrator.Activity, use, path string) {
	stages := map[orchestrator.Activity]string{
		orchestrator.Building: supervise.StageBuilding, orchestrator.Starting: supervise.StageStarting,
		orchestrator.Working: supervise.StageReady, orchestrator.Closing: supervise.StageClosing,
	}
	stage := stages[activity]
	if a.ahead {
		stage = supervise.StageChecking
	}
	a.report(stage, use, path)
}

// calls reports to the supervisor where code of a plugin works.
func (a *Setup) calls(path string, uses []string) *atomic.Int32 {
	w := a.settings.Worker
	if w == nil {
		return nil
	}
	for _, use := range uses {
		if p := a.pluginOf(use); p != nil {
			return w.Place(path, *p)
		}
	}
	return nil
}

// life counts for the supervisor what runs of a plugin outside of calls.
func (a *Setup) life(plugin string) *atomic.Int32 { return a.lives[plugin] }

// pluginOf is the plugin that offers a use, as the supervisor knows it; nil: none does.
func (a *Setup) pluginOf(use string) *crashes.Plugin {
	prefix, _, _ := strings.Cut(use, separator)
	n := slices.IndexFunc(a.Catalog.Plugins, func(p loader.Plugin) bool { return p.Prefix == prefix && p.Status == loader.Loaded })
	if n < 0 {
		return nil
	}
	return a.crashing(a.Catalog.Plugins[n])
}

// report passes over what doesn't belong to a plugin, unless it ends what did.
func (a *Setup) report(stage, use, at string) {
	w := a.settings.Worker
	if w == nil {
		return
	}
	if stage == supervise.StageReady && a.begins != nil {
		a.begins()
	}
	p := a.pluginOf(use)
	if p == nil {
		if a.told || stage == supervise.StageReady {
			w.Doing(stage, at, nil)
		}
		a.told = false
		return
	}
	w.Doing(stage, at, p)
	a.told = true
}

// crashing is a plugin as the supervisor knows it.
func (a *Setup) crashing(p loader.Plugin) *crashes.Plugin {
	known := a.introduced[p.Prefix]
	if known == nil {
		known = &crashes.Plugin{Name: p.Name, Path: p.Path, SHA256: p.SHA256, Package: p.ImportPath, Module: p.Module, Needed: a.needs(p)}
		if a.introduced == nil {
			a.introduced = make(map[string]*crashes.Plugin)
		}
		a.introduced[p.Prefix] = known
	}
	return known
}

// needs reports whether the configuration requires or uses a plugin.
func (a *Setup) needs(p loader.Plugin) bool {
	for _, wanted := range a.Document.Plugins {
		if pluginPrefix(wanted.Name) == p.Prefix && wanted.Required != nil && *wanted.Required {
			return true
		}
	}
	return a.used(p.Prefix)
}
