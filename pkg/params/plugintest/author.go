package plugintest

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Find returns the service or pipe with that name. create is the plugin's CreatePlugin.
// The test ends if there is none.
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

// Service builds a service and starts it. raw is its params as in a configuration, without
// templates; nil gives it none. [Inject] and [Env] provide what else it needs; its log
// goes to the log of the test. Service returns what the build function returned, and
// closes it at the end of the test. An error of any of this ends the test.
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

// Pipe builds a pipe, starts it if it is an [api.Starter], runs it once in scope, and
// closes it at the end of the test. raw is its params as in a configuration, without
// templates; child pipes among them are made by [Child]. To see what a pipe keeps from
// run to run, build it with [api.Injectable.BuildPipe] and run it several times.
//
// The data of the result is plain, as templates and other pipes see it. The error is
// that of the params, as [params.Diagnostics] takes it apart, of the start, or of the
// run. An error of the build function ends the test.
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

// Child returns a child pipe that always returns result, or the context's error if that
// is canceled. For a child that does more, use [api.NewChildPipe].
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
