package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// alone is one service that a command uses by itself, without running anything.
type alone struct {
	engine   *orchestrator.Engine
	service  any
	redactor *Redactor
	end      func() error
}

// buildAlone builds the service that use names, without params. It isn't started.
func buildAlone(ctx context.Context, s Settings, use string) (built *alone, err error) {
	redactor := &Redactor{}
	redactor.addProxies(s.lookup)
	logger, _, err := newLogger(s, config.Logging{Level: "warn"}, redactor)
	if err != nil {
		return nil, ExitWith(CodeUsage, err)
	}
	dirs := s.pluginDirs(nil)
	instead := &loader.Temporary{}
	defer func() {
		if err != nil {
			err = withCleanup(err, instead.Remove())
		}
	}()
	r, plugins, err := pluginLoad{Settings: s, logger: logger, dirs: dirs, instead: instead}.run(ctx, loader.Load)
	if err != nil {
		return nil, err
	}
	if _, ok := r.Find(use); !ok {
		offered := &catalog{registry: r, plugins: plugins, dirs: dirs}
		err := fmt.Errorf("nothing offers %q", use)
		if reason := offered.Missing(use); reason != "" {
			err = fmt.Errorf("nothing offers %q: %s", use, reason)
		}
		if len(offered.refused) > 0 {
			return nil, ExitWith(CodePlugins, err)
		}
		return nil, ExitWith(CodeUsage, err)
	}
	const id = "alone"
	engine, err := orchestrator.New(orchestrator.Definition{
		Services: []orchestrator.Service{{ID: id, Use: use, Path: "services." + id}},
	}, orchestrator.Options{
		Registry: r, Logger: logger, DefaultRenderer: base.RendererUse,
		Env: redactor.env(s.lookup), Redact: redactor.Add,
		ConfigDir: func(string) string { return s.Dir },
	})
	if err != nil {
		return nil, ExitWith(CodeUsage, err)
	}
	service, _ := engine.Service(id)
	return &alone{engine: engine, service: service, redactor: redactor, end: func() error {
		return errors.Join(engine.Close(), instead.Remove())
	}}, nil
}

// buildConfigured builds the service of a configuration that use names, by its id
// or as what it uses, with the params that it has there. It isn't started.
func buildConfigured(ctx context.Context, s Settings, use string) (*alone, error) {
	if s.LogLevel == "" {
		s.LogLevel = "warn"
	}
	a, err := prepare(ctx, s, prepareOptions{})
	if err != nil {
		return nil, err
	}
	id, err := a.serviceNamed(use)
	if err != nil {
		a.close()
		return nil, ExitWith(CodeUsage, err)
	}
	engine, err := a.engine(orchestrator.Options{})
	if err != nil {
		a.close()
		return nil, err
	}
	service, _ := engine.Service(id)
	return &alone{engine: engine, service: service, redactor: a.redactor, end: func() error {
		defer a.close()
		return engine.Close()
	}}, nil
}

func (a *application) serviceNamed(use string) (id string, err error) {
	for _, s := range a.document.Services {
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
func (a *alone) close(err error) error {
	err = errors.Join(err, a.end())
	if err == nil {
		return nil
	}
	if text := a.redactor.Text(err.Error()); text != err.Error() {
		err = &cleanError{text: text, err: err}
	}
	return ExitWith(CodeRun, err)
}
