package revert

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/decisions"
)

// Plan is what is put back at one ticket.
type Plan struct {
	Fields  map[string]Field  // by the names that records give them
	Kept    map[string]string // fields that can't be put back, each with the reason, for people
	Runners []string          // those whose writes are put back, sorted
}

// Field is how a field is put back.
type Field struct {
	Was  decisions.Value // what it must have still
	Back decisions.Value // what it gets
}

// operation is that of the writes that change fields of a ticket.
const operation = "update"

// Why a field can't be put back, for people.
const (
	unknownBefore = "what it had before isn't known"
	textBefore    = "texts that it had before aren't kept"
	noneBefore    = "it had none before, and can't be made empty"
)

// chain is what consecutive writes made of a field.
type chain struct {
	first   decisions.Value
	known   bool // first is known
	last    decisions.Value
	runners map[string]bool
}

// Of makes the plan for one ticket. records are those of it that are put back, oldest first.
func Of(records []decisions.Record) Plan {
	chains := make(map[string]chain)
	for _, r := range records {
		identify(chains, r.Read)
		for _, w := range r.Writes {
			if w.Outcome != decisions.Done || w.Operation != operation {
				continue
			}
			for name, now := range w.New {
				old, known := w.Old[name]
				c, begun := chains[name]
				if !begun || known && !Same(c.last, old) {
					c = chain{first: old, known: known, runners: make(map[string]bool)}
				}
				c.last = now
				if r.Runner != "" {
					c.runners[r.Runner] = true
				}
				chains[name] = c
			}
		}
	}
	p := Plan{Fields: make(map[string]Field), Kept: make(map[string]string)}
	runners := make(map[string]bool)
	for name, c := range chains {
		switch why := c.impossible(name); {
		case c.known && Same(c.first, c.last): // it is back already
		case why != "":
			p.Kept[name] = why
		default:
			p.Fields[name] = Field{Was: c.last, Back: c.first}
			maps.Copy(runners, c.runners)
		}
	}
	p.Runners = slices.Sorted(maps.Keys(runners))
	return p
}

// identify takes the ids of what was written by name from a later reading of the ticket: by
// them it is known again if it is renamed.
func identify(chains map[string]chain, read decisions.Read) {
	for name, is := range map[string]*decisions.Value{decisions.Queue: read.Queue, decisions.Priority: read.Priority, decisions.State: read.State} {
		if c, written := chains[name]; written && is != nil && c.last.ID == "" && is.Name == c.last.Name {
			c.last.ID = is.ID
			chains[name] = c
		}
	}
}

func (c chain) impossible(name string) string {
	further := strings.HasPrefix(name, decisions.Further(""))
	switch {
	case !c.known:
		return unknownBefore
	case c.first.Hash != "" && c.first.Name == "":
		return textBefore
	case c.first == (decisions.Value{}) && !further:
		return noneBefore
	}
	return ""
}

// Same reports whether two values of a field are the same, as far as both say it: by id, else
// by name, else by the hash of a text.
func Same(a, b decisions.Value) bool {
	switch {
	case a.ID != "" && b.ID != "":
		return a.ID == b.ID
	case a.Hash != "" && b.Hash != "":
		return a.Hash == b.Hash
	}
	return a.Name == b.Name && (a.Name != "" || a == b)
}
