package runs

import (
	"github.com/open-ticket-ai/otai/internal/runs/codec"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// clean reports whether no secret is in a plain value.
func (e *Engine) clean(v any) bool {
	switch v := v.(type) {
	case string:
		return v == "" || e.o.Redact(v) == v
	case map[string]any:
		for key, inner := range v {
			if !e.clean(key) || !e.clean(inner) {
				return false
			}
		}
	case []any:
		for _, inner := range v {
			if !e.clean(inner) {
				return false
			}
		}
	case nil, bool, int, int64, float64:
	default: // a mapping that keeps its order
		body, err := codec.Encode(v)
		return err == nil && e.o.Redact(string(body)) == string(body)
	}
	return true
}

// sayKeptOut says once a step that its result isn't stored.
func (e *Engine) sayKeptOut(s orchestrator.Step, why error) {
	if !e.once("kept out " + s.Path) {
		return
	}
	e.logger.Info("the result of this step isn't stored: after an interruption it is evaluated again", "step", s.Name, "path", s.Path, "err", why.Error())
}
