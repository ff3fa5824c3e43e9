package api

import "log/slog"

// Host is one component's door to the host. The zero Host works: its logger is
// silent and its environment empty, which is what most tests want.
type Host struct{ o HostOptions }

// HostOptions is what a host or a test gives to a component. A nil function does
// nothing.
type HostOptions struct {
	_ struct{}

	App    AppConfig
	Path   string // place in the configuration: "services.otobo", "orchestrator.params.steps[0]"
	Logger *slog.Logger
	Env    func(name string) (string, bool)
	Redact func(secret string)
}

// NewHost is for hosts and tests.
func NewHost(o HostOptions) Host { return Host{o: o} }

// App returns what the plugin was told when it was created.
func (h Host) App() AppConfig { return h.o.App }

// Path returns the component's place in the configuration.
func (h Host) Path() string { return h.o.Path }

// Logger is never nil. Its records carry the plugin, the use and the path.
func (h Host) Logger() *slog.Logger {
	if h.o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return h.o.Logger
}

// Env looks up an environment variable. It is to be used instead of os.Getenv,
// because the host also answers from a .env file and keeps secrets that were
// read out of its logs.
func (h Host) Env(name string) (string, bool) {
	if h.o.Env == nil {
		return "", false
	}
	return h.o.Env(name)
}

// Redact keeps a secret that was learned at run time, such as a session id, out
// of the host's logs, errors and answers.
func (h Host) Redact(secret string) {
	if h.o.Redact != nil {
		h.o.Redact(secret)
	}
}
