package app

import (
	"context"
	"errors"
	"os"

	"github.com/open-ticket-ai/otai/internal/plugindev"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// PluginBuild is what became of a build; its JSON form is stable.
type PluginBuild struct {
	OK      bool     `json:"ok"`
	File    string   `json:"file"` // "" when none was written
	Module  string   `json:"module"`
	Go      string   `json:"go"`      // release
	Pinned  []string `json:"pinned"`  // module@version: the host's, taken instead of the plugin's
	Missing []string `json:"missing"` // module@version, that the module cache lacks
	Stage   string   `json:"stage"`   // of a plugin that was built and is refused
	Code    string   `json:"code"`
	Error   string   `json:"error"`
	Fix     string   `json:"fix"`
}

// BuildPlugin builds the plugin in dir so that it matches this otai, and writes it
// only if this otai would load it. output is a file or a folder; "" is the working
// directory.
func BuildPlugin(ctx context.Context, s Settings, dir, output string) (PluginBuild, error) {
	answer := PluginBuild{Pinned: []string{}, Missing: []string{}}
	host, err := plugindev.ThisHost()
	if err != nil {
		answer.Error = err.Error()
		return answer, ExitWith(CodeRun, err)
	}
	work, err := s.makeTemporary("otai-build-")
	if err != nil {
		return answer.refused(err)
	}
	defer os.RemoveAll(work)
	trustGroup, err := s.trustGroup()
	if err != nil {
		return answer.refused(ExitWith(CodeUsage, err))
	}
	judge := func(dir string) error {
		return ExitWith(CodePlugins, loader.CheckSources(dir, loader.Options{TrustGroup: trustGroup}))
	}
	check := func(file string) error {
		refusals, err := tryPlugins(ctx, s, []string{file})
		if err == nil && refusals[0] != nil {
			err = ExitWith(CodePlugins, &refusedBuild{refusals[0]})
		}
		return err
	}
	built, err := plugindev.Build(ctx, host, plugindev.BuildOptions{Dir: dir, Work: work, Output: output, Environ: s.Environ, Judge: judge, Check: check})
	answer.Module, answer.Go = built.Module, built.Release
	answer.Pinned = append(answer.Pinned, built.Pinned...)
	if err != nil {
		return answer.refused(err)
	}
	answer.OK, answer.File = true, built.File
	return answer, nil
}

// refused says in the answer why there is no plugin.
func (answer PluginBuild) refused(err error) (PluginBuild, error) {
	answer.Error = err.Error()
	if missing := (*plugindev.MissingError)(nil); errors.As(err, &missing) {
		answer.Missing = missing.Modules
	}
	if refusal := (*loader.Error)(nil); errors.As(err, &refusal) {
		answer.Stage, answer.Code, answer.Error, answer.Fix = string(refusal.Stage), string(refusal.Code), refusal.Err.Error(), refusal.Fix
	}
	return answer, ExitWith(CodeRun, err)
}

// refusedBuild is a plugin that could be built and not be loaded.
type refusedBuild struct{ refusal *loader.Error }

func (e *refusedBuild) Error() string {
	return "the plugin was built, but this otai would refuse it, so it was not kept: " + e.refusal.Error()
}
func (e *refusedBuild) Unwrap() error { return e.refusal }
