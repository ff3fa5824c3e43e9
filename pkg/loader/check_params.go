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

// ParamsCheck is a question to a plugin's own code: are these params right?
type ParamsCheck struct {
	Use    string         `json:"use"` // name in the registry
	Params map[string]any `json:"params"`
}

// ParamsFault is one answer. Field is the place in the params, "" for the whole.
type ParamsFault struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// CheckParams lets a child process decode params of a plugin's injectables, for
// what only the plugin's code knows: the Validate of its structs. p is one that
// [Inspect] accepted with the same options. The answer has a list for each check.
// Params go by a pipe, because they hold secrets.
func CheckParams(ctx context.Context, o Options, p Plugin, checks []ParamsCheck) ([][]ParamsFault, error) {
	if p.private == "" {
		return nil, fmt.Errorf("check params of %s: it was not accepted", p.Name)
	}
	questions := slices.Clone(checks)
	for i := range questions {
		questions[i].Use = strings.TrimPrefix(questions[i].Use, p.Prefix+o.Separator)
	}
	input, err := json.Marshal(questions)
	if err != nil {
		return nil, fmt.Errorf("check params of %s: %w", p.Name, err)
	}
	timeout := o.probeTimeout()
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	child, err := runProbe(limited, probeRequest{
		File: p.private, App: p.app, Checks: true,
		Plugin: Plugin{Name: p.Name, Package: p.Package, Prefix: p.Prefix, Path: p.Path},
	}, bytes.NewReader(input))
	if err != nil {
		return nil, fmt.Errorf("check params of %s: %w", p.Name, err)
	}
	if child.ended && len(child.last.Checked) == len(checks) {
		return child.last.Checked, nil
	}
	if _, failure := child.verdict(&p, limited.Err(), timeout); failure != nil {
		return nil, fmt.Errorf("check params of %s: %w", p.Name, failure)
	}
	return nil, fmt.Errorf("check params of %s: the process that asks the plugin answered something else", p.Name)
}

// answerChecks is the child's part.
func answerChecks(input io.Reader, list []api.Injectable) ([][]ParamsFault, error) {
	var checks []ParamsCheck
	reader := json.NewDecoder(input)
	reader.UseNumber() // an int64 stays exact
	if err := reader.Decode(&checks); err != nil {
		return nil, err
	}
	answers := make([][]ParamsFault, len(checks))
	for i, check := range checks {
		answers[i] = []ParamsFault{}
		at := slices.IndexFunc(list, func(offered api.Injectable) bool { return offered.Name == check.Use })
		if at < 0 {
			continue
		}
		spec, err := params.Describe(list[at].Params)
		if err != nil {
			return nil, err
		}
		_, err = params.Decode(spec, check.Params, params.Binder{Offline: true})
		for _, fault := range params.Faults(err) {
			answers[i] = append(answers[i], ParamsFault{Field: fault.Field, Message: fault.Err.Error()})
		}
	}
	return answers, nil
}
