package plugintest

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Find returns the service or pipe of that name. create is the plugin's
// CreatePlugin.
func Find(t testing.TB, create func(api.AppConfig) api.Plugin, name string) api.Injectable {
	t.Helper()
	for _, i := range create(newApp(t.TempDir(), t.TempDir())).Injectables() {
		if i.Name == name {
			return i
		}
	}
	t.Fatalf("the plugin offers nothing with the name %q", name)
	return api.Injectable{}
}

// Service builds a service from the values of a configuration and starts it. It is
// closed at the end of the test. What fails, ends the test. [Inject] and [Env] give
// it what else it needs; its log goes to the test's.
func Service(t testing.TB, i api.Injectable, raw map[string]any, options ...Option) any {
	t.Helper()
	s := newSettings(options)
	p, _, err := s.read(i, raw)
	if err != nil {
		t.Fatalf("%s: params: %v", i.Name, err)
	}
	service, err := i.BuildService(p, s.testHost(t, i))
	if err != nil {
		t.Fatalf("%s: building: %v", i.Name, err)
	}
	closeAtEnd(t, i, service)
	if starter, ok := service.(api.Starter); ok {
		if err := starter.Start(t.Context()); err != nil {
			t.Fatalf("%s: starting: %v", i.Name, err)
		}
	}
	return service
}

// Pipe builds a pipe, runs it once in scope with params from the values of a
// configuration, and closes it at the end of the test. The error is one of the
// params, as [params.Diagnostics] lists them, of a start, or of the run. The data of the
// result is plain, as templates and other pipes see it. Child pipes among the
// params are made by [Child].
func Pipe(t testing.TB, i api.Injectable, raw map[string]any, scope api.Scope, options ...Option) (api.PipeResult, error) {
	t.Helper()
	s := newSettings(options)
	p, spec, err := s.read(i, raw)
	if err != nil {
		return api.PipeResult{}, err
	}
	pipe, run, err := i.BuildPipe(s.testHost(t, i))
	if err != nil {
		t.Fatalf("%s: building: %v", i.Name, err)
	}
	closeAtEnd(t, i, pipe)
	if starter, ok := pipe.(api.Starter); ok {
		if err := starter.Start(t.Context()); err != nil {
			return api.PipeResult{}, err
		}
	}
	return runOnce(t.Context(), run, spec, p, scope)
}

// Child is a child pipe that always answers result, unless its context is
// canceled. One that does more is made by [api.NewChildPipe].
func Child(id string, result api.PipeResult) api.ChildPipe {
	return newChild(id, "plugintest:Child", result)
}

func newChild(id, use string, result api.PipeResult) api.ChildPipe {
	return api.NewChildPipe(id, use, func(ctx context.Context, _ api.Scope) (api.PipeResult, error) {
		if err := ctx.Err(); err != nil {
			return api.PipeResult{}, err
		}
		return result, nil
	})
}

func (s settings) read(i api.Injectable, raw map[string]any) (p any, spec *params.Spec, err error) {
	if spec, err = params.Describe(i.Params); err != nil {
		return nil, nil, err
	}
	plain, _ := asConfigured(raw).(map[string]any)
	p, err = s.decode(spec, plain, false)
	return p, spec, err
}

// host is silent.
func (s settings) host(app api.AppConfig, path string) api.Host {
	return api.NewHost(s.hostOptions(app, path))
}

func (s settings) testHost(t testing.TB, i api.Injectable) api.Host {
	o := s.hostOptions(newApp(t.TempDir(), t.TempDir()), i.Name)
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	return api.NewHost(o)
}

func (s settings) hostOptions(app api.AppConfig, path string) api.HostOptions {
	return api.HostOptions{App: app, Path: path, Env: func(name string) (string, bool) {
		value, ok := s.env[name]
		return value, ok
	}}
}

func closeAtEnd(t testing.TB, i api.Injectable, instance any) {
	closer, ok := instance.(io.Closer)
	if !ok {
		return
	}
	t.Cleanup(func() {
		if err := closer.Close(); err != nil {
			t.Errorf("%s: closing: %v", i.Name, err)
		}
	})
}
