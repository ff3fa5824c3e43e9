package store

// Pause is a runner of which nothing is begun.
type Pause struct {
	Runner string // "": all
	Since  int64
}

// Paused reports whether a runner is paused.
func Paused(pauses []Pause, runner string) bool {
	for _, p := range pauses {
		if p.Runner == "" || p.Runner == runner {
			return true
		}
	}
	return false
}
