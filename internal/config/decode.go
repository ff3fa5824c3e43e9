package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// decoder turns the merged tree into a Document.
type decoder struct {
	diags *Reporter
	tree  *tree
	unset map[string]bool // see Document
}

var (
	loggingKeys = []string{"level", "format", "log_to_file", "log_file_path"}
	pluginKeys  = []string{"name", "version", "required", "enabled", "sha256", "signature", "env", "init_side_effects"}

	// logFileWords are what people call the file to log to.
	logFileWords = []string{"log_file", "logfile", "file", "filename", "path", "output", "log_path", "file_path"}

	sha256Text = lazyregexp.New(vocabulary.SHA256Pattern)
)

func (d decoder) document(out *Document) {
	root := field{d.tree.root, nil}
	d.keys(root, vocabulary.DocumentKeys)
	out.APIVersion = d.text(root.key("api_version"))
	infrastructure := d.mapping(root.key("infrastructure"))
	d.keys(infrastructure, vocabulary.InfrastructureKeys, "default_template_renderer")
	if unused := infrastructure.key("default_template_renderer"); unused.Node != nil {
		d.diags.Warn(unused.Key, unused.path(), "no-effect", "remove it: the service that is a renderer is taken", "this has no effect here")
	}
	out.Logging = d.logging(d.mapping(infrastructure.key("logging")))
	out.Runs = d.runs(d.mapping(infrastructure.key("runs")))
	out.Decisions = d.decisions(d.mapping(infrastructure.key("decisions")))
	out.Admin = d.admin(d.mapping(infrastructure.key("admin")))
	out.StartTimeout = d.timeout(infrastructure.key("start_timeout"), DefaultStartTimeout, "a start")
	out.ReloadTimeout = d.timeout(infrastructure.key("reload_timeout"), 0, "a reload")
	out.Plugins, out.pluginNames = d.plugins(root.key("plugins"))
	out.unknownKeys = root.unknownKeys(vocabulary.DocumentKeys)
	out.PluginDirs = d.texts(root.key("plugin_dirs"))
	out.TrustedKeys = d.texts(root.key("trusted_keys"))

	services := d.mapping(root.key("services"))
	out.noParams = map[string]bool{}
	out.stray = map[string]map[string]any{}
	for _, pair := range services.pairs() {
		id := pair.Key
		service := services.key(id)
		out.Services = append(out.Services, d.service(id, service))
		out.stray[id] = service.without(vocabulary.ServiceKeys)
		if p := service.key("params"); !p.isEmpty() {
			out.noParams[id] = !p.isMapping()
		}
	}
	switch orchestrator := root.key("orchestrator"); {
	case orchestrator.isMapping():
		out.Orchestrator = object(orchestrator.Node)
	case !orchestrator.isEmpty():
		d.wrongType(orchestrator, "a mapping with use and params")
	case !d.orchestratorElsewhere(root.Node): // else it is reported where it stands
		d.diags.ReportError(d.tree.valueAt(orchestrator.path()), orchestrator.path(), "missing-key", "write orchestrator: with params: and steps: below it, or with runners:", "the configuration says nothing to run")
	}
}

// orchestratorElsewhere is true for a root with keys that are the orchestrator, or
// what is around it or in it, at the wrong place or by the wrong name.
func (d decoder) orchestratorElsewhere(root *source.Node) bool {
	names := append([]string{"orchestrator"}, vocabulary.RootKeys...)
	for key := range root.Keys() {
		if key == "steps" || key == "runners" || params.Near(key, names) != "" {
			return true
		}
	}
	return slices.ContainsFunc(d.diags.List, func(p Diagnostic) bool { return p.Path == "orchestrator" })
}

func (d decoder) logging(f field) Logging {
	d.keys(f, loggingKeys, vocabulary.PythonLogging...)
	for _, pair := range f.pairs() {
		if slices.Contains(vocabulary.PythonLogging, pair.Key) {
			unused := f.key(pair.Key)
			d.diags.Warn(unused.Key, unused.path(), "no-effect", "remove it; format: auto, console or json is what can be chosen", "this has no effect here")
		}
	}
	out := Logging{Level: "info", Format: "auto"}
	level := f.key("level")
	if name := strings.ToLower(d.text(level)); name != "" {
		if ours, other := vocabulary.OtherLogLevels[name]; other {
			name = ours
		}
		out.Level = d.oneOf(name, level, vocabulary.LogLevels)
	}
	format := f.key("format")
	if format.isMapping() {
		d.diags.Warn(format.Key, format.path(), "no-effect", "write format: auto, console or json", "message and date formats have no effect here")
	} else if name := strings.ToLower(d.text(format)); name != "" {
		out.Format = d.oneOf(name, format, vocabulary.LogFormats)
	}
	if b := d.boolean(f.key("log_to_file")); b != nil {
		out.LogToFile = *b
	}
	out.LogFilePath = d.text(f.key("log_file_path"))
	if out.LogToFile && out.LogFilePath == "" {
		d.diags.ReportError(f.Get("log_to_file").At, f.path().Key("log_to_file"), "missing-key", "add log_file_path:", "there is no file to log to")
	}
	return out
}

// DefaultStartTimeout is how long one Start of a service may take: models are loaded in it.
const DefaultStartTimeout = time.Minute

// DefaultReloadTimeout is how long a worker may take to get the work from another one.
const DefaultReloadTimeout = time.Minute

// timeout is how long what may take.
func (d decoder) timeout(f field, usual time.Duration, what string) time.Duration {
	if f.isEmpty() || d.unknown(f) {
		return usual
	}
	timeout, err := params.ParseDuration(plain(f.Node))
	if err != nil || timeout < time.Second {
		d.diags.ReportError(f.At, f.path(), "bad-value", "write a time such as PT5M; PT1S is the shortest", "this is not a time that %s may take", what)
		return usual
	}
	return timeout
}

func (d decoder) plugins(f field) (out []Plugin, names map[string]string) {
	if !f.isList() {
		if !f.isEmpty() {
			d.wrongType(f, "a list of names or of mappings with name")
		}
		return nil, nil
	}
	names = map[string]string{}
	first := map[string]string{}
	for i := range f.Items {
		m := f.item(i)
		path := m.path().String()
		if !m.isMapping() {
			d.wrongType(m, "a name or a mapping with name")
			continue
		}
		d.keys(m, pluginKeys)
		p := Plugin{
			Path:      path,
			Name:      d.text(m.key("name")),
			Version:   d.text(m.key("version")),
			Required:  d.boolean(m.key("required")),
			Enabled:   d.boolean(m.key("enabled")),
			SHA256:    strings.ToLower(d.text(m.key("sha256"))),
			Signature: d.text(m.key("signature")),
			Env:       d.texts(m.key("env")),
		}
		for _, name := range p.Env {
			if secretname.Is(name) {
				d.diags.ReportError(m.Get("env").At, m.path().Key("env"), "bad-value",
					"leave it out: the plugin's services get it by their params or from api.Host.Env when they work", "%s is named like a secret, and no process that only tries a plugin gets one", name)
			}
		}
		if effects := m.key("init_side_effects"); !effects.isEmpty() {
			p.InitSideEffects = d.oneOf(d.text(effects), effects, vocabulary.InitSideEffects)
		}
		names[path] = p.Name
		if p.Name == "" {
			d.diags.ReportError(m.At, m.path(), "missing-key", "write name: otai-…", "the plugin's name is missing")
			continue
		}
		if p.SHA256 != "" && !sha256Text.MatchString(p.SHA256) {
			d.diags.ReportError(m.Get("sha256").At, m.path().Key("sha256"), "bad-value", sumHint(p.SHA256), "this is not a SHA-256 sum")
		}
		folded := foldedName(p.Name)
		if before, twice := first[folded]; twice {
			d.diags.ReportError(m.Get("name").At, m.path().Key("name"), "duplicate-id", "it is first given at "+before, "the plugin %s is given twice", p.Name)
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

func (d decoder) service(id string, f field) Service {
	out := Service{ID: id, Path: f.path().String()}
	if !f.isMapping() {
		d.wrongType(f, "a mapping with use and params")
		return out
	}
	d.serviceKeys(f)
	use := f.key("use")
	out.Use = d.text(use)
	out.Injects = d.injects(d.mapping(f.key("injects")))
	out.Params = object(d.mapping(f.key("params")).Node)
	out.Bounds = d.bounds(f)
	if use.isEmpty() || use.Value == "" {
		d.diags.ReportError(d.tree.useAt(f.path()), f.path(), "missing-key", "write use: PLUGIN:NAME", "the service's use is missing")
	}
	return out
}

func (d decoder) injects(f field) map[string]string {
	out := map[string]string{}
	for _, pair := range f.pairs() {
		name, given := pair.Key, f.key(pair.Key)
		id, ok := given.Value.(string)
		if !ok {
			d.wrongType(given, "the id of a service")
		}
		out[name] = id
	}
	return out
}

// keys reports keys that mean nothing; quiet ones are reported elsewhere.
func (d decoder) keys(f field, known []string, quiet ...string) {
	unknown := f.unknownKeys(append(quiet, known...))
	if unknown == nil {
		return
	}
	m := object(f.Node)
	for _, key := range unknown {
		hint := vocabulary.KeyHint(key, known, m)
		switch place, ok := vocabulary.Elsewhere[key]; {
		case f.trail == nil:
			hint = rootKeyHint(key, m)
		case ok && f.path().Equal(params.Keys("infrastructure")):
			hint = place
		case f.path().Equal(params.Keys("infrastructure", "logging")) && slices.Contains(logFileWords, key):
			hint = "write log_to_file: true and log_file_path: …"
		}
		d.unknownKey(f, key, hint)
	}
}

func (d decoder) unknownKey(f field, key, hint string) {
	d.diags.ReportError(f.Get(key).Key, f.path().Key(key), "unknown-key", hint, "unknown key %q", key)
}

// serviceKeys reports the keys of a service that mean nothing. Those that are
// probably params are one mistake.
func (d decoder) serviceKeys(f field) {
	unknown := f.unknownKeys(vocabulary.ServiceKeys)
	if unknown == nil {
		return
	}
	var given []string
	m := object(f.Node)
	for _, key := range unknown {
		if vocabulary.PipeKeyMeant(key, vocabulary.ServiceKeys, m) != "" {
			d.unknownKey(f, key, vocabulary.KeyHint(key, vocabulary.ServiceKeys, m))
		} else {
			given = append(given, key)
		}
	}
	if given == nil {
		return
	}
	slices.SortStableFunc(given, func(a, b string) int {
		return source.ComparePositions(f.Get(a).Key, f.Get(b).Key)
	})
	d.unknownKey(f, given[0], vocabulary.BelowParams(given))
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

// mapping is f if that is a mapping; another value is reported.
func (d decoder) mapping(f field) field {
	if f.isMapping() {
		return f
	}
	if !f.isEmpty() {
		d.wrongType(f, "a mapping")
	}
	return field{nil, f.trail}
}

// text accepts a number as it was written: api_version: 1 is "1".
func (d decoder) text(f field) string {
	if f.isEmpty() {
		return ""
	}
	if text, ok := f.Value.(string); ok {
		return text
	}
	if f.Kind != yaml.ScalarNode {
		d.wrongType(f, "text")
	}
	return f.Text
}

// texts accepts one text for a list of one.
func (d decoder) texts(f field) []string {
	if f.isMapping() {
		d.wrongType(f, "a list")
		return nil
	}
	if !f.isList() {
		if text := d.text(f); text != "" {
			return []string{text}
		}
		return nil
	}
	var out []string
	for i := range f.Items {
		if text := d.text(f.item(i)); text != "" {
			out = append(out, text)
		}
	}
	return out
}

func (d decoder) boolean(f field) *bool {
	if f.isEmpty() {
		return nil
	}
	var b bool
	switch v := f.Value.(type) {
	case bool:
		b = v
	case string:
		switch strings.ToLower(v) {
		case "true", "yes", "on", "1":
			b = true
		case "false", "no", "off", "0":
		default:
			d.diags.ReportError(f.At, f.path(), "wrong-type", "write true or false", "%q is neither true nor false", v)
			return nil
		}
	default:
		d.wrongType(f, "true or false")
		return nil
	}
	return &b
}

func (d decoder) oneOf(word string, f field, of []string) string {
	if slices.Contains(of, word) {
		return word
	}
	hint := "possible: " + strings.Join(of, ", ")
	if near := params.Near(word, of); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	d.diags.ReportError(f.At, f.path(), "bad-value", hint, "%q is not possible here", word)
	return of[0]
}

func (d decoder) wrongType(f field, want string) {
	d.diags.ReportError(f.At, f.path(), "wrong-type", "", "this is %s, it must be %s", Describe(f.Plain()), want)
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

// object is a mapping as plain values, of which int64 and float64 are the only
// numbers; nil where n is not a mapping.
func object(n *source.Node) map[string]any {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	out := make(map[string]any, len(n.Pairs))
	for _, p := range n.Pairs {
		out[p.Key] = plain(p.Value)
	}
	return out
}

func plain(n *source.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		return object(n)
	case yaml.SequenceNode:
		out := make([]any, len(n.Items))
		for i, item := range n.Items {
			out[i] = plain(item)
		}
		return out
	}
	switch v := n.Value.(type) {
	case int:
		return int64(v)
	case uint64:
		return float64(v)
	default:
		return v
	}
}
