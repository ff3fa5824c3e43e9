package check

import (
	"iter"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// shortestPause is how seldom a ticket system of other people may be asked at least.
const shortestPause = time.Second

// polls warns of steps that ask a ticket system again and again without a pause.
// One on this machine may be asked so, as in the demonstration.
func (k *checker) polls() {
	root := k.doc.Orchestrator
	given, _ := root["params"].(map[string]any)
	component := k.componentOf(root)
	key, spec := component.LabeledParam(params.LabelPause)
	if spec == nil {
		return
	}
	pause, known := lengthOf(given[key], spec)
	if !known {
		return
	}
	for path, step := range childPipes(component, given, params.Keys("orchestrator", "params")) {
		period, place, known := k.period(step, path, pause)
		if !known || period >= shortestPause {
			continue
		}
		if service := k.remoteDesk(step, pause); service != "" {
			hint := "write an interval of a second or more, such as PT10S"
			if place.Equal(path.Key("use")) {
				hint = "put it below run: of a base:SimpleSequentialRunner, with on: {use: base:IntervalTrigger, params: {interval: PT10S}}"
			}
			k.warn(k.at(place), place, "polls-without-pause", hint, "the ticket system %q is asked again every %v", service, period)
		}
	}
}

// componentOf is what a pipe uses; nothing where that is not known.
func (k *checker) componentOf(pipe map[string]any) catalog.Component {
	use, _ := pipe["use"].(string)
	component, _ := k.catalog.Find(use)
	return component
}

// childPipes are the pipes in a pipe's params, one by one or in lists, by their paths.
func childPipes(component catalog.Component, given map[string]any, base params.Path) iter.Seq2[params.Path, map[string]any] {
	return func(yield func(params.Path, map[string]any) bool) {
		for _, name := range component.Params.Names() {
			if !component.Params.Field(name).HoldsChildren() {
				continue
			}
			path := base.Key(name)
			items, isList := given[name].([]any)
			if !isList {
				if pipe, isPipe := given[name].(map[string]any); isPipe && pipe["use"] != nil && !yield(path, pipe) {
					return
				}
				continue
			}
			for i, item := range items {
				pipe, _ := item.(map[string]any)
				if !yield(path.Index(i), pipe) {
					return
				}
			}
		}
	}
}

// period is how often a step of the orchestrator runs at most, with the place where
// that is said. It is not known where a template or another trigger decides.
func (k *checker) period(step map[string]any, path params.Path, pause time.Duration) (period time.Duration, place params.Path, known bool) {
	place = path.Key("use")
	on := k.componentOf(step).Trigger()
	if on == "" {
		return pause, place, true
	}
	given, _ := step["params"].(map[string]any)
	trigger, _ := given[on].(map[string]any)
	at := path.Key("params").Key(on)
	// A runner without a trigger is reported as such.
	written := k.place(at)
	key, spec := k.componentOf(trigger).LabeledParam(params.LabelInterval)
	if spec == nil || written.Key == k.place(path).At {
		return 0, nil, false
	}
	interval, _ := trigger["params"].(map[string]any)
	length, known := lengthOf(interval[key], spec)
	return max(length, pause), at.Key("params").Key(key), known
}

// lengthOf reads a duration, and the default of one that is not given.
func lengthOf(v any, spec *params.Spec) (time.Duration, bool) {
	if v == nil {
		if spec.Default == nil {
			return 0, false
		}
		v = *spec.Default
	}
	length, err := params.ParseDuration(v)
	return length, err == nil
}

// remoteDesk is the id of the first ticket system on another machine that a pipe, or
// one in it, works with. Runners in it that wait long enough are left out.
func (k *checker) remoteDesk(v any, pause time.Duration) string {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if id := k.remoteDesk(item, pause); id != "" {
				return id
			}
		}
	case map[string]any:
		if component := k.componentOf(v); component.Params != nil {
			injects, _ := v["injects"].(map[string]any)
			for _, need := range component.Params.Injections() {
				id, _ := injects[need.Name].(string)
				if strings.HasSuffix(need.Interface, "/api.TicketSystem") && k.remote(id) {
					return id
				}
			}
		}
		given, _ := v["params"].(map[string]any)
		for _, key := range sortedKeys(given) {
			inner, isMapping := given[key].(map[string]any)
			if isMapping && k.componentOf(inner).Trigger() != "" {
				if period, _, known := k.period(inner, nil, pause); !known || period >= shortestPause {
					continue
				}
			}
			if id := k.remoteDesk(given[key], pause); id != "" {
				return id
			}
		}
	}
	return ""
}

// remote is true for a service whose address is on another machine, or may be.
func (k *checker) remote(id string) bool {
	for _, s := range k.doc.Services {
		if s.ID != id {
			continue
		}
		for _, key := range sortedKeys(s.Params) {
			text, _ := s.Params[key].(string)
			isAddress := strings.HasSuffix(key, "url") || strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
			if text == "" || !isAddress || k.isUnknown(servicePath(s).Key("params").Key(key)) {
				continue
			}
			if jinja.HasTemplate(text) {
				return true
			}
			address, err := url.Parse(text)
			if err != nil || address.Hostname() == "" {
				return false // reported as what it is
			}
			host := address.Hostname()
			ip := net.ParseIP(host)
			return host != "localhost" && !strings.HasSuffix(host, ".localhost") && (ip == nil || !ip.IsLoopback())
		}
	}
	return false
}
