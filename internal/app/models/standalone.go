package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// standalone is one service that a command uses by itself, without running anything.
type standalone struct {
	engine   *orchestrator.Engine
	id       string // of the service
	service  any
	redactor *redactor.Redactor
	end      func() error
}

// buildStandalone builds the service that use names, without params. It isn't started.
func buildStandalone(ctx context.Context, s app.Settings, use string) (built *standalone, err error) {
	redactor := redactor.New(s.Lookup)
	logger, _, err := s.NewLogger(config.Logging{Level: "warn"}, redactor)
	if err != nil {
		return nil, app.ExitWith(app.CodeUsage, err)
	}
	instead := &loader.Temporary{}
	defer func() {
		if err != nil {
			err = errors.Join(err, instead.Remove())
		}
	}()
	watch := app.NewWatch(s, use)
	offered, err := app.PluginLoad{Settings: s, Logger: logger, Dirs: s.PluginFolders(nil), Only: app.PluginOf(use), Instead: instead, Opening: watch.Opening}.Load(ctx, loader.Load)
	if err != nil {
		return nil, err
	}
	watch.Opened(offered)
	if _, ok := offered.Registry.Find(use); !ok {
		err := fmt.Errorf("nothing offers %q", use)
		if reason := offered.Missing(use); reason != "" {
			err = fmt.Errorf("nothing offers %q: %s", use, reason)
		}
		if len(offered.Refused) > 0 {
			return nil, app.ExitWith(app.CodePlugins, err)
		}
		return nil, app.ExitWith(app.CodeUsage, err)
	}
	const id = "standalone"
	engine, err := orchestrator.New(orchestrator.Definition{
		Services: []orchestrator.Service{{ID: id, Use: use, Path: "services." + id}},
	}, orchestrator.Options{
		Registry: offered.Registry, Logger: logger, DefaultRenderer: base.RendererUse,
		Env: redactor.Env(s.Lookup), Redact: redactor.Add, Doing: watch.Doing,
		ConfigDir: func(string) string { return s.Dir }, Stop: ctx.Done(),
	})
	if err != nil {
		return nil, app.ExitWith(app.CodeUsage, err)
	}
	service, _ := engine.Service(id)
	return &standalone{engine: engine, id: id, service: service, redactor: redactor, end: func() error {
		return errors.Join(engine.Close(), instead.Remove())
	}}, nil
}

// buildConfigured builds the service of a configuration that use names, by its id
// or as what it uses, with the params that it has there. It isn't started.
func buildConfigured(ctx context.Context, s app.Settings, use string) (*standalone, error) {
	if s.LogLevel == "" {
		s.LogLevel = "warn"
	}
	a, err := app.Prepare(ctx, s, app.PrepareOptions{})
	if err != nil {
		return nil, err
	}
	id, err := serviceNamed(a.Document, use)
	if err != nil {
		a.Close()
		return nil, app.ExitWith(app.CodeUsage, err)
	}
	engine, err := a.Engine(orchestrator.Options{Stop: ctx.Done()})
	if err != nil {
		a.Close()
		return nil, err
	}
	service, _ := engine.Service(id)
	return &standalone{engine: engine, id: id, service: service, redactor: a.Redactor, end: func() error {
		defer a.Close()
		return engine.Close()
	}}, nil
}

func serviceNamed(d *config.Document, use string) (id string, err error) {
	for _, s := range d.Services {
		switch {
		case s.ID == use:
			return s.ID, nil
		case s.Use == use && id != "":
			return "", fmt.Errorf("the configuration has several services that use %s; name one by its id, as in --use %s", use, s.ID)
		case s.Use == use:
			id = s.ID
		}
	}
	if id == "" {
		return "", fmt.Errorf("the configuration has no service that uses %s", use)
	}
	return id, nil
}

// close ends the service and gives the error of the work, without secrets, the
// exit code of a failed run.
func (a *standalone) close(err error) error {
	return app.ExitWith(app.CodeRun, a.redactor.Clean(errors.Join(err, a.end())))
}
