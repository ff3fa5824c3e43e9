package plugintest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Run checks the promises that a host expects of a plugin, each in a subtest of t. create
// is the plugin's CreatePlugin. Because Run watches the whole process, such as its
// goroutines and open files, t can't be a parallel test.
func Run(t *testing.T, create func(api.AppConfig) api.Plugin, options ...Option) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(here) // refuses parallel tests, and undoes what a plugin changes
	k := newKit(create, t.TempDir, options)
	list := k.promises()
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) {
			f := k.examine(p)
			for _, note := range f.notes {
				t.Log(note)
			}
			for _, violation := range f.violations {
				t.Error(violation)
			}
			if f.skipped != "" && len(f.violations) == 0 {
				t.Skip(f.skipped)
			}
		})
	}
	for _, message := range k.unusedOptions(list) {
		t.Error(message)
	}
}

// Option changes what [Run], [Service] or [Pipe] do.
type Option func(*settings)

type settings struct {
	examples  map[string]map[string]any
	services  map[string]any
	env       map[string]string
	skips     map[string]string
	inEarnest bool
}

func newSettings(options []Option) settings {
	s := settings{
		examples: make(map[string]map[string]any),
		services: make(map[string]any),
		env:      make(map[string]string),
		skips:    make(map[string]string),
	}
	for _, option := range options {
		option(&s)
	}
	return s
}

// Params provides an example of the params of the service or pipe with that name, for
// [Run]: the values that a configuration would have, without templates. A service or
// pipe with required params needs such an example, or the label [params.LabelExample],
// which is the same as JSON; Params wins over the label. Child pipes in it are made by
// [Child].
func Params(injectable string, raw map[string]any) Option {
	return func(s *settings) { s.examples[injectable] = raw }
}

// Inject provides the service for each field with the tag inject:"name". Without it, a
// field of type [api.TicketSystem] gets an empty help desk, one of type [api.Classifier]
// a classifier that knows one label; any other service is missing.
func Inject(name string, service any) Option {
	return func(s *settings) { s.services[name] = service }
}

// Env sets the variables that [api.Host.Env] returns. Without it, there are none.
func Env(variables map[string]string) Option {
	return func(s *settings) { maps.Copy(s.env, variables) }
}

// Skip makes [Run] skip the promise with that name, as the output shows it after the
// test's own name: "FetchPipe/a run that is called off ends soon". reason is printed.
// A name that no promise has is an error, so that no skip outlives its reason.
func Skip(name, reason string) Option {
	return func(s *settings) { s.skips[spaced(name)] = reason }
}

// Live lets [Run] start services and run pipes for real, and checks that they work: what
// they connect to must be available, and may be changed.
func Live() Option {
	return func(s *settings) { s.inEarnest = true }
}

// promise is one line of the table.
type promise struct {
	name  string
	check func(*outcome)
}

// outcome is what the check of a promise found. Without violations the promise is kept.
type outcome struct {
	violations, notes []string
	skipped           string // why it could not be checked
}

func (f *outcome) failf(format string, args ...any) {
	f.violations = append(f.violations, fmt.Sprintf(format, args...))
}

func (f *outcome) notef(format string, args ...any) {
	f.notes = append(f.notes, fmt.Sprintf(format, args...))
}

// kit examines one plugin.
type kit struct {
	settings
	create func(api.AppConfig) api.Plugin
	folder func() string // a new empty one

	quick    time.Duration // what only describes or builds takes less
	patience time.Duration // what takes longer hangs
	grace    time.Duration // for goroutines that are about to end
}

func newKit(create func(api.AppConfig) api.Plugin, folder func() string, options []Option) *kit {
	return &kit{
		settings: newSettings(options), create: create, folder: folder,
		quick: time.Second, patience: 10 * time.Second, grace: 2 * time.Second,
	}
}

func (k *kit) examine(p promise) outcome {
	var f outcome
	if reason, skip := k.skips[spaced(p.name)]; skip {
		f.skipped = reason
		return f
	}
	p.check(&f)
	return f
}

// unusedOptions finds the names that nothing in the plugin has.
func (k *kit) unusedOptions(list []promise) []string {
	promised, injectables := make(map[string]bool), make(map[string]bool)
	for _, p := range list {
		promised[spaced(p.name)] = true
		injectable, _, _ := strings.Cut(p.name, "/")
		injectables[injectable] = true
	}
	var messages []string
	for _, name := range slices.Sorted(maps.Keys(k.skips)) {
		if !promised[name] {
			messages = append(messages, fmt.Sprintf("plugintest.Skip(%q): there is no such promise", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.examples)) {
		if !injectables[name] {
			messages = append(messages, fmt.Sprintf("plugintest.Params(%q): the plugin offers nothing of that name", name))
		}
	}
	return messages
}

// spaced undoes what package testing does to names, so that they can be copied
// from its output.
func spaced(name string) string { return strings.ReplaceAll(name, "_", " ") }
