package loader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// ModelFinder is optional on a service that works with models. otai validate calls it in
// a child process, on a service that was built but not started.
type ModelFinder interface {
	// FindModels calls missing for each model that can't be used as it is: among those
	// with the given names ("" is the service's own model), and those that the service
	// loads by itself. It loads nothing and uses no network.
	//
	// The argument of missing has the keys model (the name as it was given), message,
	// fix (what to do), and status: "warning" for a model that is downloaded when it is
	// needed, "ok" for one that deserves only a remark, otherwise "failed".
	FindModels(ctx context.Context, names []string, missing func(model map[string]string))
}

// ModelsQuestion asks a service which of some models are missing; see [ModelFinder].
type ModelsQuestion struct {
	Use    string            `json:"use"`    // registry name of the service
	Params map[string]any    `json:"params"` // its params, raw
	Env    map[string]string `json:"env"`    // the variables that its api.Host.Env knows
	Names  []string          `json:"names"`  // of the models; "" is the service's own
}

// FindModels has a child process build services of a plugin and ask those that are a
// [ModelFinder]. p is a plugin that [Inspect] accepted with the same options. The result
// has a list for each question, in the same order, with what the service passed to
// missing; it is empty for a service that can't be built or is not a ModelFinder.
func FindModels(ctx context.Context, o Options, p Plugin, questions []ModelsQuestion) ([][]map[string]string, error) {
	last, err := ask(ctx, o, p, "find models of", probeRequest{Models: true}, o.asked(p, questions))
	if err != nil {
		return nil, err
	}
	if len(last.Models) != len(questions) {
		return nil, fmt.Errorf("find models of %s: the process that asks the plugin answered something else", p.Name)
	}
	return last.Models, nil
}

// asked are questions as the child gets them: without secrets.
func (o *Options) asked(p Plugin, questions []ModelsQuestion) []ModelsQuestion {
	questions = slices.Clone(questions)
	for i := range questions {
		questions[i].Params, _ = o.hideSecrets(p.Offers, questions[i].Use, questions[i].Params)
		questions[i].Use = strings.TrimPrefix(questions[i].Use, p.Prefix+o.Separator)
	}
	return questions
}

// answerModels is the child's part.
func answerModels(input io.Reader, app api.AppConfig, list []api.Injectable) ([][]map[string]string, error) {
	questions, err := readQuestions(input)
	answers := make([][]map[string]string, len(questions))
	for i, q := range questions {
		answers[i] = []map[string]string{}
		err = errors.Join(err, withService(list, app, q, func(service any) {
			if finder, ok := service.(ModelFinder); ok {
				finder.FindModels(context.Background(), q.Names, func(model map[string]string) { answers[i] = append(answers[i], model) })
			}
		}))
	}
	return answers, err
}

func readQuestions(input io.Reader) (questions []ModelsQuestion, err error) {
	reader := json.NewDecoder(input)
	reader.UseNumber()
	return questions, reader.Decode(&questions)
}

// withService builds the service of a question, which isn't started, and calls ask with it.
// One that can't be built is not asked: the start reports it, which builds it, too.
func withService(list []api.Injectable, app api.AppConfig, q ModelsQuestion, ask func(service any)) (err error) {
	at := slices.IndexFunc(list, func(offered api.Injectable) bool { return offered.Name == q.Use })
	if at < 0 {
		return nil
	}
	offered := list[at]
	spec, err := params.Describe(offered.Params)
	if err != nil {
		return err
	}
	needs := func(n *params.Spec) bool { return !n.Optional }
	if offered.Provides == nil || slices.ContainsFunc(spec.Injections(), needs) {
		return nil
	}
	p, err := params.Decode(spec, q.Params, params.Binder{})
	if err != nil {
		return nil // CheckParams reports it
	}
	service, err := offered.BuildService(p, api.NewHost(api.HostOptions{
		App: app, Path: "services", Logger: slog.New(slog.DiscardHandler),
		Env: func(name string) (string, bool) {
			value, ok := q.Env[name]
			return value, ok
		},
	}))
	if err != nil {
		return nil
	}
	if closer, ok := service.(io.Closer); ok {
		defer func() { err = errors.Join(err, closer.Close()) }()
	}
	ask(service)
	return nil
}
