package orchestrator

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

type service struct {
	Service
	owner    owner
	entry    registry.Entry
	spec     *params.Spec
	instance any
	built    *instance
	barred   string // the use whose code may not run, its own or that of a service below it
	state    buildState
}

type buildState int

const (
	planned buildState = iota
	building
	done
)

// defaultRendererID can't be an id of a configuration, where ids are not empty.
const defaultRendererID = ""

func (e *Engine) buildServices(list []Service) error {
	order := make([]*service, 0, len(list))
	for _, definition := range list {
		s, err := e.plan(definition)
		if err != nil {
			return err
		}
		if _, taken := e.services[s.ID]; taken {
			return configError(s.Path, "the id %q is used by two services", s.ID)
		}
		e.services[s.ID] = s
		order = append(order, s)
	}
	if err := e.buildRenderer(order); err != nil {
		return err
	}
	for _, s := range order {
		if err := e.buildService(s); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) plan(definition Service) (*service, error) {
	entry, ok := e.options.Registry.Find(definition.Use)
	if !ok {
		return nil, configError(definition.Path+".use", "nothing offers %q", definition.Use)
	}
	if entry.Injectable.Provides == nil {
		return nil, configError(definition.Path+".use", "%q is a pipe, not a service", definition.Use)
	}
	spec, err := params.Describe(entry.Injectable.Params)
	if err != nil {
		return nil, configError(definition.Path+".use", "%w", err)
	}
	return &service{Service: definition, owner: e.ownerOf(definition.Path, entry.Plugin, definition.ID), entry: entry, spec: spec}, nil
}

var rendererType = reflect.TypeFor[api.TemplateRenderer]()

// buildRenderer builds the one renderer before all else, because the params of
// every other service are rendered by it.
func (e *Engine) buildRenderer(order []*service) error {
	renderers := slices.DeleteFunc(slices.Clone(order), func(s *service) bool {
		return !s.entry.Injectable.Provides.Implements(rendererType)
	})
	switch len(renderers) {
	case 0:
		s, err := e.plan(Service{ID: defaultRendererID, Use: e.options.DefaultRenderer, Path: "services"})
		if err != nil {
			return err
		}
		renderers = append(renderers, s)
	case 1:
	default:
		return configError(renderers[1].Path, "is a second template renderer beside %s; keep one of them", renderers[0].Path)
	}
	if err := e.buildService(renderers[0]); err != nil {
		return err
	}
	renderer, ok := renderers[0].instance.(api.TemplateRenderer)
	if !ok {
		return configError(renderers[0].Path+".use", "%q is not a template renderer", renderers[0].Use)
	}
	e.renderer, e.rendererService = renderer, renderers[0].built
	if !freeze.Known(renderers[0].spec.Type()) {
		e.rendererOf = new(renderers[0].owner)
	}
	return nil
}

func (e *Engine) buildService(s *service) error {
	switch s.state {
	case done:
		return nil
	case building:
		return configError(s.Path+".injects", "the services need each other in a circle")
	}
	s.state = building
	for _, need := range s.spec.Injections() {
		if other, ok := e.services[s.Injects[need.Name]]; ok {
			if err := e.buildService(other); err != nil {
				return err
			}
		}
	}
	s.barred = e.barring(s.entry, s.Injects)
	e.doing(Building, s.Use, s.Path)
	raw := s.Params
	if e.renderer != nil {
		err := e.rendering(func() (err error) {
			raw, err = params.Render(s.spec, raw, e.newTexts().rendering(context.Background(), api.Scope{}))
			return err
		})
		if err != nil {
			return paramsError(s.Path, err)
		}
	}
	e.redactSecrets(s.spec, raw)
	p, err := params.Decode(s.spec, raw, params.Binder{Inject: e.inject(s.Injects, false)})
	if err != nil {
		return s.owner.paramsError(s.Path, err)
	}
	host := e.host(s.Path, s.Use, s.entry)
	var built any
	err = e.building(s.owner, buildFunction, func() (err error) {
		built, err = s.entry.Injectable.BuildService(p, host)
		return err
	})
	if err != nil {
		return buildError(s.Path, err)
	}
	s.instance = built
	if params.IsNil(s.instance) {
		return configError(s.Path, "%s built nothing, or a nil pointer: this is an error in the plugin %s", s.Use, s.owner.who())
	}
	s.built = e.built(s.owner, s.Use, s.instance, s.Injects, s.barred != "")
	s.built.service, s.state = s.ID, done
	return nil
}

var ticketSystemType = reflect.TypeFor[api.TicketSystem]()

// barring returns the use whose code may not run: that of a service or pipe, or of a service
// that it is given; "" if all may.
func (e *Engine) barring(entry registry.Entry, injects map[string]string) string {
	if e.options.May == nil {
		return ""
	}
	if i := entry.Injectable; i.Provides == nil || !i.Provides.Implements(rendererType) && !i.Provides.Implements(ticketSystemType) {
		if !e.options.May(entry) {
			return entry.Name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(injects)) {
		if s, ok := e.services[injects[name]]; ok && s.barred != "" {
			return s.barred
		}
	}
	return ""
}

// inject answers a params struct's needs from the configured services. lax is for a pipe that
// isn't called: what it would get past Wrap doesn't matter.
func (e *Engine) inject(injects map[string]string, lax bool) func(need *params.Spec) (any, error) {
	return func(need *params.Spec) (any, error) {
		id, given := injects[need.Name]
		if !given {
			return nil, nil
		}
		s, ok := e.services[id]
		if !ok {
			return nil, fmt.Errorf("there is no service %q", id)
		}
		if e.options.Wrap == nil {
			return s.instance, nil
		}
		// It asks the service what it can do beyond the contract.
		var wrapped any
		if err := e.building(s.owner, "a method", func() error { wrapped = e.options.Wrap(s.Service, s.instance); return nil }); err != nil {
			return nil, err
		}
		switch want := need.Type(); {
		case want.Kind() != reflect.Interface || params.IsNil(wrapped) || reflect.TypeOf(wrapped).Implements(want) || !reflect.TypeOf(s.instance).Implements(want):
			return wrapped, nil // what doesn't fit is reported by whoever asked
		case !lax && (e.options.Strict || s.Bounded):
			return nil, fmt.Errorf("it needs the service %q itself, as %s, by which it could write", id, want)
		}
		return s.instance, nil
	}
}

func (e *Engine) host(path, use string, entry registry.Entry) api.Host {
	return api.NewHost(api.HostOptions{
		App:    entry.App,
		Path:   path,
		Logger: e.logger.With("plugin", entry.Plugin, "use", use, "path", path),
		Env:    e.env(path),
		Redact: e.options.Redact,
	})
}

// env is the environment as the component at path sees it.
func (e *Engine) env(path string) func(name string) (string, bool) {
	if e.options.ConfigDir == nil {
		return e.options.Env
	}
	return func(name string) (string, bool) {
		if rest, ok := strings.CutPrefix(name, ConfigDirVariable); ok {
			switch param, ofParam := strings.CutPrefix(rest, "."); {
			case rest == "":
				return e.options.ConfigDir(path), true
			case ofParam:
				return e.options.ConfigDir(path + ".params." + param), true
			}
		}
		if e.options.Env == nil {
			return "", false
		}
		return e.options.Env(name)
	}
}

// redactSecrets hands the values of secret fields to the host's redaction.
func (e *Engine) redactSecrets(s *params.Spec, values map[string]any) {
	if e.options.Redact == nil {
		return
	}
	params.Walk(s, values, func(p *params.Place) params.Next {
		switch p.Value.(type) {
		case nil, bool, []any:
		default:
			if p.Secret() && !params.IsMapping(p.Value) {
				e.options.Redact(fmt.Sprint(p.Value))
			}
		}
		return params.Into
	})
}

// hasSecret reports whether a value of this kind can hold a secret.
func hasSecret(s *params.Spec) bool {
	return s != nil && (s.Secret || hasSecret(s.Elem) || slices.ContainsFunc(s.Fields, hasSecret))
}
