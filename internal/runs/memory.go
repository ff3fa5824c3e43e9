package runs

import (
	"encoding/json"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// memory is what an attempt leaves to the next one of its run, in whatever process.
type memory struct {
	Step  string `json:"step,omitempty"` // that met a failure of the system
	Path  string `json:"path,omitempty"`
	Count int    `json:"count,omitempty"` // times in a row
	Since int64  `json:"since,omitempty"` // the first of them
	Busy  int    `json:"busy,omitempty"`  // times in a row that another run worked at the ticket
	Own   bool   `json:"own,omitempty"`   // those failures are the ticket's, as soon as nothing can be at work
	// At a ticket that can't be read: for how long it was looked at, and when last.
	Looked int64 `json:"looked,omitempty"`
	Look   int64 `json:"look,omitempty"`
}

// stepMemory keeps, as its params, what an attempt leaves to the next one: that takes
// longer than a process may live.
const stepMemory = "~memory"

func (m memory) encode() string {
	if m == (memory{}) {
		return ""
	}
	text, _ := json.Marshal(m) // texts and numbers alone
	return string(text)
}

// decodeMemory is the way back.
func decodeMemory(s store.Step) (m memory) {
	if json.Unmarshal([]byte(s.Params), &m) != nil {
		return memory{}
	}
	return m
}
