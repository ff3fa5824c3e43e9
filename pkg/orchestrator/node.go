package orchestrator

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// node is a pipe at its place in the configuration. Its instance lives as long
// as the engine, so a trigger keeps its clock.
type node struct {
	engine   *Engine
	path     string
	id, use  string
	owner    owner
	foreign  bool   // code of a plugin runs in it
	barred   string // the use whose code may not run; such a pipe isn't called
	built    *instance
	spec     *params.Spec
	secret   bool // its params can hold a secret
	raw      map[string]any
	binder   params.Binder
	injects  map[string]string
	labels   map[string]string
	fixed    any                      // the params as far as they are known at the start
	inner    []inner                  // the child pipes, in the order of the params
	children map[string]api.ChildPipe // by place in the params, such as "steps[2]"
	items    *place                   // of the steps of a loop
	name     string                   // among its siblings, in the keys of steps
	hashed   string
	logger   *slog.Logger
	cycle    *cycle // set on a root that paces its children

	calls *atomic.Int32 // that are running; nil: nobody counts them
	turn  chan struct{} // one instance is never run twice at once; nil where it may be
	texts *texts
	run   api.RunFunc
}

// inner is a child pipe at its place in the params, "steps[2]" in the param "steps".
type inner struct {
	param, place string
	node         *node
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
	if err := n.bindChildren(); err != nil {
		return nil, err
	}
	n.name = cmp.Or(n.id, n.hash())
	return n, nil
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
		foreign: isForeign(entry.Injectable, spec),
		injects: d.injects, labels: entry.Injectable.Labels,
		children: make(map[string]api.ChildPipe),
		texts:    e.newTexts(),
	}
	n.owner = e.ownerOf(path, n.runs(entry.Plugin), n.called())
	n.barred = e.barring(entry, d.injects)
	if !runsConcurrently(entry.Injectable) {
		n.turn = make(chan struct{}, 1)
	}
	if n.fetches() {
		e.fetched = append(e.fetched, n.yields()...)
	}
	if err := n.buildInstance(entry); err != nil {
		return nil, err
	}
	if e.options.Calls != nil {
		n.calls = e.options.Calls(path, n.uses())
	}
	n.binder = params.Binder{Rendered: true, Inject: e.inject(d.injects, n.barred != ""), Child: n.boundChild}
	return n, n.checkInjections()
}

// uses are those whose code a call of the pipe may run.
func (n *node) uses() []string {
	uses := []string{n.use}
	for _, name := range slices.Sorted(maps.Keys(n.injects)) {
		if s, ok := n.engine.services[n.injects[name]]; ok {
			uses = append(uses, s.Use)
		}
	}
	return uses
}

// runsConcurrently reports whether a pipe is called again while it runs: if it is only a
// function, and its label says so. Others rely on not being called so.
func runsConcurrently(i api.Injectable) bool {
	return i.Labels[params.LabelConcurrent] == "true" && i.Instance.Kind() == reflect.Func
}

func (n *node) buildInstance(entry registry.Entry) error {
	n.engine.doing(Building, n.use, n.path)
	host := n.engine.host(n.path, n.use, entry)
	n.logger = host.Logger()
	var built any
	var run api.RunFunc
	err := n.engine.building(n.owner, buildFunction, func() (err error) {
		built, run, err = entry.Injectable.BuildPipe(host)
		return err
	})
	if err != nil {
		return buildError(n.path, err)
	}
	n.run = run
	if n.run == nil || params.IsNil(built) {
		return configError(n.path, "%s built nothing, or a nil pointer: this is an error in the plugin %s", n.use, n.owner.who())
	}
	n.built = n.engine.built(n.owner, n.use, built, n.injects, n.barred != "")
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
	raw, err := n.atStart()
	if err != nil {
		return paramsError(n.path, err)
	}
	n.engine.doing(Building, n.use, n.path)
	// Not guarded: it binds the children, and a plugin's Validate guards itself.
	n.fixed, err = params.Decode(n.spec, raw, params.Binder{Offline: true, Inject: n.binder.Inject, Child: n.bindChild})
	if err != nil {
		return n.decodeError(err)
	}
	n.nameChildren()
	return nil
}

// atStart returns the params with those rendered that the engine reads once, at the
// start. Their templates see no results and no other params.
func (n *node) atStart() (map[string]any, error) {
	switch n.newParams().(type) {
	case Runner, Loop:
	default:
		return n.raw, nil
	}
	once := make(map[string]any)
	for _, key := range []string{"workers", "retry", "repeat"} {
		if value, given := n.raw[key]; given && n.spec.Field(key) != nil {
			once[key] = value
		}
	}
	var rendered map[string]any
	err := n.engine.rendering(func() (err error) {
		rendered, err = params.Render(n.spec, once, n.texts.rendering(context.Background(), api.Scope{}))
		return err
	})
	if err != nil {
		return nil, err
	}
	raw := maps.Clone(n.raw)
	maps.Copy(raw, rendered)
	return raw, nil
}

func (n *node) bindChild(place params.Path, raw any) (api.ChildPipe, error) {
	child, err := n.engine.bind(paramPath(n.path, place), raw)
	if err != nil {
		return api.ChildPipe{}, err
	}
	n.engine.doing(Building, n.use, n.path) // its params are read on
	run := child.process
	if n.cycle != nil && !n.separates() {
		run = n.cycle.isolated(child)
	}
	bound := api.NewChildPipe(child.id, child.use, run)
	param, _ := place[0].Key()
	n.inner = append(n.inner, inner{param: param, place: place.String(), node: child})
	n.children[place.String()] = bound
	return bound, nil
}

func (n *node) newParams() any { return reflect.New(n.spec.Type()).Interface() }

// process renders the params in scope, decodes them, runs the pipe, and makes its answer
// plain. A run keeps the answer of a pipe without children.
func (n *node) process(ctx context.Context, scope api.Scope) (api.PipeResult, error) {
	if err := ctx.Err(); err != nil {
		return api.PipeResult{}, err
	}
	began := time.Now()
	var result api.PipeResult
	var err error
	switch f := n.frame(ctx); {
	case n.barred != "":
		err = n.runError(n.path, &NotTriedError{Use: n.barred})
	case f == nil:
		result, err = n.runOnce(ctx, scope)
	case len(n.inner) > 0:
		result, err = n.runOnce(context.WithValue(ctx, frameKey{}, &frame{run: f.run, key: f.call(n)}), scope)
	default:
		result, err = n.runStep(ctx, scope, f)
	}
	n.log(ctx, result, err, began)
	return result, err
}

func (n *node) runOnce(ctx context.Context, scope api.Scope) (api.PipeResult, error) {
	if err := n.take(ctx); err != nil {
		return api.PipeResult{}, err
	}
	defer n.give()
	p, own, err := n.ready(ctx, scope)
	if err != nil {
		return failed(err)
	}
	return n.answer(ctx, p, scope.Enter(own))
}

// runStep runs a pipe without children as a step of a run, unless the run has its result.
func (n *node) runStep(ctx context.Context, scope api.Scope, f *frame) (api.PipeResult, error) {
	key := f.call(n)
	p, own, err := n.ready(ctx, scope)
	if err != nil {
		return f.run.Step(ctx, n.step(key, ""), func(context.Context) (api.PipeResult, error) { return failed(err) })
	}
	return f.run.Step(ctx, n.step(key, hashOf(own)), func(ctx context.Context) (api.PipeResult, error) {
		if err := n.take(ctx); err != nil {
			return api.PipeResult{}, err
		}
		defer n.give()
		return n.answer(ctx, p, scope.Enter(own))
	})
}

// take waits until the instance is free, and give frees it.
func (n *node) take(ctx context.Context) error {
	if n.turn == nil {
		return nil
	}
	select {
	case n.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		n.give()
		return err
	}
	return nil
}

func (n *node) give() {
	if n.turn != nil {
		<-n.turn
	}
}

// failed is the answer of a pipe whose params can't be had: fail() in one of them is no
// error.
func failed(err error) (api.PipeResult, error) {
	var fail *api.FailError
	if errors.As(err, &fail) {
		return api.Failure("%s", fail.Error()), nil
	}
	return api.PipeResult{}, err
}

// ready returns the params for one call, for the pipe and as its children see them.
func (n *node) ready(ctx context.Context, scope api.Scope) (p any, own map[string]any, err error) {
	if p, err = n.params(ctx, scope); err != nil {
		return nil, nil, err
	}
	if n.cycle != nil {
		if err := n.ask(func() { n.cycle.pace(p) }); err != nil {
			return nil, nil, n.runError(n.path, err)
		}
	}
	var wrong error
	if err = n.ask(func() { own, wrong = params.PlainParams(n.spec, p) }); err != nil {
		return nil, nil, n.runError(n.path, err)
	}
	if wrong != nil {
		return nil, nil, n.paramsRunError(n.path+".params", wrong)
	}
	return p, own, nil
}

// answer calls the pipe and makes what it answers plain.
func (n *node) answer(ctx context.Context, p any, scope api.Scope) (api.PipeResult, error) {
	result, err := n.call(ctx, p, scope)
	if err != nil {
		return api.PipeResult{}, n.runError(n.path, err)
	}
	return result, nil
}

func (n *node) call(ctx context.Context, p any, scope api.Scope) (result api.PipeResult, err error) {
	if n.calls != nil {
		n.calls.Add(1)
		defer n.calls.Add(-1)
	}
	if !n.foreign {
		defer n.owner.recovered(&err)
		return n.carryOut(ctx, p, scope)
	}
	defer n.engine.calls.begin(n)()
	// In a goroutine of its own, since a plugin may end it.
	err = n.owner.guard(func() (err error) {
		result, err = n.carryOut(ctx, p, scope)
		return err
	})
	return result, err
}

func (n *node) carryOut(ctx context.Context, p any, scope api.Scope) (result api.PipeResult, err error) {
	if loop, ok := p.(Loop); ok && n.items != nil {
		result, err = n.each(ctx, loop, scope)
	} else {
		result, err = n.run(ctx, p, scope)
	}
	if err != nil {
		return api.PipeResult{}, err
	}
	return plainResult(result, n.foreign)
}

// ask runs what calls methods of the params struct beside the pipe.
func (n *node) ask(f func()) error {
	if freeze.Known(n.spec.Type()) {
		f()
		return nil
	}
	return n.owner.guard(func() error { f(); return nil })
}

// runs is the plugin whose code runs in n. A pipe of the host's has that of its service.
func (n *node) runs(plugin string) string {
	if !freeze.Known(n.spec.Type()) {
		return plugin
	}
	for _, need := range n.spec.Injections() {
		if s, ok := n.engine.services[n.injects[need.Name]]; ok {
			return s.entry.Plugin
		}
	}
	return plugin
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
