package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/fromenv"
	"github.com/open-ticket-ai/otai/internal/files"
)

// ConfigFromEnv is a configuration made from settings of Open Ticket AI 2.0; its
// JSON form is stable.
type ConfigFromEnv struct {
	Text        string             `json:"text"` // "" with an error among the problems
	Variables   []fromenv.Variable `json:"variables"`
	Diagnostics config.Diagnostics `json:"problems"`
	File        string             `json:"file,omitempty"` // that was written

	envFile string // as it was named, "" where there is none
}

// FromEnv makes the configuration for the settings of Open Ticket AI 2.0 in envFile
// and in the environment, which wins. envFile "" is .env of the working directory,
// if there is one. Settings that no configuration can be made for are an error with
// exit code 2.
func FromEnv(ctx context.Context, s Settings, envFile string) (ConfigFromEnv, error) {
	options := config.Options{Env: s.Environ}
	c, read := ConfigFromEnv{envFile: envFile}, s.readConfig
	if envFile == "" {
		c.envFile, read = dotEnvName, s.readUsual
	}
	source, err := read(ctx, c.envFile)
	var unread *UnreadableError
	if err == nil && len(source.Data) > config.MaxBytes {
		err = ExitWith(CodeUsage, &UnreadableError{Name: c.envFile, Err: &files.TooLongError{Limit: config.MaxBytes}})
	}
	switch {
	case err == nil:
		options.DotEnv = []config.Source{source}
	case envFile == "" && errors.Is(err, fs.ErrNotExist):
		c.envFile = ""
	case errors.As(err, &unread):
		return c, ExitWith(codeOf(err), fmt.Errorf("reading the settings in %s: %w", unread.Name, unread.Err))
	default:
		return c, err
	}
	text, variables, problems := fromenv.Write(options)
	c.Text, c.Variables, c.Diagnostics = string(text), variables, problems
	if c.Variables == nil {
		c.Variables = []fromenv.Variable{}
	}
	if c.Diagnostics == nil {
		c.Diagnostics = config.Diagnostics{}
	}
	if c.Diagnostics.HasErrors() {
		return c, &ExitError{Code: CodeUsage, Err: &DiagnosticsError{Diagnostics: c.Diagnostics}}
	}
	return c, nil
}

// Write puts the configuration into a file, whole or not at all. One that is there
// stays unless replace is true; then it keeps its owner and mode.
func (c *ConfigFromEnv) Write(s Settings, name string, replace bool) error {
	var err error
	if replace {
		var from []string
		if c.envFile != "" {
			from = append(from, s.Abs(c.envFile))
		}
		err = files.Replace(s.Abs(name), []byte(c.Text), 0o644, from...)
	} else {
		err = files.WriteNew(s.Abs(name), []byte(c.Text), 0o644)
	}
	var place *files.PlaceError
	switch {
	case errors.Is(err, fs.ErrExist):
		return ExitWith(CodeUsage, fmt.Errorf("%s is there already and stays as it is: name another file with -o, or replace it with --force", name))
	case errors.As(err, &place):
		return ExitWith(CodeUsage, fmt.Errorf("%s stays as it is: %s; name another file with -o, or print the configuration with -o -", name, place.Why))
	case err != nil:
		return ExitWith(CodeRun, fmt.Errorf("writing the configuration: %w", err))
	}
	c.File = name
	return nil
}

// Advice says what still is to be done for a configuration in this file, "" where
// everything is at its place: otai reads the file .env beside it, and no other.
func (c ConfigFromEnv) Advice(s Settings, name string) string {
	beside := filepath.Join(filepath.Dir(s.Abs(name)), dotEnvName)
	fromFile := func(v fromenv.Variable) bool { return v.Secret && v.From != fromenv.FromProcess }
	if c.envFile == "" || s.Abs(c.envFile) == beside || !slices.ContainsFunc(c.Variables, fromFile) {
		return ""
	}
	return fmt.Sprintf("otai reads the secrets from the environment, or from %s, not from %s: copy it there", beside, c.envFile)
}
