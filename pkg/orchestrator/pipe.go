package orchestrator

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/pkg/params"
)

type pipeDefinition struct {
	id, use string
	injects map[string]string
	params  map[string]any
}

// readPipe reads the one form in which a configuration describes a pipe.
func readPipe(path string, raw any) (pipeDefinition, error) {
	var d pipeDefinition
	m, ok := raw.(map[string]any)
	if !ok {
		return d, configError(path, "is not a pipe: it has the keys id, use, injects and params")
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if err := d.set(key, m[key]); err != nil {
			return d, &ConfigError{Path: below(path, params.Keys(key)), Err: err}
		}
	}
	if d.use == "" {
		return d, configError(path, "has no `use`: it names the pipe, as in base:ExpressionPipe")
	}
	return d, nil
}

func (d *pipeDefinition) set(key string, value any) error {
	if value == nil {
		return nil
	}
	var ok bool
	switch key {
	case "id":
		d.id, ok = value.(string)
	case "use":
		d.use, ok = value.(string)
	case "params":
		d.params, ok = value.(map[string]any)
	case "injects":
		var injects map[string]any
		if injects, ok = value.(map[string]any); !ok {
			break
		}
		d.injects = make(map[string]string, len(injects))
		for _, name := range slices.Sorted(maps.Keys(injects)) {
			if d.injects[name], ok = injects[name].(string); !ok {
				return fmt.Errorf("%s must be the id of a service", name)
			}
		}
		ok = true
	default:
		return errors.New("unknown key: a pipe has the keys id, use, injects and params")
	}
	if !ok {
		return fmt.Errorf("is %T, which is the wrong type", value)
	}
	return nil
}
