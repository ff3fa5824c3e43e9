package plugins

import (
	"context"
	"errors"
	"os"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/plugindev"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// BuildResult is what became of a build; its JSON form is stable.
type BuildResult struct {
	OK     bool     `json:"ok"`
	File   string   `json:"file"` // "" when none was written
	Module string   `json:"module"`
	Go     string   `json:"go"`     // release
	Pinned []string `json:"pinned"` // module@version: those of taken

	Taken    []Taken   `json:"taken"`    // versions of the host and of the plugins beside it, instead of the plugin's
	Together *Judgment `json:"together"` // with the plugins beside it; nil: not asked for, or none was built
	Beside   []string  `json:"beside"`   // the files of these
	// Displaced are those beside it that would be refused because of it.
	Displaced []string `json:"displaced"`
	Changes   []string `json:"changes"` // of its process, when it is opened: they are put back

	Missing []string `json:"missing"` // module@version, that the module cache lacks
	Stage   string   `json:"stage"`   // of a plugin that was built and is rejected
	Code    string   `json:"code"`
	Error   string   `json:"error"`
	Fix     string   `json:"fix"`
}

// Taken is a version that was taken instead of the one that a plugin asks for.
type Taken = plugindev.Taken

// Build builds the plugin in dir so that it matches this otai, and writes it
// only if this otai would load it alone. output is a file or a folder; "" is the working
// directory. What the plugins beside it link is taken at their versions.
func Build(ctx context.Context, s app.Settings, dir, output string, beside Beside) (BuildResult, error) {
	answer := BuildResult{Pinned: []string{}, Taken: []Taken{}, Beside: []string{}, Displaced: []string{}, Changes: []string{}, Missing: []string{}}
	if err := loader.CheckHost(); err != nil {
		return answer.rejected(app.ExitWith(app.CodePlugins, err))
	}
	host, err := plugindev.ThisHost()
	if err != nil {
		answer.Error = err.Error()
		return answer, app.ExitWith(app.CodeRun, err)
	}
	neighbors, err := beside.neighbors(ctx, s)
	if err != nil {
		return answer.rejected(err)
	}
	work, err := s.MakeTemporary("otai-build-")
	if err != nil {
		return answer.rejected(err)
	}
	defer os.RemoveAll(work)
	trustGroup, err := s.TrustGroup()
	if err != nil {
		return answer.rejected(app.ExitWith(app.CodeUsage, err))
	}
	judge := func(dir string) error {
		return app.ExitWith(app.CodePlugins, loader.CheckSources(dir, loader.Options{TrustGroup: trustGroup}))
	}
	check := func(file string) error {
		alone, changes, err := judgeAlone(ctx, s, file, false)
		answer.Changes = append(answer.Changes, changes...)
		if err == nil && alone != nil {
			err = app.ExitWith(app.CodePlugins, &rejectedBuildError{alone})
		}
		if err != nil || beside.Alone {
			return err
		}
		found, err := beside.together(ctx, s, []string{file}, false)
		if err != nil {
			return err
		}
		together := judgmentOf(found.rejections[0])
		answer.Together, answer.Beside = &together, append(answer.Beside, found.stand...)
		answer.Displaced = append(answer.Displaced, found.displaced[0]...)
		return nil
	}
	built, err := plugindev.Build(ctx, host, plugindev.BuildOptions{
		Dir: dir, Work: work, Output: output, Environ: s.Environ, Beside: neighbors, Judge: judge, Check: check,
	})
	answer.Module, answer.Go = built.Module, built.Release
	for _, t := range built.Taken {
		answer.Taken, answer.Pinned = append(answer.Taken, t), append(answer.Pinned, t.Module+"@"+t.Version)
	}
	if err != nil {
		return answer.rejected(err)
	}
	answer.OK, answer.File = true, built.File
	return answer, nil
}

// rejected says in the answer why there is no plugin.
func (answer BuildResult) rejected(err error) (BuildResult, error) {
	answer.Error = err.Error()
	if missing := (*plugindev.MissingError)(nil); errors.As(err, &missing) {
		answer.Missing = missing.Modules
	}
	if rejection := (*loader.Error)(nil); errors.As(err, &rejection) {
		answer.Stage, answer.Code, answer.Error, answer.Fix = string(rejection.Stage), string(rejection.Code), rejection.Err.Error(), rejection.Fix
	}
	return answer, app.ExitWith(app.CodeRun, err)
}

// rejectedBuildError is a plugin that could be built and not be loaded.
type rejectedBuildError struct{ rejection *loader.Error }

func (e *rejectedBuildError) Error() string {
	return "the plugin was built, but this otai would refuse it, so it was not kept: " + e.rejection.Error()
}
func (e *rejectedBuildError) Unwrap() error { return e.rejection }
