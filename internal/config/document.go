package config

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Options are what a configuration is read from.
type Options struct {
	Files  []Source // the later one wins: mappings merge, lists are replaced
	Env    []string // the process environment as "NAME=value"
	DotEnv []Source // .env files; they answer where the environment doesn't
	Flags  []Flag   // of the command line; they win over all else

	// OpenFile reads what ${file:PATH} names. A relative path counts from the folder
	// of the configuration that is named from. nil: there are no such files.
	OpenFile func(from, path string) (SecretFile, error)
	// Held is a configuration of which holds what it says of trust and of bounds, whatever the
	// files say; nil: there is none.
	Held *Document
	// FilesMayBeAbsent makes a warning of a file that isn't there or can't be read.
	FilesMayBeAbsent bool
}

// Flag is a value that the command line gives. Name is what messages call it.
type Flag struct {
	Name, Path, Value string // "--log-level", "infrastructure.logging.level", "debug"
}

// Document is a configuration whose own form is right. What its uses and params
// mean is checked by package check.
type Document struct {
	APIVersion string // a constraint on the API level as given; "1" means >=1, "" any
	Logging    Logging
	Runs       Runs
	Decisions  Decisions
	Admin      Admin
	// StartTimeout is how long one Start of a service or pipe may take.
	StartTimeout time.Duration
	// ReloadTimeout is how long a part of a reload may take; 0: it isn't said.
	ReloadTimeout time.Duration
	PluginDirs    []string
	Plugins       []Plugin
	TrustedKeys   []string
	Services      []Service // in the order of the document
	// Orchestrator is the root pipe: id, use, injects and params. Its path is
	// "orchestrator".
	Orchestrator map[string]any

	stray    map[string]map[string]any // what stands in services, by id, below keys that mean nothing
	odd      map[string]Diagnostic     // texts with characters that can't be seen, by path
	noParams map[string]bool           // services whose params are something else, by id
	wrong    bool                      // reading found errors
	unnamed  bool                      // a service has lost its id, and perhaps it is the one that a pipe names
	doubts   doubts
	// pluginNames are the names of the plugins, by their paths.
	pluginNames map[string]string
	unknownKeys []string // at the top

	unset   map[string]bool // paths of values that are not known, such as with a variable that is not set
	tree    *tree
	secrets *secrets
	lookup  func(name string) (string, bool)
	names   []string // of the variables that lookup knows, sorted
	// variablesUnsure is true where a .env file has a mistake.
	variablesUnsure bool
}

// Logging says what is logged and where to.
type Logging struct {
	Level       string // trace, debug, info, warn, error, fatal, panic or disabled
	Format      string // auto, console or json
	LogToFile   bool
	LogFilePath string
}

// Plugin is the policy for one plugin. A plugin that isn't listed is loaded, too.
type Plugin struct {
	Name      string // package name, such as otai-otobo-znuny
	Version   string // a constraint, "" any
	Required  *bool
	Enabled   *bool
	SHA256    string // of the file, in hexadecimal
	Signature string
	Env       []string // names of variables that it gets while it is tried, beside the usual ones
	// InitSideEffects is "refuse" where the plugin must not change its process; else "warn" or "".
	InitSideEffects string
	Path            string // place in the configuration
}

// Service is one service of the configuration.
type Service struct {
	ID, Use string
	Injects map[string]string // injection name to service id
	Params  map[string]any
	Bounds  bounds.Bounds // of what is written by it
	Path    string        // "services.ID"
}

// Read merges and checks everything that can be checked without plugins. The
// Document is nil when there is none to go on with; otherwise it can be checked
// further, and used when no diagnostic is an error.
func Read(o Options) (*Document, Diagnostics) {
	diags := &Reporter{}
	known := &secrets{names: map[string]bool{}}
	environment, dotEnv := Environment(o, diags)
	lookup := func(name string) (string, bool) {
		value, ok := environment[name]
		if !ok {
			value, ok = dotEnv[name]
		}
		return value, ok
	}
	merged := merge(o, environment, dotEnv, diags)
	if merged == nil {
		return nil, known.masked(diags.All())
	}
	if o.Held != nil {
		merged.hold(o.Held.tree)
	}
	known.learnSwapped(merged.root, "")
	unset := map[string]bool{}
	noDotEnv := slices.ContainsFunc(diags.List, func(p Diagnostic) bool { return p.Code == "bad-dotenv" })
	names := slices.AppendSeq(slices.Collect(maps.Keys(environment)), maps.Keys(dotEnv)) // none is in both
	slices.Sort(names)
	references{lookup, files{o.OpenFile, o.FilesMayBeAbsent}, merged, diags, known, unset, names, noDotEnv}.expandDocument()
	d := &Document{unset: unset, tree: merged, secrets: known, lookup: lookup, names: names, variablesUnsure: noDotEnv}
	decoder{diags: diags, tree: merged, unset: unset}.document(d)
	d.learnSecrets()
	d.odd = merged.oddities()
	if len(diags.List) > 0 {
		d.Doubt(diags.List)
		d.unnamed = slices.ContainsFunc(diags.List, nameless)
		diags.List = causes(diags.List, d.odd)
	}
	sorted := known.masked(diags.All())
	d.wrong = sorted.HasErrors()
	return d, sorted
}

// nameless is true for a report after which it is not known which services there are.
func nameless(p Diagnostic) bool {
	return p.Severity == SeverityError && (p.Path == "services" || strings.HasPrefix(p.Path, "services[") || p.Code == "missing-key" && (p.Path == "services.use" || p.Path == "services.params" || p.Path == "services.injects"))
}

// Lookup answers what a variable holds: the environment, else .env. It is what
// ${NAME}, get_env and [api.Host] see. A variable that is named like a secret is
// kept out of messages from then on.
func (d *Document) Lookup(name string) (string, bool) {
	value, ok := d.lookup(name)
	if ok && secretname.Is(name) {
		d.secrets.Add(value)
	}
	return value, ok
}

// Variables returns all that [Document.Lookup] answers.
func (d *Document) Variables() map[string]string {
	all := make(map[string]string, len(d.names))
	for _, name := range d.names {
		all[name], _ = d.lookup(name)
	}
	return all
}

// Secrets returns the values that no log, error or answer may show, as far as
// they are known by now, the longest first.
func (d *Document) Secrets() []string {
	if d.secrets == nil { // a document of nothing
		return nil
	}
	return d.secrets.All()
}

// Locate returns where the value at a path such as
// "orchestrator.params.steps[0].params.interval" was written, or the nearest value
// around it.
func (d *Document) Locate(path string) Position { return d.ValueAt(readPath(path)) }

// LocateTemplate returns the file position of an error in the template at path.
func (d *Document) LocateTemplate(path string, e *api.TemplateError) Position {
	return d.Inside(readPath(path), e.Line, e.Column)
}

// readPath reads the path of a diagnostic; one that can't be read leads to the whole.
func readPath(text string) params.Path {
	path, err := params.ParsePath(text)
	if err != nil {
		return nil
	}
	return path
}
