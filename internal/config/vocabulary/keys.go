package vocabulary

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The keys of mappings. RootKeys may stand around the whole document.
var (
	RootKeys     = []string{"open_ticket_ai", "otai", "cfg"}
	DocumentKeys = []string{"api_version", "infrastructure", "plugins", "plugin_dirs", "trusted_keys", "services", "orchestrator"}
	ServiceKeys  = []string{"use", "injects", "params", "allow", "max_changes"}

	InfrastructureKeys = []string{"logging", "runs", "decisions", "admin", "start_timeout", "reload_timeout"}
	RunsKeys           = []string{"database", "schema", "keep", "poll_only"}
	DecisionsKeys      = []string{"keep", "keep_text"}
	AdminKeys          = []string{"listen", "token", "tls", "metrics_open"}
	AdminTLSKeys       = []string{"cert_file", "key_file"}

	AllowKeys      = []string{"queues", "priorities", "states", "notes"}
	MaxChangesKeys = []string{"tickets_per_hour"}

	PipeKeys   = []string{"id", "use", "injects", "params"}
	RunnerKeys = []string{"id", "on", "run"} // of the short form below runners:
)

// UnknownKeys are the keys of a mapping that are not among the known ones, sorted.
func UnknownKeys(m map[string]any, known []string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(key string) bool { return slices.Contains(known, key) })
}

// KeyHint says which of the known keys one was probably meant to be. It recommends
// nothing that is given already.
func KeyHint(key string, known []string, given map[string]any) string {
	if near := Nearest(key, Free(known, given)); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if near := Nearest(key, known); near != "" {
		return fmt.Sprintf("%s: is given already, so remove one of the two", near)
	}
	return "possible: " + strings.Join(known, ", ")
}

// PipeKeyMeant is the key of a pipe or a service that was meant by one with a value of
// the same shape: user: bob beside use: is a param.
func PipeKeyMeant(key string, names []string, given map[string]any) string {
	name := Meant(key, names, given)
	if !PipeKeyFits(name, given[key]) {
		return ""
	}
	return name
}

// PipeKeyFits reports whether a key of a pipe or a service may have that value.
func PipeKeyFits(name string, v any) bool {
	_, isMapping := v.(map[string]any)
	text, isText := v.(string)
	switch name {
	case "params", "injects", "allow", "max_changes":
		return isMapping || v == nil
	case "use":
		return isText && strings.Contains(text, ":") && !strings.Contains(text, "://")
	case "id":
		return isText && !strings.ContainsAny(text, " {")
	}
	return false
}

// BelowParams says where one or several keys belong.
func BelowParams(keys []string) string {
	if len(keys) == 1 {
		return "it belongs below params:"
	}
	return "it belongs below params:, as " + strings.Join(keys[1:], ", ") + " does"
}
