package kept

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Once is the one execution of a pipe with the label effect: once, for the people who have to
// find out whether it was carried out.
type Once struct {
	Step   string `json:"step"`             // what people call it
	Use    string `json:"use,omitempty"`    // of the pipe
	Plugin string `json:"plugin,omitempty"` // whose pipe it is
	File   string `json:"file,omitempty"`   // of the plugin
	At     string `json:"at,omitempty"`     // file, line and column in the configuration
	Path   string `json:"path,omitempty"`   // the same as a path
}

// EncodeOnce is kept as the intent of the execution.
func EncodeOnce(o Once) []byte {
	body, _ := json.Marshal(o) // texts always can
	return body
}

// DecodeOnce is what an effect stands for. Of one that an earlier release began, and of a new
// ticket, only the step is known.
func DecodeOnce(e store.Effect) Once {
	var o Once
	if e.Operation == store.OpOnce {
		_ = json.Unmarshal(e.Intent, &o) // else there is none
		o.Path = e.Service
	}
	o.Step = cmp.Or(o.Step, e.Step[strings.LastIndex(e.Step, "/")+1:])
	return o
}
