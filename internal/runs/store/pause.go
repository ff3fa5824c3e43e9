package store

import "errors"

// Pause is a runner of which nothing is begun.
type Pause struct {
	Runner  string // "": all
	Since   int64
	Service string // whose places were all taken; "" of one that a person made
	PerHour int    // of these
}

// Paused reports whether a runner is paused. No pause is about a run that has none: `otai
// revert` puts back while all runners are paused.
func Paused(pauses []Pause, runner string) bool {
	if runner == "" {
		return false
	}
	for _, p := range pauses {
		if p.Runner == "" || p.Runner == runner {
			return true
		}
	}
	return false
}

// Place is one of those that a service has for tickets which are changed within an hour, for
// all hosts together. A ticket takes one, once an hour.
type Place struct {
	Service string
	Ticket  string
	PerHour int
}

// ErrFull means that all places of a service are taken: nothing of the batch was stored.
var ErrFull = errors.New("no further ticket may be changed in this hour")
