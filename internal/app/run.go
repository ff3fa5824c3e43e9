package app

import (
	"context"
	"errors"
	"slices"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// RunOptions are the options of one run.
type RunOptions struct {
	Once       bool // one firing of each runner, whose interval counts as over, then end
	UntilEmpty bool // fire without triggers until no runner finds a ticket
	LastGood   bool // keep the configuration for a start with a wrong one, once it has worked for a while
	// Deep is called before this worker takes the place of another one, where that was asked for: an error
	// keeps it from it. nil: nothing is asked.
	Deep   func(ctx context.Context, a *Setup, engine *orchestrator.Engine) error
	DryRun bool // show writes to a ticket system instead of doing them, and keep no runs

	// Run names what a dry run runs though it may change something outside of otai.
	Run []string

	// Progress is called again and again with UntilEmpty; nil: it isn't.
	Progress func(Progress)
}

// Run runs the configuration until ctx ends.
func Run(ctx context.Context, s Settings, o RunOptions) error {
	s.Rereads = !o.Once && !o.UntilEmpty && !o.DryRun
	prepare := PrepareOptions{FireAtOnce: o.Once, Runs: !o.DryRun}
	i := s.Worker.Instead()
	if i != nil {
		var err error
		if prepare.Instead, err = s.worked(i.Before); err != nil {
			return refusedToo(i, err)
		}
	}
	a, err := Prepare(ctx, s, prepare)
	if stopped(ctx, err) {
		return nil
	}
	if err != nil {
		return refusedToo(i, err)
	}
	defer a.Close()
	a.sayInstead(i)
	return refusedToo(i, a.Run(ctx, o))
}

// stopped reports whether an error is only that otai was stopped before its first cycle,
// which is as good an end as any.
func stopped(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err())
}

// Run builds the engine and runs it to its end.
func (a *Setup) Run(ctx context.Context, o RunOptions) error {
	options := orchestrator.Options{Once: o.Once, UntilEmpty: o.UntilEmpty, Stop: ctx.Done()}
	if o.DryRun {
		options, err := a.dryRun(o)
		if err != nil {
			return err
		}
		return a.run(ctx, o, options, nil)
	}
	kept := a.keepRuns(o)
	kept.runs.Opened = func() { a.settings.Worker.Took(a.runsPlace()) }
	if !a.settings.Worker.Beside() { // else another process has the store, and works
		if err := kept.open(ctx); err != nil {
			return unlessStopped(ctx, err)
		}
	}
	options.Wrap, options.Runs = kept.wrap, &kept.runs
	return errors.Join(a.run(ctx, o, options, kept), kept.close())
}

func unlessStopped(ctx context.Context, err error) error {
	if stopped(ctx, err) {
		return nil
	}
	return err
}

func (a *Setup) run(ctx context.Context, o RunOptions, options orchestrator.Options, kept *keptRuns) error {
	known := a.Redactor.All()
	engine, err := a.Engine(options)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	if err := a.takeOver(ctx, engine, kept, o.Deep); err != nil {
		return errors.Join(unlessStopped(ctx, err), engine.Close())
	}
	a.warnOfShortSecrets(known)
	a.logger.Info("otai runs", "version", a.settings.Version, "services", len(a.Document.Services), "plugins", a.Loaded(), "once", o.Once, "dry_run", o.DryRun)
	ended := kept.follow(ctx, o)
	keepsNoMore := a.keepGood(ctx, engine, o)
	unwatched := a.watchRunners(ctx, engine, o)
	err = a.work(ctx, engine, kept)
	unwatched()
	keepsNoMore()
	ended()
	err = errors.Join(a.startError(unlessStopped(ctx, err)), kept.leave(ctx), engine.Close())
	if err != nil {
		return ExitWith(CodeRun, a.Clean(err))
	}
	a.logger.Info("otai ended")
	return ExitWith(CodeRun, kept.undone(ctx, o))
}

// startError gives the error of a start that is one of the configuration its position and exit code.
func (a *Setup) startError(err error) error {
	if errors.As(err, new(*orchestrator.LifeError)) && len(configErrors(err)) > 0 {
		return ExitWith(CodeUsage, a.Clean(a.located(err)))
	}
	return err
}

// warnOfShortSecrets is about those that a template or a plugin gave only now; the
// others are among the diagnostics.
func (a *Setup) warnOfShortSecrets(known []string) {
	for _, secret := range a.Redactor.All() {
		if message, hint := config.ShortSecret(secret); message != "" && !slices.Contains(known, secret) {
			a.logger.Warn(message + "; " + hint)
		}
	}
}

// Loaded are the plugins that were loaded, each with its version.
func (a *Setup) Loaded() []string {
	var names []string
	for _, p := range a.Catalog.Plugins {
		if p.Status == loader.Loaded {
			names = append(names, p.Name+" "+p.Version)
		}
	}
	return names
}
