package config

import (
	"net"
	"net/url"
	"strings"
	"time"

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
	component, ok := k.catalog.Find(defaultOrchestrator)
	if root["use"] != defaultOrchestrator || !ok {
		return
	}
	pause, known := lengthOf(given[pauseKey], component.Params.Field(pauseKey))
	if !known {
		return
	}
	steps, _ := given["steps"].([]any)
	for i, item := range steps {
		step, _ := item.(map[string]any)
		path := at("orchestrator.params.steps", i)
		period, place, known := k.period(step, path, pause)
		if !known || period >= shortestPause {
			continue
		}
		if service := k.remoteDesk(step, pause); service != "" {
			hint := "write an interval of a second or more, such as PT10S"
			if place == join(path, "use") {
				hint = "put it below run: of a base:SimpleSequentialRunner, with on: {use: base:IntervalTrigger, params: {interval: PT10S}}"
			}
			k.diags.Warn(k.at(place), place, "polls-without-pause", hint, "the ticket system %q is asked again every %v", service, period)
		}
	}
}

// period is how often a step of the orchestrator runs at most, with the place where
// that is said. It is not known where a template or another trigger decides.
func (k *checker) period(step map[string]any, path string, pause time.Duration) (period time.Duration, place string, known bool) {
	place = join(path, "use")
	if step["use"] != defaultRunner {
		return pause, place, true
	}
	given, _ := step["params"].(map[string]any)
	trigger, _ := given["on"].(map[string]any)
	// A runner without a trigger is reported as such.
	written := k.doc.atlas.place(path + ".params.on")
	if trigger["use"] != "base:IntervalTrigger" || written.key == k.doc.atlas.place(path).value {
		return 0, "", false
	}
	interval, _ := trigger["params"].(map[string]any)
	length, known := lengthOf(interval["interval"], nil)
	return max(length, pause), path + ".params.on.params.interval", known
}

// lengthOf reads a duration, and the default of one that is not given.
func lengthOf(v any, spec *params.Spec) (time.Duration, bool) {
	if v == nil {
		if spec == nil || spec.Default == nil {
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
		use, _ := v["use"].(string)
		if component, ok := k.catalog.Find(use); ok && component.Params != nil {
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
			if isMapping && inner["use"] == defaultRunner {
				if period, _, known := k.period(inner, "", pause); !known || period >= shortestPause {
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
			if text == "" || !isAddress || k.doc.unset[join(s.Path, "params")+"."+key] {
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
