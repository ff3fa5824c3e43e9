package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/lastgood"
	"github.com/open-ticket-ai/otai/internal/supervise"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// RefusedTooError is the end where what worked before can't be used either.
type RefusedTooError struct {
	Reason string // why what is there can't be
	Before bool   // see [supervise.Instead]
	Err    error
}

func (e *RefusedTooError) Error() string {
	what := "the last good configuration can't be used either: "
	if e.Before {
		what = "what worked before can't go on either: "
	}
	return e.Reason + "\n" + what + e.Err.Error()
}

func (e *RefusedTooError) Unwrap() error { return e.Err }

// refusedToo gives an error of a worker that works with something else than what is there the
// exit code with which that was refused.
func refusedToo(i *supervise.Instead, err error) error {
	if i == nil || err == nil || codeOf(err) == CodeRun {
		return err
	}
	return &ExitError{Code: Code(i.Code), Err: &RefusedTooError{i.Reason, i.Before, err}}
}

var (
	errNothingKept = errors.New("there is none: one is kept once it has worked for a minute")
	errForgotten   = errors.New("it was not kept")
)

// worked is what a worker before this one worked with.
func (s Settings) worked(before bool) (*lastgood.Configuration, error) {
	c, err := s.recall(before)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
	case before:
		err = errForgotten
	default:
		err = errNothingKept
	}
	return &c, ExitWith(CodeUsage, err)
}

func (s Settings) recall(before bool) (c lastgood.Configuration, err error) {
	if before {
		content, err := s.Worker.Remembered()
		if err != nil {
			return c, err
		}
		return lastgood.Decode(content)
	}
	folder, err := s.lastGoodFolder()
	if err != nil {
		return c, err
	}
	return lastgood.Read(folder)
}

func (s Settings) lastGoodFolder() (string, error) {
	options, err := PluginLoad{Settings: s}.Options()
	if err != nil {
		return "", err
	}
	return loader.PrivateFolder(options, lastgood.Folder)
}

// sayInstead says that something else works than what is there.
func (a *Setup) sayInstead(i *supervise.Instead) {
	if i == nil {
		return
	}
	of := a.originals.instead.Time
	defer a.settings.Worker.UsesInstead(of)
	if i.Before {
		a.logger.Error("the configuration or a plugin can't be used as it is now: what worked before goes on", "of", of, "err", i.Reason)
		return
	}
	a.logger.Error("the configuration is wrong: the last good one runs instead", "of", of, "err", i.Reason)
}

const (
	goodAfter = time.Minute
	// A runner that has not fired by then, as one with an interval of a day, is not waited for.
	goodAnyway = time.Hour
	renewEach  = time.Hour
)

// keepGood keeps what this worker works with: for the workers after this one from the moment at
// which the work begins, and, if lastGood is set, for later starts once it has worked for a
// while. It returns what ends that.
func (a *Setup) keepGood(ctx context.Context, engine *orchestrator.Engine, o RunOptions) (end func()) {
	if a.settings.Worker == nil || o.Once || o.UntilEmpty || o.DryRun {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done, begun := make(chan struct{}), make(chan struct{})
	a.begins = sync.OnceFunc(func() {
		if err := a.remember(); err != nil {
			a.logger.Warn("what works now is not remembered: should this process die while the configuration is wrong, otai ends", "err", err)
		}
		close(begun)
	})
	go func() {
		defer close(done)
		select {
		case <-begun:
			a.watchGood(ctx, engine, o.LastGood)
		case <-ctx.Done():
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

func (a *Setup) remember() error {
	content, err := a.original().Encode()
	if err != nil {
		return err
	}
	return a.settings.Worker.Remember(content)
}

func (a *Setup) watchGood(ctx context.Context, engine *orchestrator.Engine, lastGood bool) {
	began, renewed, said := time.Now(), time.Now(), false
	// What holds over the copy is kept with it at once.
	again := a.settings.Worker.Instead() != nil && !a.settings.Worker.Instead().Before
	wait := goodAfter
	if again {
		wait = 0
	}
	for ; ; wait = goodAfter {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if time.Since(renewed) >= renewEach {
			renewed = time.Now()
			a.renewPlugins()
		}
		if !lastGood || !again && !good(engine.State(), time.Since(began)) {
			continue
		}
		err := a.writeLastGood()
		if err == nil {
			lastGood = false
			continue
		}
		if !said {
			said = true
			a.logger.Warn("the configuration that works can't be kept as the last good one: it is tried again", "err", a.Clean(err))
		}
	}
}

// good reports whether each runner has fired, and none fails.
func good(s orchestrator.State, after time.Duration) bool {
	for _, p := range s.Places {
		if p.Failing.Attempts > 0 || !p.Fired && after < goodAnyway {
			return false
		}
	}
	return true
}

func (a *Setup) writeLastGood() error {
	folder, err := a.settings.lastGoodFolder()
	if err != nil {
		return err
	}
	if err := lastgood.Write(folder, a.original()); err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	a.logger.Debug("the configuration is kept as the last good one", "folder", folder)
	return nil
}

// renewPlugins keeps the copies of the plugins that were loaded.
func (a *Setup) renewPlugins() {
	for _, p := range a.Catalog.Plugins {
		if p.Status != loader.Loaded {
			continue
		}
		if err := p.Renew(); err != nil {
			a.logger.Debug("the private copy of a plugin can't be kept", "plugin", p.Name, "err", err)
		}
	}
}
