package health

import (
	"slices"
	"time"
)

// State is that of a part.
type State string

// The states of a part. With Stuck, Failed and Lost otai isn't ready, and while a part is Starting
// that otai can't do without.
const (
	Working  State = "working"
	Starting State = "starting"
	Fails    State = "failing" // not yet for so long that it counts, or others go on
	Waiting  State = "waiting" // for a service that has not started
	Paused   State = "paused"
	Off      State = "off" // nothing needs it
	Stuck    State = "stuck"
	Failed   State = "failed"
	Lost     State = "lost"
)

// Part is a plugin, a service, a runner, the store, the worker process, its supervisor or the configuration.
type Part struct {
	Kind  string    `json:"kind"`
	Name  string    `json:"name,omitempty"`
	State State     `json:"state"`
	Since time.Time `json:"since,omitzero"`
	Why   string    `json:"why,omitempty"`
	Do    string    `json:"do,omitempty"` // what people can do about it
	About string    `json:"about,omitempty"`
	// Blocks is true where it alone keeps otai from being ready.
	Blocks  bool `json:"blocks,omitempty"`
	Said    bool `json:"-"` // by whoever found the reason, at level error
	good    time.Time
	Tickets *Tickets `json:"tickets,omitempty"`
}

// The kinds of parts, in the order in which they are shown.
const (
	KindSupervisor    = "supervisor"
	KindWorker        = "worker"
	KindConfiguration = "configuration"
	KindDoor          = "admin"
	KindStore         = "store"
	KindPlugin        = "plugin"
	KindService       = "service"
	KindRunner        = "runner"
)

// What a worker is asked: for its report, as JSON; for what it counts, in the text format of
// Prometheus; for a profile of pprof, by its name and for how many seconds.
const (
	Question        = "status"
	QuestionMetrics = "metrics"
	QuestionProfile = "profile"
)

// Report is the answer of `otai status`.
type Report struct {
	Ready   bool      `json:"ready"`
	Version string    `json:"version,omitempty"`
	Worker  string    `json:"worker_version,omitempty"` // another one while an update is not over
	Time    time.Time `json:"time"`
	Parts   []Part    `json:"parts"`
	Tickets Tickets   `json:"tickets"`
}

// Add adds parts; one that blocks makes the whole not ready.
func (r *Report) Add(parts ...Part) {
	r.Parts = append(r.Parts, parts...)
	order := []string{KindSupervisor, KindWorker, KindConfiguration, KindDoor, KindStore, KindPlugin, KindService, KindRunner}
	slices.SortStableFunc(r.Parts, func(a, b Part) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	r.Ready = !slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Blocks })
}

// Reasons are the parts that keep otai from being ready.
func (r Report) Reasons() []Part {
	return slices.DeleteFunc(slices.Clone(r.Parts), func(p Part) bool { return !p.Blocks })
}
