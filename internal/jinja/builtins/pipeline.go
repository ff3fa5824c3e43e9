package builtins

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// PipelineFunctions are the functions that read results, params and the environment.
func PipelineFunctions(env func(string) (string, bool)) []*runtime.Function {
	return []*runtime.Function{
		{Signature: runtime.Signature{Name: "get_pipe_result", Params: []string{"pipe_id", "data_key"}, Required: 1}, Apply: getPipeResult},
		{Signature: runtime.Signature{Name: "has_failed", Params: []string{"pipe_id"}, Required: 1}, Apply: hasFailed},
		{Signature: runtime.Signature{Name: "get_parent_param", Params: []string{"param_key"}, Required: 1}, Apply: getParentParam},
		{Signature: runtime.Signature{Name: "get_env", Params: []string{"name"}, Required: 1}, Apply: func(_ *runtime.State, a value.Args) (any, error) {
			return getEnv(env, a)
		}},
		{Signature: runtime.Signature{Name: "at_path", Params: []string{"value", "path"}, Required: 2}, Apply: atPath},
		{Signature: runtime.Signature{Name: "fail", Params: []string{"message"}}, Apply: fail},
	}
}

func getPipeResult(r *runtime.State, a value.Args) (any, error) {
	result, err := result(r, a)
	if err != nil {
		return nil, err
	}
	id, _ := value.AsText(a.Values[0])
	key, err := a.Text(1, "value")
	if err != nil {
		return nil, err
	}
	v, ok := result.Data[key]
	var shown any = position.Quote{Text: key}
	if !a.Has(1) {
		shown = strconv.Quote(key)
	}
	if !ok {
		return nil, position.Errorf("the result of the pipe %s has no %s%s", position.Quote{Text: id}, shown, listed(result.Data, key, "it has no data"))
	}
	if v == nil {
		return nil, position.Errorf("%s in the result of the pipe %s is none", shown, position.Quote{Text: id})
	}
	if !r.Mutable {
		return v, nil
	}
	all, err := r.ReadScope("pipe_results", runtime.Results(r.Scope.Results()))
	if err != nil {
		return nil, err
	}
	for _, step := range [...]string{id, "data", key} {
		if v, _, err = value.Member(all, step); err != nil {
			return nil, err
		}
		all = v
	}
	return v, nil
}

// result is that of the pipe that the first argument names.
func result(r *runtime.State, a value.Args) (api.PipeResult, error) {
	id, err := a.Text(0, "")
	if err != nil {
		return api.PipeResult{}, err
	}
	result, ok := r.Scope.Result(id)
	if !ok {
		return result, position.Errorf("the pipe %s has no result%s", position.Quote{Text: id}, listed(r.Scope.Results(), id, "nothing ran before"))
	}
	return result, nil
}

// listed is the end of a message that lists the names there are: ids of pipes and names of params,
// none of which a template makes.
func listed[V any](names map[string]V, wanted, none string) position.Message {
	if len(names) == 0 {
		return position.Message{Format: ": " + none}
	}
	quoted := make([]string, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if len(quoted) == 20 {
			quoted = append(quoted, "…")
			break
		}
		quoted = append(quoted, strconv.Quote(name))
	}
	return position.Message{Format: " (there is %s)%s", Args: []any{
		strings.Join(quoted, ", "), position.Near{To: wanted, Text: value.DidYouMean(wanted, names)},
	}}
}

func hasFailed(r *runtime.State, a value.Args) (any, error) {
	result, err := result(r, a)
	return result.Failed(), err
}

func getParentParam(r *runtime.State, a value.Args) (any, error) {
	key, err := a.Text(0, "")
	if err != nil {
		return nil, err
	}
	params := r.Scope.ParentParams()
	v, ok := params[key]
	if !ok {
		return nil, position.Errorf("there is no parent param %s%s", position.Quote{Text: key}, listed(params, key, "the pipe around this one has no params"))
	}
	if !r.Mutable {
		return v, nil
	}
	all, err := r.ReadScope("parent_params", params)
	if err != nil {
		return nil, err
	}
	v, _, err = value.Member(all, key)
	return v, err
}

func getEnv(env func(string) (string, bool), a value.Args) (any, error) {
	name, err := a.Text(0, "")
	if err != nil {
		return nil, err
	}
	if env != nil {
		if v, ok := env(name); ok {
			return v, nil
		}
	}
	return nil, position.Errorf("the environment variable %s is not set: set it or remove get_env", position.Quote{Text: name})
}

// atPath is the element at a path such as 'priority.name' or 'tags.0'.
func atPath(_ *runtime.State, a value.Args) (any, error) {
	path, err := a.Text(1, "")
	if err != nil {
		return nil, err
	}
	if !strings.Contains(path, ".") {
		return nil, position.Errorf("the path %s has no dot: write value[%s] instead", position.Quote{Text: path}, position.Quote{Text: path})
	}
	v := a.Values[0]
	for step := range strings.SplitSeq(path, ".") {
		next, ok, err := value.Element(v, step)
		if i, number := value.PathIndex(step); !ok && err == nil && number {
			next, ok, err = value.Element(v, i)
		}
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, position.Errorf("there is nothing at the path %s: %s has no %s", position.Quote{Text: path}, value.WithArticle(value.TypeName(v)), position.Quote{Text: step})
		}
		v = next
	}
	return v, nil
}

func fail(r *runtime.State, a value.Args) (any, error) {
	message, err := value.Text(r.Budget, a.At(0, ""))
	if err != nil {
		return nil, errors.New("the message of fail() can't be shown as text")
	}
	return &value.FailMark{Message: message}, nil
}
