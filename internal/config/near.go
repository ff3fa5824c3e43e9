package config

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"
)

var runnerKeys = []string{"id", "on", "run"}

// synonyms are what people call some keys, the likelier meaning first.
var synonyms = map[string][]string{
	"trigger": {"on"}, "triggers": {"on"}, "when": {"on"}, "every": {"on"}, "schedule": {"on"}, "cron": {"on"}, "event": {"on"},
	// In YAML 1.1, on is a truth value: a program that writes the file anew makes one of these of it.
	"true": {"on"}, "yes": {"on"},
	"do": {"run"}, "then": {"run"}, "pipe": {"run"}, "action": {"run"}, "job": {"run"}, "task": {"run"},
	"pipes": {"steps"}, "actions": {"steps"}, "tasks": {"steps"}, "jobs": {"steps"}, "stages": {"steps"}, "pipeline": {"steps"}, "children": {"steps"},
	"seconds": {"interval"}, "minutes": {"interval"}, "hours": {"interval"}, "days": {"interval"},
	"title": {"subject"}, "text": {"body"}, "message": {"body"}, "content": {"body"},
}

// meant is the name that a key which is none of them was probably meant to be, ""
// where nothing is near. What stands beside it already is taken last.
func meant(key string, names []string, given map[string]any) string {
	missing := free(names, given)
	if name := nearest(key, missing); name != "" {
		return name
	}
	return nearest(key, names)
}

func nearest(key string, names []string) string {
	key = unquoted(key)
	for _, name := range synonyms[strings.ToLower(key)] {
		if slices.Contains(names, name) {
			return name
		}
	}
	return params.Near(key, names)
}

// free are the names that are not given yet.
func free(names []string, given map[string]any) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, there := given[name]; return there })
}

// nearPipeKey is the key of a pipe or a service that was meant by one with a value of
// the same shape: user: bob beside use: is a param.
func nearPipeKey(key string, names []string, given map[string]any) string {
	name := meant(key, names, given)
	if !pipeKeyFits(name, given[key]) {
		return ""
	}
	return name
}

func pipeKeyFits(name string, v any) bool {
	_, isMapping := v.(map[string]any)
	text, isText := v.(string)
	switch name {
	case "params", "injects":
		return isMapping || v == nil
	case "use":
		return isText && strings.Contains(text, ":") && !strings.Contains(text, "://")
	case "id":
		return isText && !strings.ContainsAny(text, " {")
	}
	return false
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for key, v := range m {
		out[key] = v
	}
	return out
}

// unquoted takes off the quotes of a word processor.
func unquoted(key string) string {
	return strings.Trim(key, typographicQuotes+`"'`)
}

const typographicQuotes = "“”„‟‘’‚‛«»‹›`´″′"
