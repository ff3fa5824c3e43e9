package api

import "log/slog"

// ABI is the version of this module. It never changes after its first tag; the
// level of the contract that a host offers is AppConfig.APIVersion.
const ABI = "1.0.0"

// AppConfig is what the host tells every plugin before anything is configured.
type AppConfig struct {
	_ struct{} // Unkeyed literals would break when a field is added; first, since a last empty field costs padding.

	Separator    string // between plugin prefix and name of an injectable: ":"
	PluginPrefix string // what a plugin's package name starts with: "otai-"
	APIVersion   string // the host's level of this contract, semver
	HostVersion  string // the host's own version, semver
	CacheDir     string // may be emptied at any time
	StateDir     string // this plugin's own; kept
	Logger       *slog.Logger
}

// Plugin describes a plugin file. [NewPlugin] makes one. It is an interface so
// that a host can find further methods on it without a new contract.
type Plugin interface {
	Metadata() Metadata
	Injectables() []Injectable
}

// Metadata names a plugin and the contract that it needs.
type Metadata struct {
	_ struct{}

	Name        string // with prefix, as in "otai-otobo-znuny"; must agree with the file name
	Version     string // the plugin's own version, semver
	API         string // semver constraint on AppConfig.APIVersion, as in ">=1.0.0 <2"
	Description string // one sentence
}

type plugin struct {
	metadata    Metadata
	injectables []Injectable
}

func (p plugin) Metadata() Metadata        { return p.metadata }
func (p plugin) Injectables() []Injectable { return p.injectables }

// NewPlugin returns the Plugin that CreatePlugin returns.
func NewPlugin(m Metadata, injectables ...Injectable) Plugin {
	return plugin{metadata: m, injectables: injectables}
}
