package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// decoder turns the merged values into a Document.
type decoder struct {
	diags *Reporter
	atlas *atlas
}

var (
	loggingKeys = []string{"level", "format", "log_to_file", "log_file_path"}
	pluginKeys  = []string{"name", "version", "required", "enabled", "sha256", "signature"}

	// logFileWords are what people call the file to log to.
	logFileWords = []string{"log_file", "logfile", "file", "filename", "path", "output", "log_path", "file_path"}

	sha256Text = lazyregexp.New(vocabulary.SHA256Pattern)
)

func (d decoder) document(out *Document, root map[string]any, order []string) {
	d.keys(root, "", vocabulary.DocumentKeys)
	out.APIVersion = d.text(root["api_version"], "api_version")
	infrastructure := d.mapping(root["infrastructure"], "infrastructure")
	d.keys(infrastructure, "infrastructure", []string{"logging"}, "default_template_renderer")
	if _, given := infrastructure["default_template_renderer"]; given {
		const path = "infrastructure.default_template_renderer"
		d.diags.Warn(d.atlas.keyAt(path), path, "no-effect", "remove it: the service that is a renderer is taken", "this has no effect here")
	}
	out.Logging = d.logging(d.mapping(infrastructure["logging"], "infrastructure.logging"), "infrastructure.logging")
	out.Plugins, out.pluginNames = d.plugins(root["plugins"])
	out.strange = vocabulary.UnknownKeys(root, vocabulary.DocumentKeys)
	out.PluginDirs = d.texts(root["plugin_dirs"], "plugin_dirs")
	out.TrustedKeys = d.texts(root["trusted_keys"], "trusted_keys")

	services := d.mapping(root["services"], "services")
	out.noParams = map[string]bool{}
	out.stray = make(map[string]map[string]any, len(services))
	for _, id := range order {
		if v, ok := services[id]; ok {
			out.Services = append(out.Services, d.service(id, v))
			out.stray[id] = without(v, vocabulary.ServiceKeys)
			if m, _ := v.(map[string]any); m["params"] != nil {
				_, isMapping := m["params"].(map[string]any)
				out.noParams[id] = !isMapping
			}
		}
	}
	switch orchestrator := root["orchestrator"].(type) {
	case map[string]any:
		out.Orchestrator, _ = plainValue(orchestrator).(map[string]any)
	case nil:
		if d.orchestratorElsewhere(root) {
			break // and reported where it stands
		}
		d.diags.ReportError(d.atlas.valueAt("orchestrator"), "orchestrator", "missing-key", "write orchestrator: with params: and steps: below it, or with runners:", "the configuration says nothing to run")
	default:
		d.wrongType("orchestrator", "a mapping with use and params", orchestrator)
	}
}

// orchestratorElsewhere is true for a root with keys that are the orchestrator, or
// what is around it or in it, at the wrong place or by the wrong name.
func (d decoder) orchestratorElsewhere(root map[string]any) bool {
	names := append([]string{"orchestrator"}, vocabulary.RootKeys...)
	for key := range root {
		if key == "steps" || key == "runners" || params.Near(key, names) != "" {
			return true
		}
	}
	return slices.ContainsFunc(d.diags.List, func(p Diagnostic) bool { return p.Path == "orchestrator" })
}

func (d decoder) logging(m map[string]any, path string) Logging {
	d.keys(m, path, loggingKeys, vocabulary.PythonLogging...)
	for _, key := range vocabulary.PythonLogging {
		if _, given := m[key]; given {
			d.diags.Warn(d.atlas.keyAt(join(path, key)), join(path, key), "no-effect", "remove it; format: auto, console or json is what can be chosen", "this has no effect here")
		}
	}
	out := Logging{Level: "info", Format: "auto"}
	if level := strings.ToLower(d.text(m["level"], join(path, "level"))); level != "" {
		if name, other := vocabulary.OtherLogLevels[level]; other {
			level = name
		}
		out.Level = d.oneOf(level, join(path, "level"), vocabulary.LogLevels)
	}
	if _, python := m["format"].(map[string]any); python {
		d.diags.Warn(d.atlas.keyAt(join(path, "format")), join(path, "format"), "no-effect", "write format: auto, console or json", "message and date formats have no effect here")
	} else if format := strings.ToLower(d.text(m["format"], join(path, "format"))); format != "" {
		out.Format = d.oneOf(format, join(path, "format"), vocabulary.LogFormats)
	}
	if b := d.boolean(m["log_to_file"], join(path, "log_to_file")); b != nil {
		out.LogToFile = *b
	}
	out.LogFilePath = d.text(m["log_file_path"], join(path, "log_file_path"))
	if out.LogToFile && out.LogFilePath == "" {
		d.diags.ReportError(d.atlas.valueAt(join(path, "log_to_file")), join(path, "log_to_file"), "missing-key", "add log_file_path:", "there is no file to log to")
	}
	return out
}

func (d decoder) plugins(v any) (out []Plugin, names map[string]string) {
	list, ok := v.([]any)
	if !ok {
		if v != nil {
			d.wrongType("plugins", "a list of names or of mappings with name", v)
		}
		return nil, nil
	}
	names = map[string]string{}
	first := map[string]string{}
	for i, item := range list {
		path := at("plugins", i)
		m, ok := item.(map[string]any)
		if !ok {
			d.wrongType(path, "a name or a mapping with name", item)
			continue
		}
		d.keys(m, path, pluginKeys)
		p := Plugin{
			Path:      path,
			Name:      d.text(m["name"], join(path, "name")),
			Version:   d.text(m["version"], join(path, "version")),
			Required:  d.boolean(m["required"], join(path, "required")),
			Enabled:   d.boolean(m["enabled"], join(path, "enabled")),
			SHA256:    strings.ToLower(d.text(m["sha256"], join(path, "sha256"))),
			Signature: d.text(m["signature"], join(path, "signature")),
		}
		names[path] = p.Name
		if p.Name == "" {
			d.diags.ReportError(d.atlas.valueAt(path), path, "missing-key", "write name: otai-…", "the plugin's name is missing")
			continue
		}
		if p.SHA256 != "" && !sha256Text.MatchString(p.SHA256) {
			d.diags.ReportError(d.atlas.valueAt(join(path, "sha256")), join(path, "sha256"), "bad-value", sumHint(p.SHA256), "this is no SHA-256 sum")
		}
		folded := foldedName(p.Name)
		if before, twice := first[folded]; twice {
			d.diags.ReportError(d.atlas.valueAt(join(path, "name")), join(path, "name"), "duplicate-id", "it is first given at "+before, "the plugin %s is given twice", p.Name)
			continue
		}
		first[folded] = path
		out = append(out, p)
	}
	return out, names
}

func sumHint(text string) string {
	if sum := strings.TrimPrefix(text, "sha256:"); sum != text && sha256Text.MatchString(sum) {
		return "leave out sha256: before the digits"
	}
	return "sha256sum prints 64 hexadecimal digits"
}

func (d decoder) service(id string, v any) Service {
	path := join("services", id)
	out := Service{ID: id, Path: path}
	m, ok := v.(map[string]any)
	if !ok {
		d.wrongType(path, "a mapping with use and params", v)
		return out
	}
	d.serviceKeys(m, path)
	out.Use = d.text(m["use"], join(path, "use"))
	out.Injects = d.injects(m["injects"], join(path, "injects"))
	p := d.mapping(m["params"], join(path, "params"))
	out.Params, _ = plainValue(p).(map[string]any)
	if use, given := m["use"]; !given || use == nil || use == "" {
		d.diags.ReportError(d.atlas.useAt(path), path, "missing-key", "write use: PLUGIN:NAME", "the service's use is missing")
	}
	return out
}

func (d decoder) injects(v any, path string) map[string]string {
	m := d.mapping(v, path)
	out := make(map[string]string, len(m))
	for _, name := range sortedKeys(m) {
		id, ok := m[name].(string)
		if !ok {
			d.wrongType(join(path, name), "the id of a service", m[name])
			out[name] = ""
			continue
		}
		out[name] = id
	}
	return out
}

// keys reports keys that mean nothing; quiet ones are reported elsewhere.
func (d decoder) keys(m map[string]any, path string, known []string, quiet ...string) {
	for _, key := range vocabulary.UnknownKeys(m, append(quiet, known...)) {
		hint := vocabulary.KeyHint(key, known, m)
		switch place, ok := vocabulary.Elsewhere[key]; {
		case path == "":
			hint = rootKeyHint(key, m)
		case ok && path == "infrastructure":
			hint = place
		case path == "infrastructure.logging" && slices.Contains(logFileWords, key):
			hint = "write log_to_file: true and log_file_path: …"
		}
		d.diags.ReportError(d.atlas.keyAt(join(path, key)), join(path, key), "unknown-key", hint, "unknown key %q", key)
	}
}

// serviceKeys reports the keys of a service that mean nothing. Those that are
// probably params are one mistake.
func (d decoder) serviceKeys(m map[string]any, path string) {
	var given []string
	for _, key := range vocabulary.UnknownKeys(m, vocabulary.ServiceKeys) {
		if vocabulary.PipeKeyMeant(key, vocabulary.ServiceKeys, m) != "" {
			d.diags.ReportError(d.atlas.keyAt(join(path, key)), join(path, key), "unknown-key", vocabulary.KeyHint(key, vocabulary.ServiceKeys, m), "unknown key %q", key)
		} else {
			given = append(given, key)
		}
	}
	if given == nil {
		return
	}
	slices.SortStableFunc(given, func(a, b string) int {
		return source.ComparePositions(d.atlas.keyAt(join(path, a)), d.atlas.keyAt(join(path, b)))
	})
	at := join(path, given[0])
	d.diags.ReportError(d.atlas.keyAt(at), at, "unknown-key", vocabulary.BelowParams(given), "unknown key %q", given[0])
}

// without is a mapping without some of its keys.
func without(v any, keys []string) map[string]any {
	m, _ := v.(map[string]any)
	out := maps.Clone(m)
	for _, key := range keys {
		delete(out, key)
	}
	return out
}

func rootKeyHint(key string, given map[string]any) string {
	if place, ok := vocabulary.Elsewhere[key]; ok {
		return place
	}
	if strings.ReplaceAll(vocabulary.Normal(key), "_", "") == "openticketai" {
		return "did you mean " + vocabulary.RootKeys[0] + "?"
	}
	return vocabulary.KeyHint(key, vocabulary.DocumentKeys, given)
}

func (d decoder) mapping(v any, path string) map[string]any {
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		d.wrongType(path, "a mapping", v)
	}
	return m
}

// text accepts a number as it was written: api_version: 1 is "1".
func (d decoder) text(v any, path string) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any, []any:
		d.wrongType(path, "text", v)
		return ""
	default:
		return d.atlas.place(path).Text
	}
}

// texts accepts one text for a list of one.
func (d decoder) texts(v any, path string) []string {
	list, ok := v.([]any)
	if !ok {
		if _, mapping := v.(map[string]any); mapping {
			d.wrongType(path, "a list", v)
		} else if text := d.text(v, path); text != "" {
			return []string{text}
		}
		return nil
	}
	var out []string
	for i, item := range list {
		if text := d.text(item, at(path, i)); text != "" {
			out = append(out, text)
		}
	}
	return out
}

func (d decoder) boolean(v any, path string) *bool {
	var b bool
	switch v := v.(type) {
	case nil:
		return nil
	case bool:
		b = v
	case string:
		switch strings.ToLower(v) {
		case "true", "yes", "on", "1":
			b = true
		case "false", "no", "off", "0":
		default:
			d.diags.ReportError(d.atlas.valueAt(path), path, "wrong-type", "write true or false", "%q is neither true nor false", v)
			return nil
		}
	default:
		d.wrongType(path, "true or false", v)
		return nil
	}
	return &b
}

func (d decoder) oneOf(word, path string, of []string) string {
	if slices.Contains(of, word) {
		return word
	}
	hint := "possible: " + strings.Join(of, ", ")
	if near := params.Near(word, of); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	d.diags.ReportError(d.atlas.valueAt(path), path, "bad-value", hint, "%q is not possible here", word)
	return of[0]
}

func (d decoder) wrongType(path, want string, got any) {
	d.diags.ReportError(d.atlas.valueAt(path), path, "wrong-type", "", "this is %s, it must be %s", Describe(got), want)
}

// Describe is what messages call a value.
func Describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "empty"
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return "text"
	default:
		return fmt.Sprintf("the number %v", v)
	}
}

// plainValue leaves int64 and float64 as the only numbers.
func plainValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[key] = plainValue(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = plainValue(inner)
		}
		return out
	case int:
		return int64(v)
	case uint64:
		return float64(v)
	default:
		return v
	}
}
