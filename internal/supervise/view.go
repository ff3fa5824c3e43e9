package supervise

import (
	"context"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// View is what others may see of a supervisor while it works, and how they ask its worker. A nil
// one is nobody's. It is for many goroutines.
type View struct {
	mu    sync.Mutex
	state Snapshot
	asks  *asks
}

// Snapshot is a supervisor at one moment.
type Snapshot struct {
	Began    time.Time // the supervisor
	Worker   int       // its process; 0: there is none
	Since    time.Time // it was started, or has ended
	Stage    string    // what it does; one of the Stage constants
	At       string
	Ready    bool           // it has begun to work
	Restarts int            // workers that died and were replaced
	Death    *crashes.Death // the last one
	Until    time.Time      // when the next worker is started
	Reload   ReloadOutcome  // the last one
	InUse    *InUse         // instead of what is there; nil: that is what it works with
	Build    string         // the worker's version
	// Stays is why this supervisor isn't of the worker's binary; "" if it is, or will be in a moment.
	Stays string
}

// Snapshot returns the present one.
func (v *View) Snapshot() Snapshot {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state
}

// Ask asks the worker that works and waits for the answer as long as ctx does. errors.Is knows
// [ErrNoWorker] and [ErrUnknownQuestion].
func (v *View) Ask(ctx context.Context, what string, args []byte) ([]byte, error) {
	v.mu.Lock()
	a := v.asks
	v.mu.Unlock()
	if a == nil {
		return nil, ErrNoWorker
	}
	return a.ask(ctx, what, args)
}

// Doors are by which others ask otai, as the worker's configuration wants them.
type Doors struct {
	Folder      string `json:"folder"`           // the state folder, in which the socket is
	Listen      string `json:"listen,omitempty"` // address and port for others; "": nowhere
	Token       string `json:"token,omitempty"`  // that they need; "": none has it
	Cert        string `json:"cert,omitempty"`   // files; "": without TLS
	Key         string `json:"key,omitempty"`
	MetricsOpen bool   `json:"metrics_open,omitempty"` // those need no token
}

// change changes the state.
func (v *View) change(f func(*Snapshot)) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	f(&v.state)
}

// worker names the worker that is asked from now on; nil: there is none.
func (v *View) worker(c *child) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asks, v.state.Worker, v.state.Since, v.state.Ready = nil, 0, time.Now(), false
	v.state.InUse, v.state.Build, v.state.Stays = nil, "", ""
	if v.state.Stage, v.state.At = "", ""; c != nil {
		v.state.InUse, v.state.Build = c.inUse, c.build
		v.asks, v.state.Worker, v.state.Stage, v.state.Until = c.asks, c.pid, StageStart, time.Time{}
	}
}

// restore shows what the supervisor before this one has shown.
func (v *View) restore(s Snapshot, c *child) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.state, v.asks = s, c.asks
}
