package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// node is a pipe at its place in the configuration. Its instance lives as long
// as the engine, so a trigger keeps its clock.
type node struct {
	engine   *Engine
	path     string
	id, use  string
	spec     *params.Spec
	secret   bool // its params can hold a secret
	raw      map[string]any
	binder   params.Binder
	children map[string]api.ChildPipe // by place in the params, such as "steps[2]"
	logger   *slog.Logger
	cycle    *cycle // set on a root that paces its children

	mu    sync.Mutex // one instance is never run twice at once
	texts *texts
	run   api.RunFunc
}

// bindRoot binds the pipe whose Process is one cycle.
func (e *Engine) bindRoot(path string, raw any) (*node, error) {
	n, err := e.buildNode(path, raw)
	if err != nil {
		return nil, err
	}
	if _, ok := n.newParams().(Pacer); ok {
		n.cycle = e.cycle
	}
	return n, n.bindChildren()
}

// bind builds the pipe at path and, through its params, all its children.
func (e *Engine) bind(path string, raw any) (*node, error) {
	n, err := e.buildNode(path, raw)
	if err != nil {
		return nil, err
	}
	return n, n.bindChildren()
}

func (e *Engine) buildNode(path string, raw any) (*node, error) {
	d, err := readPipe(path, raw)
	if err != nil {
		return nil, err
	}
	entry, ok := e.options.Registry.Find(d.use)
	if !ok {
		return nil, configError(path+".use", "nothing offers %q", d.use)
	}
	if entry.Injectable.Provides != nil {
		return nil, configError(path+".use", "%q is a service, not a pipe", d.use)
	}
	spec, err := params.Describe(entry.Injectable.Params)
	if err != nil {
		return nil, configError(path+".use", "%w", err)
	}
	n := &node{
		engine: e, path: path, id: d.id, use: d.use, spec: spec, secret: hasSecret(spec), raw: d.params,
		children: make(map[string]api.ChildPipe),
		texts:    newTexts(e.renderer),
	}
	if err := n.buildInstance(entry); err != nil {
		return nil, err
	}
	n.binder = params.Binder{Inject: e.inject(d.injects), Child: n.boundChild}
	return n, n.checkInjections()
}

func (n *node) buildInstance(entry registry.Entry) error {
	host := n.engine.host(n.path, n.use, entry)
	n.logger = host.Logger()
	var built any
	err := guard(n.path, func() (err error) {
		built, n.run, err = entry.Injectable.BuildPipe(host)
		return err
	})
	if err != nil {
		return buildError(n.path, err)
	}
	if n.run == nil || params.IsNil(built) {
		return configError(n.path, "%s built nothing: this is an error in the plugin %s", n.use, entry.Plugin)
	}
	n.engine.instances = append(n.engine.instances, instance{path: n.path, value: built})
	return nil
}

// checkInjections finds a service that is missing now, and not at the first run.
func (n *node) checkInjections() error {
	for _, need := range n.spec.Injections() {
		switch got, err := n.binder.Inject(need); {
		case err != nil:
			return &ConfigError{Path: n.path + ".injects." + need.Name, Err: err}
		case got == nil && !need.Optional:
			return configError(n.path+".injects", "%s needs a service for %q, %s", n.use, need.Name, params.ServiceWords(need.Interface))
		}
	}
	return nil
}

func (n *node) boundChild(place params.Path, _ any) (api.ChildPipe, error) {
	child, ok := n.children[place.String()]
	if !ok {
		return api.ChildPipe{}, errors.New("this child pipe was not in the configuration at the start")
	}
	return child, nil
}

// bindChildren builds the pipes in the params, which are not templates.
func (n *node) bindChildren() error {
	_, err := params.Decode(n.spec, n.raw, params.Binder{Offline: true, Inject: n.binder.Inject, Child: n.bindChild})
	if err != nil {
		return n.decodeError(err)
	}
	return nil
}

func (n *node) bindChild(place params.Path, raw any) (api.ChildPipe, error) {
	child, err := n.engine.bind(paramPath(n.path, place), raw)
	if err != nil {
		return api.ChildPipe{}, err
	}
	run := child.process
	if n.cycle != nil {
		run = n.cycle.isolated(child)
	}
	bound := api.NewChildPipe(child.id, child.use, run)
	n.children[place.String()] = bound
	return bound, nil
}

func (n *node) newParams() any { return reflect.New(n.spec.Type()).Interface() }

// process renders the params in scope, decodes them, runs the pipe, and makes
// its answer plain.
func (n *node) process(ctx context.Context, scope api.Scope) (api.PipeResult, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return api.PipeResult{}, err
	}
	began := time.Now()
	result, err := n.runOnce(ctx, scope)
	n.log(ctx, result, err, began)
	return result, err
}

func (n *node) runOnce(ctx context.Context, scope api.Scope) (api.PipeResult, error) {
	p, err := n.params(ctx, scope)
	if err != nil {
		var fail *api.FailError
		if errors.As(err, &fail) {
			return api.Failure("%s", fail.Error()), nil
		}
		return api.PipeResult{}, err
	}
	if n.cycle != nil {
		n.cycle.pace(p)
	}
	own, err := params.PlainParams(n.spec, p)
	if err != nil {
		return api.PipeResult{}, n.runError(n.path+".params", err)
	}
	result, err := n.call(ctx, p, scope.Enter(own))
	if err != nil {
		return api.PipeResult{}, n.runError(n.path, err)
	}
	data, err := plainData(result.Data)
	if err != nil {
		return api.PipeResult{}, n.runError(n.path, fmt.Errorf("its answer can't be handed on: %w", err))
	}
	result.Data = data
	return result, nil
}

func (n *node) call(ctx context.Context, p any, scope api.Scope) (result api.PipeResult, err error) {
	defer recovered(n.path, &err)
	return n.run(ctx, p, scope)
}

func plainData(data map[string]any) (map[string]any, error) {
	if data == nil {
		return nil, nil
	}
	plain, err := params.Plain(data)
	if err != nil {
		return nil, err
	}
	m, ok := plain.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("its data is %T", plain)
	}
	return m, nil
}

func (n *node) log(ctx context.Context, result api.PipeResult, err error, began time.Time) {
	if !n.logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	took := slog.Duration("took", time.Since(began))
	var panicked *PanicError
	switch {
	case errors.As(err, &panicked) && panicked.Path == n.path:
		n.logger.Debug("pipe panicked", "id", n.id, took, "err", err.Error(), "stack", string(panicked.Stack))
	case err != nil:
		n.logger.Debug("pipe ended with an error", "id", n.id, took, "err", err.Error())
	default:
		status := result.Status
		if status == "" {
			status = api.Succeeded
		}
		n.logger.Debug("pipe ended", "id", n.id, took, "status", string(status), "reason", result.Message)
	}
}
