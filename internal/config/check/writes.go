package check

import (
	"cmp"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// noteAfterMove warns of a note in a step of its own: between the two writes the
// process may end, and the next cycle no longer finds the ticket in its queue.
// moved is the step that moves the ticket, nil as long as there is none.
func (k *checker) noteAfterMove(step map[string]any, path params.Path, moved *moveStep) *moveStep {
	raw, _ := step["params"].(map[string]any)
	component := k.componentOf(step)
	if key, spec := component.LabeledParam(params.LabelUpdates); spec != nil {
		if update, _ := raw[key].(map[string]any); update["queue"] != nil {
			id, _ := step["id"].(string)
			return &moveStep{name: cmp.Or(id, path.String()), param: key}
		}
	}
	if _, note := component.LabeledParam(params.LabelAddsNote); note != nil && moved != nil {
		k.warn(k.at(path.Key("use")), path.Key("use"), "note-after-move", "write it below "+moved.param+": notes: of "+moved.name+", which sends both at once",
			"when otai ends between the move and this step, the note is never written")
	}
	return moved
}

// moveStep is a step that moves a ticket, by its id or path, and its param with the
// update.
type moveStep struct{ name, param string }
