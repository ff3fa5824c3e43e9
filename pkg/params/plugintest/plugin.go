package plugintest

import (
	"errors"
	"maps"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/params/pluginname"
)

const prefix = "otai-"

// description is all that a plugin says of itself.
type description struct {
	metadata    api.Metadata
	injectables []api.Injectable
}

func newApp(state, cache string) api.AppConfig {
	return api.AppConfig{
		Separator: ":", PluginPrefix: prefix, APIVersion: api.ABI, HostVersion: "1.0.0",
		StateDir: state, CacheDir: cache,
	}
}

// promises calls create, because what is promised depends on what a plugin offers.
func (k *kit) promises() []promise {
	app := newApp(k.folder(), k.folder())
	first, violations, broken := k.describe(app)
	list := []promise{{"CreatePlugin only describes", func(f *outcome) {
		f.violations = append(f.violations, violations...)
		if broken != nil {
			f.failf("CreatePlugin %v", broken)
		}
	}}}
	if broken != nil {
		return list
	}
	list = append(
		list,
		promise{"CreatePlugin answers the same twice", func(f *outcome) { k.answersTheSame(f, app, first) }},
		promise{"the metadata is valid", func(f *outcome) { checkMetadata(f, first.metadata) }},
		promise{"the names are unique and well-formed", func(f *outcome) { checkNames(f, first.injectables) }},
	)
	for _, i := range first.injectables {
		list = append(list, k.injectablePromises(i, app)...)
	}
	return list
}

func (k *kit) describe(app api.AppConfig) (d description, violations []string, broken error) {
	none := false
	violations, broken = k.watch(func() {
		plugin := k.create(app)
		if none = params.IsNil(plugin); none {
			return
		}
		d = description{metadata: plugin.Metadata(), injectables: plugin.Injectables()}
	}, app.StateDir, app.CacheDir)
	if broken == nil && none {
		broken = errors.New("returns nil, and not what api.NewPlugin makes")
	}
	return d, violations, broken
}

func (k *kit) answersTheSame(f *outcome, app api.AppConfig, first description) {
	second, violations, broken := k.describe(app)
	if broken != nil {
		f.failf("the second CreatePlugin %v", broken)
		return
	}
	f.violations = append(f.violations, violations...)
	if second.metadata != first.metadata {
		f.failf("the metadata is first %+v and then %+v", first.metadata, second.metadata)
	}
	if len(second.injectables) != len(first.injectables) {
		f.failf("there are first %d injectables and then %d", len(first.injectables), len(second.injectables))
		return
	}
	for n, a := range first.injectables {
		b := second.injectables[n]
		if a.Name != b.Name || a.Doc != b.Doc || a.Params != b.Params || a.Provides != b.Provides || a.Instance != b.Instance || !maps.Equal(a.Labels, b.Labels) {
			f.failf("injectable %d is first %q and then another: %q", n+1, a.Name, b.Name)
		}
	}
}

func checkMetadata(f *outcome, m api.Metadata) {
	name, ok := strings.CutPrefix(strings.ReplaceAll(m.Name, "_", "-"), prefix)
	if !ok || !pluginname.Valid(name) {
		f.failf("the name %q must be %sNAME, of letters, digits and single hyphens", m.Name, prefix)
	}
	if err := checkVersion(m.Version); err != nil {
		f.failf(`the version %q is not a semantic version such as "1.2.0": %v`, m.Version, err)
	}
	if m.API == "" {
		f.notef(`no constraint on the level of the contract: every host will load the plugin; write one like ">=1.0.0 <2"`)
	} else if err := checkConstraint(m.API); err != nil {
		f.failf(`the constraint %q on the level of the contract can't be read (write it like ">=1.0.0 <2"): %v`, m.API, err)
	}
	if strings.TrimSpace(m.Description) == "" {
		f.failf("there is no description: one sentence for people who list their plugins")
	}
}

func checkNames(f *outcome, list []api.Injectable) {
	if len(list) == 0 {
		f.failf("there is no service and no pipe")
	}
	seen := make(map[string]bool)
	for _, i := range list {
		if !pluginname.ValidInjectable(i.Name) {
			f.failf("%q must begin with a letter and have only letters, digits and underscores", i.Name)
		}
		if seen[i.Name] {
			f.failf("%q is there twice", i.Name)
		}
		seen[i.Name] = true
	}
}
