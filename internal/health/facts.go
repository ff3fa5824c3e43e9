package health

import "time"

// Facts are what a worker knows of itself at one moment. Times that are zero mean never.
type Facts struct {
	Now      time.Time
	Plugins  []Plugin
	Services []Service
	Runners  []Runner
	Store    Store
	Tickets  Tickets
	Overdue  time.Duration // of the run that is due longest and that nobody has taken
}

// Plugin is one that was found.
type Plugin struct {
	Name, Version, File string
	Loaded              bool
	Why                 string // it isn't
}

// Service is a service, or a pipe that has something to start.
type Service struct {
	Name, Use, Plugin string
	Since             time.Time // it has started, else: it was tried to start it for the first time
	Started           bool
	Took              time.Duration // its start
	Failed            int           // how often its start has failed
	Err               string        // why the last one did
	Next              time.Time     // when it is tried again
	GivenUp           bool          // it isn't: its configuration is wrong
}

// Runner is a place where runs begin, with all that its loops do.
type Runner struct {
	Name, Path string
	Paused     time.Time
	PausedWhy  string
	Resume     string   // the command by which it goes on
	Needs      []string // the names of services that it uses and that have not started
	// Good is when a run or an item of it last ended as it should: applied, left, overtaken or
	// gone. Elsewhere finds out the same of other hosts and processes, where it makes a difference;
	// nil: there are none.
	Good      time.Time
	Elsewhere func() time.Time
	// Found are due times in a row at which it found a ticket that nobody worked at: when its
	// search finds none they begin anew.
	Found []time.Time
	Waits string // why a run of it that began waits; "": none does, or one has ended well since
	// Busy is since when nothing has begun or ended while all its workers are at work, or one
	// searches; Usual is how long a run takes otherwise, and At is what takes so long.
	Busy    time.Time
	Usual   time.Duration
	At      string
	Failing Failing
	Causes  []Cause // that are closed
	Tickets Tickets
}

// Failing is a time in which a trigger, a search, or each run fails.
type Failing struct {
	Since     time.Time // zero: nothing does
	Attempts  int
	Searching bool // the trigger or the search does, so no other host's success counts
	Err       string
	Next      time.Time
}

// Cause is why many tickets wait.
type Cause struct {
	Key, Label string
	Since      time.Time
	Waiting    int    // tickets
	Err        string // why one of them was refused
}

// Store is where runs are kept.
type Store struct {
	Kind string    // "sqlite" or "postgresql"
	Lost time.Time // since when it can't be used
	Err  string
}

// Tickets are counts of those that a search leaves out, or that wait.
type Tickets struct {
	Waiting int `json:"waiting"`
	Handled int `json:"handled"`
	Left    int `json:"left"`
	Aside   int `json:"aside"`
	Dead    int `json:"dead"`
}
