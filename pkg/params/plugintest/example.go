package plugintest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// example is the values of a configuration for one injectable.
type example struct {
	raw    map[string]any
	source string // for people
}

// exampleOf chooses the best example there is: the test's, the author's, else
// nothing at all. An example with templates is fine for people, but nothing
// can be built with it.
func (k *kit) exampleOf(i api.Injectable) (example, error) {
	if raw, ok := k.examples[i.Name]; ok {
		plain, _ := asConfigured(raw).(map[string]any)
		return example{raw: plain, source: "plugintest.Params"}, nil
	}
	text, ok := i.Labels["example"]
	if !ok {
		return example{source: "no params"}, nil
	}
	e := example{source: `the label "example"`}
	if err := json.Unmarshal([]byte(text), &e.raw); err != nil {
		return e, fmt.Errorf("%s is not a JSON object: %w", e.source, err)
	}
	return e, nil
}

func (e example) given() bool { return e.raw != nil }

// templated reports whether a host would have to render it first.
func (e example) templated() bool {
	found := false
	params.Walk(nil, e.raw, func(p *params.Place) params.Next {
		text, ok := p.Value.(string)
		if found = ok && params.HasTemplate(text); found {
			return params.Stop
		}
		return params.Into
	})
	return found
}

// asConfigured gives Go's lists and maps the types that a configuration has.
func asConfigured(raw any) any {
	v := reflect.ValueOf(raw)
	switch {
	case raw == nil:
		return nil
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = asConfigured(v.Index(i).Interface())
		}
		return list
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		m := make(map[string]any, v.Len())
		for entries := v.MapRange(); entries.Next(); {
			m[entries.Key().String()] = asConfigured(entries.Value().Interface())
		}
		return m
	default:
		return raw
	}
}

// decode makes the params struct that a build or run function gets.
func (s settings) decode(spec *params.Spec, raw map[string]any, offline bool) (any, error) {
	return params.Decode(spec, raw, params.Binder{Child: bindChild, Inject: s.inject, Offline: offline})
}

// inject finds a service for a field. An optional one is left out where the test
// gives none, which is the harder case.
func (s settings) inject(need *params.Spec) (any, error) {
	if service, ok := s.services[need.Name]; ok {
		return service, nil
	}
	if need.Optional {
		return nil, nil
	}
	for _, service := range []any{emptyDesk{}, oneLabel{}} {
		if reflect.TypeOf(service).Implements(need.Type()) {
			return service, nil
		}
	}
	return nil, fmt.Errorf("%s (%s) is needed: give one by plugintest.Inject(%q, …)", params.ServiceWords(need.Interface), need.Interface, need.Name)
}

// bindChild takes what Child makes, and reads a pipe as a configuration has it,
// which is then one that succeeds without data.
func bindChild(_ params.Path, raw any) (api.ChildPipe, error) {
	switch x := raw.(type) {
	case api.ChildPipe:
		return x, nil
	case map[string]any:
		id, _ := x["id"].(string)
		use, _ := x["use"].(string)
		if use == "" {
			return api.ChildPipe{}, errors.New("has no use, which names the pipe")
		}
		return newChild(id, use, api.Success(nil)), nil
	default:
		return api.ChildPipe{}, errors.New("is not a pipe: write plugintest.Child(id, result)")
	}
}
