package loader

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/params/pluginname"
)

// examine calls the factory and reads and checks what the plugin says of itself.
// It runs in the probe, and again in the host, where each of the two may take so
// long.
func examine(p *Plugin, create factory, app api.AppConfig, limit time.Duration) (*report, []api.Injectable, error) {
	var created api.Plugin
	if err := callPlugin(limit, func() { created = create(app) }); err != nil {
		return nil, nil, p.errorf(StageOpen, panicCode(err, CodeFactoryPanic), "CreatePlugin must only describe; fix the plugin", "CreatePlugin %w", err)
	}
	if params.IsNil(created) {
		return nil, nil, p.errorf(StageOpen, CodeNilPlugin, "return api.NewPlugin(…)", "CreatePlugin returned %s", nilName(created))
	}
	found := &report{}
	var list []api.Injectable
	if err := callPlugin(limit, func() { found.Metadata, list = created.Metadata(), created.Injectables() }); err != nil {
		return nil, nil, p.errorf(StageOpen, panicCode(err, CodeFactoryPanic), "return api.NewPlugin(…), whose methods can't fail", "asking the plugin for its metadata and injectables, it %w", err)
	}
	if err := checkMetadata(p, found.Metadata); err != nil {
		return nil, nil, err
	}
	var offers []Offer
	var wrong error
	// What it offers may be of types that are the plugin's own.
	if err := callPlugin(limit, func() { list, offers, wrong = describe(p, list) }); err != nil {
		return nil, nil, p.errorf(StageOpen, panicCode(err, CodeBadInjectable), "make them by api.NewService, api.NewPipe or api.NewPipeFunc", "describing its services and pipes, it %w", err)
	}
	if wrong != nil {
		return nil, nil, wrong
	}
	found.Offers = offers
	return found, list, nil
}

func checkMetadata(p *Plugin, m api.Metadata) error {
	reject := func(fix, format string, args ...any) error {
		return p.errorf(StageOpen, CodeBadMetadata, fix, format, args...)
	}
	if m.Name == "" {
		return reject(fmt.Sprintf("set it to %q", p.Name), "its metadata has no name")
	}
	if hyphens(m.Name) != p.Name {
		return reject(fmt.Sprintf("name the file %s.so, or the plugin %s", strings.ReplaceAll(m.Name, "-", "_"), p.Name),
			"its metadata says that it is %q, its file name that it is %q", m.Name, p.Name)
	}
	if _, err := semver.StrictNewVersion(m.Version); err != nil {
		return reject(`set it like "1.2.0"`, "its version %q is not a semantic version: %w", m.Version, err)
	}
	if m.API != "" {
		if _, err := semver.NewConstraint(m.API); err != nil {
			return reject(`write it like ">=1.0.0 <2"`, "its constraint on the API %q can't be read: %w", m.API, err)
		}
	}
	return nil
}

// describe reads the injectables and reports everything that is wrong with them
// at once. It returns copies, whose labels nobody else can write.
func describe(p *Plugin, list []api.Injectable) ([]api.Injectable, []Offer, error) {
	list = slices.Clone(list)
	offers := make([]Offer, len(list))
	var wrong []string
	for n := range list {
		list[n].Labels = maps.Clone(list[n].Labels)
		injectable := list[n]
		var err error
		if offers[n], err = Describe(injectable); err != nil {
			wrong = append(wrong, fmt.Sprintf("injectable %d (%q): %v", n+1, injectable.Name, err))
		}
	}
	if len(wrong) > 0 {
		return nil, nil, p.errorf(StageOpen, CodeBadInjectable, "correct this in the plugin's source", "%s", strings.Join(wrong, "; "))
	}
	return list, offers, nil
}

// Describe describes a service or pipe, as a probe does, except that its name has no
// prefix. An error is a mistake of the plugin's author.
func Describe(i api.Injectable) (Offer, error) {
	if !pluginname.ValidInjectable(i.Name) {
		return Offer{}, errors.New("a name begins with a letter and has only letters, digits and underscores")
	}
	// The build functions are hidden so that nobody but api can set them; whether
	// they are set can be read without calling the plugin.
	hidden := reflect.ValueOf(i)
	isService := !hidden.FieldByName("service").IsNil()
	if !isService && hidden.FieldByName("pipe").IsNil() {
		return Offer{}, errors.New("has no build function: make it with api.NewService, api.NewPipe or api.NewPipeFunc")
	}
	if i.Params == nil {
		return Offer{}, errors.New("has no params struct")
	}
	spec, err := params.Describe(i.Params)
	if err != nil {
		return Offer{}, err
	}
	described := Offer{Name: i.Name, Doc: i.Doc, Labels: i.Labels, Service: isService, Params: spec}
	for _, t := range []reflect.Type{i.Provides, i.Instance} {
		if t != nil {
			described.Type = preflight.TypeName(t)
		}
	}
	if isService {
		described.Methods = Methods(i.Provides)
	}
	for _, need := range spec.Injections() {
		if described.Needs == nil {
			described.Needs = make(map[string][]string)
		}
		described.Needs[need.Name] = Methods(need.Type())
	}
	return described, nil
}
