package plugintest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// subject is one injectable under examination.
type subject struct {
	*kit
	injectable api.Injectable
	app        api.AppConfig
	built      bool // once at least
}

func (k *kit) injectablePromises(i api.Injectable, app api.AppConfig) []promise {
	s := &subject{kit: k, injectable: i, app: app}
	var list []promise
	add := func(name string, check func(*outcome)) {
		list = append(list, promise{i.Name + "/" + name, check})
	}
	add("is made by the contract's functions", s.isMade)
	add("is documented", s.isDocumented)
	add("its params can be described", s.canBeDescribed)
	add("its params are read from nothing", s.readsNothing)
	add("its params are read from the example", s.readsExample)
	add("its type is concrete", s.isConcrete)
	add("is built quickly and without side effects", s.isBuiltSilently)
	add("is built twice, independently", s.isBuiltTwice)
	if s.may(reflect.TypeFor[io.Closer]()) {
		add("is closed twice, without a start", s.isClosedTwice)
	}
	if s.may(reflect.TypeFor[api.Starter]()) {
		add("a start that is called off ends soon", s.startEnds)
	}
	if s.may(reflect.TypeFor[api.HealthChecker]()) {
		add("a health check that is called off ends soon", s.healthCheckEnds)
	}
	if s.isPipe() {
		add("says what calls after and beside each other do", s.saysWhatCallsDo)
		add("a run that is called off ends soon", s.runEnds)
	}
	if k.inEarnest {
		add("works", s.works)
	}
	add("leaves no goroutine behind", s.leavesNoGoroutine)
	return list
}

func (s *subject) isPipe() bool { return s.injectable.Instance != nil }

// made is the type that the build function returns.
func (s *subject) made() reflect.Type {
	if s.isPipe() {
		return s.injectable.Instance
	}
	return s.injectable.Provides
}

// may reports whether what is built may have the ability. Of an interface, only
// the instance shows it.
func (s *subject) may(ability reflect.Type) bool {
	made := s.made()
	return made != nil && (made.Kind() == reflect.Interface || made.Implements(ability))
}

// isMade reads what the build functions hide, as a host does, to know that they
// are there without calling one.
func (s *subject) isMade(f *outcome) {
	hidden := reflect.ValueOf(s.injectable)
	if hidden.FieldByName("service").IsNil() && hidden.FieldByName("pipe").IsNil() {
		f.failf("has no build function: make it with api.NewService, api.NewPipe or api.NewPipeFunc")
	}
}

func (s *subject) isDocumented(f *outcome) {
	if strings.TrimSpace(s.injectable.Doc) == "" {
		f.failf("has no documentation: one sentence for people who look for what they need")
	}
	if spec, err := params.Describe(s.injectable.Params); err == nil {
		for _, key := range undocumented(spec, "") {
			f.notef(`the param %s has no tag doc:"…"`, key)
		}
	}
}

// saysWhatCallsDo shows what the labels say to a host that calls the pipe again.
func (s *subject) saysWhatCallsDo(f *outcome) {
	switch effect, said := s.injectable.Labels[params.LabelEffect]; {
	case !said:
		f.notef("has no label effect: a run that was interrupted in it calls it again, and otai validate warns of that; set none, or once if it changes something outside that must not happen twice")
	case effect == params.EffectNone:
		f.notef("effect: none, so it is called again by a run that was interrupted in it")
	case effect == params.EffectOnce:
		f.notef("effect: once, so it is never called again in its run once it was called")
	default:
		f.notef("the label effect is %q, which no host knows: it counts as none", effect)
	}
	concurrent := s.injectable.Labels[params.LabelConcurrent] == "true"
	switch isFunc := s.made() != nil && s.made().Kind() == reflect.Func; {
	case concurrent && isFunc:
		f.notef("concurrent: true, so several workers call it at the same time")
	case concurrent:
		f.notef("the label concurrent counts only for a pipe that is built as an api.PipeFunc: one instance of %v is called by one worker after another", s.made())
	default:
		f.notef("is called by one worker after another, as it has no label concurrent: true")
	}
}

func undocumented(s *params.Spec, path string) []string {
	var keys []string
	for _, field := range s.Fields {
		at := strings.TrimPrefix(path+"."+field.Name, ".")
		if field.Kind == params.KindRest {
			at = strings.TrimPrefix(path+".(rest)", ".")
		}
		if strings.TrimSpace(field.Doc) == "" {
			keys = append(keys, at)
		}
		inner := field
		for inner.Elem != nil {
			inner, at = inner.Elem, at+"[]"
		}
		keys = append(keys, undocumented(inner, at)...)
	}
	return keys
}

func (s *subject) canBeDescribed(f *outcome) {
	spec, err := params.Describe(s.injectable.Params)
	if err != nil {
		f.failf("%v", err)
		return
	}
	if _, err := json.Marshal(params.Schema(spec)); err != nil {
		f.failf("their JSON Schema can't be written: %v", err)
	}
}

func (s *subject) readsNothing(f *outcome) {
	spec, err := params.Describe(s.injectable.Params)
	if err != nil {
		f.skipped = "the params can't be described"
		return
	}
	for _, field := range spec.Fields {
		if field.Required {
			f.skipped = field.Name + " is required"
			return
		}
	}
	// Offline, because which services are there is not the question here.
	if _, err := params.Decode(spec, nil, params.Binder{Offline: true}); err != nil {
		f.failf("no param is tagged as required, and yet, without any: %v", err)
	}
}

func (s *subject) readsExample(f *outcome) {
	spec, err := params.Describe(s.injectable.Params)
	if err != nil {
		f.skipped = "the params can't be described"
		return
	}
	e, err := s.exampleOf(s.injectable)
	if err != nil {
		f.failf("%v", err)
		return
	}
	p, err := s.decode(spec, e.raw, e.templated())
	switch {
	case err != nil && e.given():
		f.failf("%s can't be read: %v", e.source, err)
	case err != nil:
		f.failf("there is no example, and without one: %v\ngive one by plugintest.Params(%q, map[string]any{…})", err, s.injectable.Name)
	default:
		if _, err := params.PlainParams(spec, p); err != nil {
			f.failf("they can't be handed to child pipes: %v", err)
		}
	}
}

func (s *subject) isConcrete(f *outcome) {
	made := s.made()
	switch {
	case made == nil:
		f.skipped = "there is nothing that it makes"
	case made.Kind() == reflect.Interface:
		f.failf("its build function returns the interface %v, so that a host can't see what else it is: return the concrete type", made)
	}
}

// exampleParams decodes anew, because each build gets params of its own.
func (s *subject) exampleParams() (spec *params.Spec, p any, err error) {
	if spec, err = params.Describe(s.injectable.Params); err != nil {
		return nil, nil, errors.New("the params can't be described")
	}
	e, err := s.exampleOf(s.injectable)
	if err != nil {
		return nil, nil, errors.New("the example can't be read")
	}
	if e.templated() {
		return nil, nil, fmt.Errorf("%s holds templates, which only a host can render: give values by plugintest.Params(%q, …)", e.source, s.injectable.Name)
	}
	if p, err = s.decode(spec, e.raw, false); err != nil {
		return nil, nil, errors.New("there are no params that can be read")
	}
	return spec, p, nil
}

// instance is a service or a pipe that was built.
type instance struct {
	value any
	run   api.RunFunc // of a pipe
}

// build must be called by call or watch.
func (s *subject) build(p any) (instance, error) {
	h := s.host(s.app, s.injectable.Name)
	var made instance
	var err error
	if s.isPipe() {
		made.value, made.run, err = s.injectable.BuildPipe(h)
	} else {
		made.value, err = s.injectable.BuildService(p, h)
	}
	if err == nil && params.IsNil(made.value) {
		err = errors.New("the build function returned nil without an error")
	}
	return made, err
}

// prepare builds for a promise about what comes after.
func (s *subject) prepare(f *outcome) (made instance, ok bool) {
	_, p, err := s.exampleParams()
	if err != nil {
		f.skipped = err.Error()
		return made, false
	}
	if broken := call(s.patience, func() { made, err = s.build(p) }); broken != nil || err != nil {
		f.skipped = "it can't be built"
		return instance{}, false
	}
	return made, true
}

func (s *subject) isBuiltSilently(f *outcome) {
	_, p, err := s.exampleParams()
	if err != nil {
		f.skipped = err.Error()
		return
	}
	var made instance
	violations, broken := s.watch(func() { made, err = s.build(p) }, s.app.StateDir, s.app.CacheDir)
	f.violations = append(f.violations, violations...)
	switch {
	case broken != nil:
		f.failf("the build function %v", broken)
	case err != nil:
		f.failf("can't be built by its example: %v\ngive what it needs by plugintest.Params, Inject or Env", err)
	default:
		s.built = true
		s.close(f, made, false)
	}
}

func (s *subject) isBuiltTwice(f *outcome) {
	first, ok := s.prepare(f)
	var second instance
	if ok {
		s.built = true
		second, ok = s.prepare(f)
	}
	if !ok && s.built {
		f.failf("is built once, and then no more")
	}
	if !ok {
		return
	}
	if same(first.value, second.value) {
		f.failf("both builds returned the same %T: two places in a configuration would share it", first.value)
	}
	s.close(f, first, false)
	s.close(f, second, false)
}

// same reports whether a change of a would be one of b.
func same(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	switch x.Kind() {
	case reflect.Pointer:
		// All values without size may be at one address.
		return x.Type().Elem().Size() > 0 && x.Pointer() == y.Pointer()
	case reflect.Map, reflect.Chan:
		return x.Pointer() == y.Pointer()
	default:
		return false
	}
}

func (s *subject) isClosedTwice(f *outcome) {
	made, ok := s.prepare(f)
	if !ok {
		return
	}
	if _, ok := made.value.(io.Closer); !ok {
		f.skipped = "has no Close"
		return
	}
	s.close(f, made, true)
}

// close closes twice, as a host may. judge adds what is wrong with that.
func (s *subject) close(f *outcome, made instance, judge bool) {
	closer, ok := made.value.(io.Closer)
	if !ok {
		return
	}
	for _, which := range []string{"the first", "the second"} {
		var err error
		broken := call(s.patience, func() { err = closer.Close() })
		switch {
		case !judge:
		case broken != nil:
			f.failf("%s Close %v", which, broken)
		case err != nil:
			f.failf("%s Close answered %q: there was nothing to do, which is not an error", which, err)
		}
		if broken != nil {
			return
		}
	}
}

func calledOff() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// endsSoon calls f with a canceled context and doesn't care for what it answers.
func (s *subject) endsSoon(f *outcome, what string, made instance, do func(ctx context.Context) error) {
	if broken := call(s.patience, func() { _ = do(calledOff()) }); broken != nil {
		f.failf("%s %v with a context that was canceled before", what, broken)
	}
	s.close(f, made, true)
}

func (s *subject) startEnds(f *outcome) {
	s.methodEnds(f, "Start", func(value any) func(context.Context) error {
		if starter, ok := value.(api.Starter); ok {
			return starter.Start
		}
		return nil
	})
}

func (s *subject) healthCheckEnds(f *outcome) {
	s.methodEnds(f, "CheckHealth", func(value any) func(context.Context) error {
		if checker, ok := value.(api.HealthChecker); ok {
			return checker.CheckHealth
		}
		return nil
	})
}

// methodEnds calls a method that not every injectable has: find returns nil then.
func (s *subject) methodEnds(f *outcome, name string, find func(value any) func(context.Context) error) {
	made, ok := s.prepare(f)
	if !ok {
		return
	}
	if do := find(made.value); do != nil {
		s.endsSoon(f, name, made, do)
		return
	}
	f.skipped = "has no " + name
	s.close(f, made, false)
}

func (s *subject) runEnds(f *outcome) {
	made, ok := s.prepare(f)
	if !ok {
		return
	}
	spec, p, err := s.exampleParams()
	if err != nil {
		f.skipped = err.Error()
		return
	}
	s.endsSoon(f, "Process", made, func(ctx context.Context) error {
		_, err := runOnce(ctx, made.run, spec, p, api.Scope{})
		return err
	})
}
