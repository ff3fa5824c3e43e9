package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/fromenv"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/supervise"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Settings is what the command line and the environment give to every command.
type Settings struct {
	ConfigFiles []string
	PluginDirs  []string
	StateDir    string
	LogLevel    string // overrides the configuration's; "" leaves it
	LogFormat   string // "auto", "json" or "console"; "" leaves the configuration's

	Worker *supervise.Worker // nil: this process has no supervisor

	// Rereads says that the configuration is read again while otai runs, at a reload and after a
	// death of the worker, so a file that gives it once, such as a pipe, isn't enough.
	Rereads bool

	Version  string // of the host, semver
	APILevel string // level of the contract that the host announces, semver

	Environ []string  // "NAME=value"
	Dir     string    // working directory
	Stdin   io.Reader // what a file named "-" stands for
	Stdout  io.Writer
	Stderr  io.Writer

	// Signals takes the process's signals anew, which a plugin may have taken over; nil: there
	// are none to take.
	Signals func()
}

// Lookup returns a variable of the environment; the last of a name counts.
func (s Settings) Lookup(name string) (value string, set bool) {
	for i := len(s.Environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(s.Environ[i], name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// env returns a variable of the environment; empty counts as not set.
func (s Settings) env(name string) string {
	value, _ := s.Lookup(name)
	return value
}

// StateFolder is where otai's own files are, the socket by which a service answers too.
func (s Settings) StateFolder() (string, error) {
	dir, err := s.stateDir()
	return dir, ExitWith(CodeUsage, err)
}

// stateDir is where private copies of plugins are kept.
func (s Settings) stateDir() (string, error) {
	for _, dir := range []string{s.StateDir, s.env("OTAI_STATE_DIR"), s.env("STATE_DIRECTORY")} {
		if dir != "" {
			return filepath.Abs(dir)
		}
	}
	if os.Geteuid() == 0 {
		return "/var/lib/otai", nil
	}
	if dir := s.env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "otai"), nil
	}
	if home := s.env("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "otai"), nil
	}
	return "", errors.New("there is no folder for otai's state, because HOME is not set: give one with --state-dir or OTAI_STATE_DIR")
}

// StateFlag is what a printed command about the state folder needs behind it, to be about the same
// one: nothing, unless that was named by its flag.
func (s Settings) StateFlag() string {
	if s.StateDir == "" {
		return ""
	}
	dir := s.Abs(s.StateDir)
	if strings.ContainsFunc(dir, func(r rune) bool {
		return !strings.ContainsRune("/._-+:,@%=", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		dir = "'" + strings.ReplaceAll(dir, "'", `'\''`) + "'" // as a shell reads it
	}
	return " --state-dir " + dir
}

// cacheDir is for what can be made again.
func (s Settings) cacheDir(state string) string {
	for _, dir := range []string{s.env("CACHE_DIRECTORY"), s.env("XDG_CACHE_HOME")} {
		if filepath.IsAbs(dir) {
			return filepath.Join(dir, "otai")
		}
	}
	if home := s.env("HOME"); home != "" {
		return filepath.Join(home, ".cache", "otai")
	}
	return filepath.Join(state, "cache")
}

// PluginFolders are the folders that hold plugins: those that were named, else the
// first usual one that exists.
func (s Settings) PluginFolders(configured []string) []string {
	if len(s.PluginDirs) > 0 {
		return s.PluginDirs
	}
	if dirs := s.env("OTAI_PLUGIN_DIR"); dirs != "" {
		return filepath.SplitList(dirs)
	}
	if len(configured) > 0 {
		return configured
	}
	for _, dir := range usualPluginDirs() {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return []string{dir}
		}
	}
	return nil
}

func usualPluginDirs() []string {
	const system = "/usr/lib/otai/plugins"
	executable, err := os.Executable()
	if err != nil {
		return []string{system}
	}
	if resolved, err := filepath.EvalSymlinks(executable); err == nil {
		executable = resolved
	}
	beside := filepath.Dir(executable)
	return []string{
		filepath.Join(beside, "plugins"),
		filepath.Join(beside, "..", "plugins"),
		filepath.Join(beside, "..", "lib", "otai", "plugins"),
		system,
	}
}

// configFlags are the flags that stand for values of the configuration.
func (s Settings) configFlags() []config.Flag {
	var flags []config.Flag
	for _, f := range []config.Flag{
		{Name: "--log-level", Path: "infrastructure.logging.level", Value: s.LogLevel},
		{Name: "--log-format", Path: "infrastructure.logging.format", Value: s.LogFormat},
	} {
		if f.Value != "" {
			flags = append(flags, f)
		}
	}
	return flags
}

var defaultConfigFiles = []string{"config.yml", "otai.yml"}

// dotEnvName is the file with variables beside a configuration.
const dotEnvName = ".env"

// hasOtherSettings reports whether the working directory or the environment holds
// settings of Open Ticket AI 2.0, which has no configuration file.
func (s Settings) hasOtherSettings() bool {
	o := config.Options{Env: s.Environ}
	if file, err := files.Regular(s.Abs(dotEnvName), config.MaxBytes); err == nil {
		o.DotEnv = []config.Source{{Name: dotEnvName, Data: file.Data}}
	}
	return fromenv.HasSettings(o)
}

// configNames are the configuration files that were named, else the default one, and what reads
// one.
func (s Settings) configNames() (names []string, read func(context.Context, string) (config.Source, error), err error) {
	names, read = s.ConfigFiles, s.readConfig
	if len(names) == 0 {
		if name := s.env("OTAI_CONFIG"); name != "" {
			names = []string{name}
		}
	}
	if len(names) == 0 {
		for _, name := range defaultConfigFiles {
			// One that can't be looked at is there; reading it says why.
			if _, err := os.Stat(filepath.Join(s.Dir, name)); !errors.Is(err, fs.ErrNotExist) {
				names, read = []string{name}, s.readUsual
				break
			}
		}
	}
	if len(names) == 0 {
		instead := ""
		if hint := s.readHint(defaultConfigFiles[0], os.ErrNotExist); hint != "" {
			instead = " (" + hint + ")"
		}
		missing := fmt.Sprintf("there is no configuration file: %s has no %s%s", s.Dir, strings.Join(defaultConfigFiles, " and no "), instead)
		if s.hasOtherSettings() {
			return nil, nil, fmt.Errorf("%s, but there are settings of Open Ticket AI 2.0: otai config from-env -o %s writes the configuration for them", missing, defaultConfigFiles[0])
		}
		return nil, nil, fmt.Errorf("%s; name one with -c FILE or OTAI_CONFIG, or see otai at work with: otai demo", missing)
	}
	return names, read, nil
}

// configSources reads the configuration files, and the .env beside the first.
func (s Settings) configSources(ctx context.Context) (sources, dotEnv []config.Source, err error) {
	names, read, err := s.configNames()
	if err != nil {
		return nil, nil, err
	}
	var unread []error
	for _, name := range names {
		source, err := read(ctx, name)
		if err == nil && ctx.Err() != nil {
			_, err = s.configSource(name, nil, &files.StoppedError{Err: ctx.Err()})
		}
		if err != nil {
			unread = append(unread, err)
		}
		if ctx.Err() != nil {
			break
		}
		sources = append(sources, source)
	}
	if err := errors.Join(unread...); err != nil {
		return nil, nil, err
	}
	if dotEnv, err = s.dotEnv(names[0]); err != nil {
		return nil, nil, err
	}
	return sources, dotEnv, nil
}

// dotEnv reads the .env beside a configuration, if there is one.
func (s Settings) dotEnv(beside string) ([]config.Source, error) {
	name := filepath.Join(filepath.Dir(beside), dotEnvName)
	file, err := files.Regular(s.Abs(name), config.MaxBytes)
	switch {
	case err == nil:
		return []config.Source{{Name: name, Data: file.Data}}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading the environment file %s: %w", name, err)
	}
	return nil, nil
}

// MaxInput is how much of standard input a configuration can have, and one byte more, by
// which one that is longer is recognized.
const MaxInput = config.MaxBytes + 1

// ReadsStdin reports whether the configuration is read from standard input.
func (s Settings) ReadsStdin() bool {
	if len(s.ConfigFiles) > 0 {
		return slices.Contains(s.ConfigFiles, "-")
	}
	return s.env("OTAI_CONFIG") == "-"
}

// UnreadableError is about a configuration file that can't be read.
type UnreadableError struct {
	Name string
	Err  error
	Hint string
}

func (e *UnreadableError) Error() string {
	text := fmt.Sprintf("reading the configuration %s: %v", e.Name, e.Err)
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

func (e *UnreadableError) Unwrap() error { return e.Err }

// readConfig reads a file that was named, or standard input where name is "-".
func (s Settings) readConfig(ctx context.Context, name string) (config.Source, error) {
	if name == "-" && s.Stdin != nil {
		data, err := files.Stream(ctx, func() (io.ReadCloser, error) { return io.NopCloser(s.Stdin), nil }, config.MaxBytes)
		return s.configSource("stdin", data, err)
	}
	if s.Rereads {
		return s.readUsual(ctx, name)
	}
	data, err := files.Named(ctx, s.Abs(name), config.MaxBytes)
	return s.configSource(name, data, err)
}

// readUsual reads a file that nobody named, or that is read more than once.
func (s Settings) readUsual(_ context.Context, name string) (config.Source, error) {
	file, err := files.Regular(s.Abs(name), config.MaxBytes)
	return s.configSource(name, file.Data, err)
}

func (s Settings) configSource(name string, data []byte, err error) (config.Source, error) {
	switch {
	case err == nil, errors.As(err, new(*files.TooLongError)): // of which the reader reports the position
		return config.Source{Name: name, Data: data}, nil
	case errors.As(err, new(*files.StoppedError)):
		return config.Source{}, ExitWith(CodeRun, &UnreadableError{Name: name, Err: err})
	}
	return config.Source{}, ExitWith(CodeUsage, &UnreadableError{name, err, s.readHint(name, err)})
}

// NotRead is the error about another file than a configuration.
func NotRead(what, name string, err error) error {
	code := CodeUsage
	if errors.As(err, new(*files.StoppedError)) {
		code = CodeRun
	}
	return ExitWith(code, fmt.Errorf("reading %s: %s: %w", what, name, err))
}

// readHint says what could be meant instead.
func (s Settings) readHint(name string, cause error) string {
	path := s.Abs(name)
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(cause):
		path = filepath.Dir(path)
	case err == nil && info.IsDir():
	case os.IsPermission(cause):
		return "let the user that runs otai read it"
	case err == nil && !info.Mode().IsRegular() && s.Rereads:
		return "otai reads it again at a reload, so give it a file, or - and the configuration on standard input"
	default:
		return ""
	}
	var there []string
	entries, _ := os.ReadDir(path)
	for _, entry := range entries {
		if ending := filepath.Ext(entry.Name()); !entry.IsDir() && (ending == ".yml" || ending == ".yaml") {
			there = append(there, entry.Name())
		}
	}
	if near := params.Near(filepath.Base(name), there); near != "" {
		return "did you mean " + filepath.Join(filepath.Dir(name), near) + "?"
	}
	if err == nil && len(there) > 0 { // a folder
		return "name a file in it, such as " + filepath.Join(name, there[0])
	}
	return ""
}

// Abs returns a path from the working directory.
func (s Settings) Abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Dir, name)
}
