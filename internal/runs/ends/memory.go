package ends

import (
	"encoding/json"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Memory is what an attempt leaves to the next one of its run, in whatever process.
type Memory struct {
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

// StepMemory keeps, as its params, what an attempt leaves to the next one: that takes
// longer than a process may live.
const StepMemory = "~memory"

// Encode makes text of it, none of an empty one.
func (m Memory) Encode() string {
	if m == (Memory{}) {
		return ""
	}
	text, _ := json.Marshal(m) // texts and numbers alone
	return string(text)
}

// DecodeMemory is the way back.
func DecodeMemory(s store.Step) (m Memory) {
	if json.Unmarshal([]byte(s.Params), &m) != nil {
		return Memory{}
	}
	return m
}
