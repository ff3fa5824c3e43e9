package loader

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// ParamsCheck asks a plugin's own code whether params are right.
type ParamsCheck struct {
	Use    string         `json:"use"`    // registry name of the service or pipe
	Params map[string]any `json:"params"` // raw, as in the configuration
}

// CheckParams has a child process decode params for the services and pipes of a plugin,
// to find what only the plugin's code knows: the Validate of its structs. p is a plugin
// that [Inspect] accepted with the same options. The result has a list for each check, in
// the same order; its diagnostics have neither a Spec nor an Err, because they come from
// another process. An error means that the plugin could not be asked.
func CheckParams(ctx context.Context, o Options, p Plugin, checks []ParamsCheck) ([][]params.Diagnostic, error) {
	questions := slices.Clone(checks)
	hidden := make([][]params.Path, len(checks))
	for i := range questions {
		questions[i].Params, hidden[i] = o.hideSecrets(p.Offers, questions[i].Use, questions[i].Params)
		questions[i].Use = strings.TrimPrefix(questions[i].Use, p.Prefix+o.Separator)
	}
	last, err := ask(ctx, o, p, "check params of", probeRequest{Checks: true}, questions)
	if err != nil {
		return nil, err
	}
	if len(last.Checked) != len(checks) {
		return nil, fmt.Errorf("check params of %s: the process that asks the plugin answered something else", p.Name)
	}
	for i := range last.Checked {
		last.Checked[i] = withoutHidden(last.Checked[i], hidden[i])
	}
	return last.Checked, nil
}

// ask lets a child process put questions to a plugin's own code. what says in errors
// what is being done.
func ask(ctx context.Context, o Options, p Plugin, what string, request probeRequest, questions any) (*probeMessage, error) {
	if p.private == "" {
		return nil, fmt.Errorf("%s %s: it was not accepted", what, p.Name)
	}
	input, err := json.Marshal(questions)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, p.Name, err)
	}
	timeout := o.probeTimeout()
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request.File, request.App = p.private, p.app
	request.Plugin = Plugin{Name: p.Name, Package: p.Package, Prefix: p.Prefix, Path: p.Path}
	child, err := runProbe(limited, timeout, o.probeEnviron(p.Name), request, bytes.NewReader(input))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, p.Name, err)
	}
	if child.ended && child.last.Rejection == nil && child.kept.Ended {
		return &child.last, nil
	}
	_, failure := child.outcome(&p, limited.Err(), timeout)
	return nil, fmt.Errorf("%s %s: %w", what, p.Name, failure)
}

// answerChecks is the child's part.
func answerChecks(input io.Reader, list []api.Injectable) ([][]params.Diagnostic, error) {
	var checks []ParamsCheck
	reader := json.NewDecoder(input)
	reader.UseNumber() // an int64 stays exact
	if err := reader.Decode(&checks); err != nil {
		return nil, err
	}
	answers := make([][]params.Diagnostic, len(checks))
	for i, check := range checks {
		answers[i] = []params.Diagnostic{}
		at := slices.IndexFunc(list, func(offered api.Injectable) bool { return offered.Name == check.Use })
		if at < 0 {
			continue
		}
		spec, err := params.Describe(list[at].Params)
		if err != nil {
			return nil, err
		}
		_, err = params.Decode(spec, check.Params, params.Binder{Offline: true})
		answers[i] = append(answers[i], params.Diagnostics(err)...)
	}
	return answers, nil
}
