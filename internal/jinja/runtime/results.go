package runtime

import (
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Results is pipe_results: the results of the steps before, by id.
type Results map[string]api.PipeResult

func (m Results) Len() int { return len(m) }

func (m Results) Keys() []string { return slices.Sorted(maps.Keys(m)) }

func (m Results) Get(id string) (any, bool) {
	result, ok := m[id]
	if !ok {
		return nil, false
	}
	return resultDict(result), true
}

// resultDict is a result as templates see it, with the names of Open Ticket AI.
func resultDict(result api.PipeResult) *value.Dict {
	data := result.Data
	if data == nil {
		data = map[string]any{}
	}
	d := value.NewDict(4)
	d.Set("succeeded", result.Succeeded())
	d.Set("was_skipped", result.Skipped())
	d.Set("message", result.Message)
	d.Set("data", data)
	return d
}

// Export is the results as a value that may leave a template.
func (m Results) Export() any {
	out := &value.Dict{}
	for _, id := range m.Keys() {
		out.Set(id, resultDict(m[id]))
	}
	return out
}
