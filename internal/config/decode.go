package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// decoder turns the merged tree into a Document.
type decoder struct {
	diags *Reporter
	tree  *tree
}

var (
	loggingKeys = []string{"level", "format", "log_to_file", "log_file_path"}
	pluginKeys  = []string{"name", "version", "required", "enabled", "sha256", "signature"}

	// logFileWords are what people call the file to log to.
	logFileWords = []string{"log_file", "logfile", "file", "filename", "path", "output", "log_path", "file_path"}

	sha256Text = lazyregexp.New(vocabulary.SHA256Pattern)
)

func (d decoder) document(out *Document) {
	root := d.tree.root
	d.keys(root, nil, vocabulary.DocumentKeys)
	out.APIVersion = d.text(root.Get("api_version"), params.Keys("api_version"))
	path := params.Keys("infrastructure")
	infrastructure := d.mapping(root.Get("infrastructure"), path)
	d.keys(infrastructure, path, []string{"logging"}, "default_template_renderer")
	if unused := infrastructure.Get("default_template_renderer"); unused != nil {
		d.diags.Warn(unused.Key, path.Key("default_template_renderer"), "no-effect", "remove it: the service that is a renderer is taken", "this has no effect here")
	}
	out.Logging = d.logging(d.mapping(infrastructure.Get("logging"), path.Key("logging")), path.Key("logging"))
	out.Plugins, out.pluginNames = d.plugins(root.Get("plugins"))
	out.strange = vocabulary.UnknownKeys(object(root), vocabulary.DocumentKeys)
	out.PluginDirs = d.texts(root.Get("plugin_dirs"), params.Keys("plugin_dirs"))
	out.TrustedKeys = d.texts(root.Get("trusted_keys"), params.Keys("trusted_keys"))

	services := d.mapping(root.Get("services"), params.Keys("services"))
	out.noParams = map[string]bool{}
	out.stray = map[string]map[string]any{}
	for id := range services.Keys() {
		service := services.Get(id)
		out.Services = append(out.Services, d.service(id, service))
		out.stray[id] = without(object(service), vocabulary.ServiceKeys)
		if p := service.Get("params"); !p.IsNull() {
			out.noParams[id] = !p.IsMapping()
		}
	}
	path = params.Keys("orchestrator")
	switch orchestrator := root.Get("orchestrator"); {
	case orchestrator.IsMapping():
		out.Orchestrator = object(orchestrator)
	case !orchestrator.IsNull():
		d.wrongType(orchestrator, path, "a mapping with use and params")
	case !d.orchestratorElsewhere(root): // else it is reported where it stands
		d.diags.ReportError(d.tree.valueAt(path), path, "missing-key", "write orchestrator: with params: and steps: below it, or with runners:", "the configuration says nothing to run")
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

func (d decoder) logging(n *source.Node, path params.Path) Logging {
	d.keys(n, path, loggingKeys, vocabulary.PythonLogging...)
	for _, key := range vocabulary.PythonLogging {
		if unused := n.Get(key); unused != nil {
			d.diags.Warn(unused.Key, path.Key(key), "no-effect", "remove it; format: auto, console or json is what can be chosen", "this has no effect here")
		}
	}
	out := Logging{Level: "info", Format: "auto"}
	if level := strings.ToLower(d.text(n.Get("level"), path.Key("level"))); level != "" {
		if name, other := vocabulary.OtherLogLevels[level]; other {
			level = name
		}
		out.Level = d.oneOf(level, n.Get("level"), path.Key("level"), vocabulary.LogLevels)
	}
	if python := n.Get("format"); python.IsMapping() {
		d.diags.Warn(python.Key, path.Key("format"), "no-effect", "write format: auto, console or json", "message and date formats have no effect here")
	} else if format := strings.ToLower(d.text(n.Get("format"), path.Key("format"))); format != "" {
		out.Format = d.oneOf(format, n.Get("format"), path.Key("format"), vocabulary.LogFormats)
	}
	if b := d.boolean(n.Get("log_to_file"), path.Key("log_to_file")); b != nil {
		out.LogToFile = *b
	}
	out.LogFilePath = d.text(n.Get("log_file_path"), path.Key("log_file_path"))
	if out.LogToFile && out.LogFilePath == "" {
		d.diags.ReportError(n.Get("log_to_file").At, path.Key("log_to_file"), "missing-key", "add log_file_path:", "there is no file to log to")
	}
	return out
}

func (d decoder) plugins(n *source.Node) (out []Plugin, names map[string]string) {
	base := params.Keys("plugins")
	if !n.IsList() {
		if !n.IsNull() {
			d.wrongType(n, base, "a list of names or of mappings with name")
		}
		return nil, nil
	}
	names = map[string]string{}
	first := map[string]string{}
	for i, m := range n.Items {
		path := base.Index(i)
		if !m.IsMapping() {
			d.wrongType(m, path, "a name or a mapping with name")
			continue
		}
		d.keys(m, path, pluginKeys)
		p := Plugin{
			Path:      path.String(),
			Name:      d.text(m.Get("name"), path.Key("name")),
			Version:   d.text(m.Get("version"), path.Key("version")),
			Required:  d.boolean(m.Get("required"), path.Key("required")),
			Enabled:   d.boolean(m.Get("enabled"), path.Key("enabled")),
			SHA256:    strings.ToLower(d.text(m.Get("sha256"), path.Key("sha256"))),
			Signature: d.text(m.Get("signature"), path.Key("signature")),
		}
		names[path.String()] = p.Name
		if p.Name == "" {
			d.diags.ReportError(m.At, path, "missing-key", "write name: otai-…", "the plugin's name is missing")
			continue
		}
		if p.SHA256 != "" && !sha256Text.MatchString(p.SHA256) {
			d.diags.ReportError(m.Get("sha256").At, path.Key("sha256"), "bad-value", sumHint(p.SHA256), "this is not a SHA-256 sum")
		}
		folded := foldedName(p.Name)
		if before, twice := first[folded]; twice {
			d.diags.ReportError(m.Get("name").At, path.Key("name"), "duplicate-id", "it is first given at "+before, "the plugin %s is given twice", p.Name)
			continue
		}
		first[folded] = path.String()
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

func (d decoder) service(id string, n *source.Node) Service {
	path := params.Keys("services", id)
	out := Service{ID: id, Path: path.String()}
	if !n.IsMapping() {
		d.wrongType(n, path, "a mapping with use and params")
		return out
	}
	d.serviceKeys(n, path)
	out.Use = d.text(n.Get("use"), path.Key("use"))
	out.Injects = d.injects(d.mapping(n.Get("injects"), path.Key("injects")), path.Key("injects"))
	out.Params = object(d.mapping(n.Get("params"), path.Key("params")))
	if use := n.Get("use"); use.IsNull() || use.Value == "" {
		d.diags.ReportError(d.tree.useAt(path), path, "missing-key", "write use: PLUGIN:NAME", "the service's use is missing")
	}
	return out
}

func (d decoder) injects(n *source.Node, path params.Path) map[string]string {
	out := map[string]string{}
	for name := range n.Keys() {
		id, ok := n.Get(name).Value.(string)
		if !ok {
			d.wrongType(n.Get(name), path.Key(name), "the id of a service")
		}
		out[name] = id
	}
	return out
}

// keys reports keys that mean nothing; quiet ones are reported elsewhere.
func (d decoder) keys(n *source.Node, path params.Path, known []string, quiet ...string) {
	m := object(n)
	for _, key := range vocabulary.UnknownKeys(m, append(quiet, known...)) {
		hint := vocabulary.KeyHint(key, known, m)
		switch place, ok := vocabulary.Elsewhere[key]; {
		case len(path) == 0:
			hint = rootKeyHint(key, m)
		case ok && path.Equal(params.Keys("infrastructure")):
			hint = place
		case path.Equal(params.Keys("infrastructure", "logging")) && slices.Contains(logFileWords, key):
			hint = "write log_to_file: true and log_file_path: …"
		}
		d.unknownKey(n, path, key, hint)
	}
}

func (d decoder) unknownKey(n *source.Node, path params.Path, key, hint string) {
	d.diags.ReportError(n.Get(key).Key, path.Key(key), "unknown-key", hint, "unknown key %q", key)
}

// serviceKeys reports the keys of a service that mean nothing. Those that are
// probably params are one mistake.
func (d decoder) serviceKeys(n *source.Node, path params.Path) {
	m := object(n)
	var given []string
	for _, key := range vocabulary.UnknownKeys(m, vocabulary.ServiceKeys) {
		if vocabulary.PipeKeyMeant(key, vocabulary.ServiceKeys, m) != "" {
			d.unknownKey(n, path, key, vocabulary.KeyHint(key, vocabulary.ServiceKeys, m))
		} else {
			given = append(given, key)
		}
	}
	if given == nil {
		return
	}
	slices.SortStableFunc(given, func(a, b string) int {
		return source.ComparePositions(n.Get(a).Key, n.Get(b).Key)
	})
	d.unknownKey(n, path, given[0], vocabulary.BelowParams(given))
}

// without takes keys out of a mapping.
func without(m map[string]any, keys []string) map[string]any {
	for _, key := range keys {
		delete(m, key)
	}
	return m
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

// mapping is n if that is a mapping; another value is reported.
func (d decoder) mapping(n *source.Node, path params.Path) *source.Node {
	if n.IsMapping() {
		return n
	}
	if !n.IsNull() {
		d.wrongType(n, path, "a mapping")
	}
	return nil
}

// text accepts a number as it was written: api_version: 1 is "1".
func (d decoder) text(n *source.Node, path params.Path) string {
	switch {
	case n.IsNull():
		return ""
	case n.IsMapping(), n.IsList():
		d.wrongType(n, path, "text")
		return ""
	}
	if text, ok := n.Value.(string); ok {
		return text
	}
	return n.Text
}

// texts accepts one text for a list of one.
func (d decoder) texts(n *source.Node, path params.Path) []string {
	if n.IsMapping() {
		d.wrongType(n, path, "a list")
		return nil
	}
	if !n.IsList() {
		if text := d.text(n, path); text != "" {
			return []string{text}
		}
		return nil
	}
	var out []string
	for i, item := range n.Items {
		if text := d.text(item, path.Index(i)); text != "" {
			out = append(out, text)
		}
	}
	return out
}

func (d decoder) boolean(n *source.Node, path params.Path) *bool {
	if n.IsNull() {
		return nil
	}
	var b bool
	switch v := n.Value.(type) {
	case bool:
		b = v
	case string:
		switch strings.ToLower(v) {
		case "true", "yes", "on", "1":
			b = true
		case "false", "no", "off", "0":
		default:
			d.diags.ReportError(n.At, path, "wrong-type", "write true or false", "%q is neither true nor false", v)
			return nil
		}
	default:
		d.wrongType(n, path, "true or false")
		return nil
	}
	return &b
}

func (d decoder) oneOf(word string, n *source.Node, path params.Path, of []string) string {
	if slices.Contains(of, word) {
		return word
	}
	hint := "possible: " + strings.Join(of, ", ")
	if near := params.Near(word, of); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	d.diags.ReportError(n.At, path, "bad-value", hint, "%q is not possible here", word)
	return of[0]
}

func (d decoder) wrongType(n *source.Node, path params.Path, want string) {
	d.diags.ReportError(n.At, path, "wrong-type", "", "this is %s, it must be %s", Describe(n.Plain()), want)
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
	if !n.IsMapping() {
		return nil
	}
	out := make(map[string]any, len(n.Pairs))
	for _, p := range n.Pairs {
		out[p.Key] = plain(p.Value)
	}
	return out
}

func plain(n *source.Node) any {
	switch {
	case n.IsMapping():
		return object(n)
	case n.IsList():
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
