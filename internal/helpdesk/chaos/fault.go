package chaos

import (
	"fmt"
	"net/http"
	"time"
)

// Faults say how a help desk misbehaves. The zero value is a well-behaved one.
type Faults struct {
	// Seed makes the draws of probabilities and of places to stop at repeatable.
	Seed uint64 `json:"seed,omitempty"`
	// RequestsPerConnection closes a connection after so many answers without announcing it, as Apache's MaxKeepAliveRequests does
	// behind Znuny; 0 never. It needs [Server.Serve].
	RequestsPerConnection int `json:"requests_per_connection,omitempty"`
	// Rules are tried in this order; the first one that is due decides about a request. All of them count it.
	Rules []Fault `json:"rules,omitempty"`
}

// Fault is one kind of misbehaviour and the requests that it befalls. Of Every, Nth and Probability at most one is given; without
// any, each request is meant.
type Fault struct {
	On          []string `json:"on,omitempty"`          // operations such as "ticket-update"; empty for all
	Every       int      `json:"every,omitempty"`       // each 10th of the rule's requests
	Nth         []int    `json:"nth,omitempty"`         // the 1st, the 7th, … of them
	Probability float64  `json:"probability,omitempty"` // any of them by chance, 0 to 1
	Burst       int      `json:"burst,omitempty"`       // how many of them in a row each time; 1
	Times       int      `json:"times,omitempty"`       // how often at most, bursts counted once; 0 for no limit

	Kind Kind `json:"fault,omitempty"`
	// Done is how much of the request is done; by default everything where the fault spoils the answer to it, else nothing.
	Done Done `json:"done,omitempty"`
	// Steps and After say what DonePart means: the first so many steps of a write that the request asks for, or all those up to and
	// including the named one (see stepNames). Without either, chance stops it somewhere before its end.
	Steps int    `json:"steps,omitempty"`
	After string `json:"after,omitempty"`

	Delay      Duration `json:"delay,omitempty"`       // before the request is done
	DelayAfter Duration `json:"delay_after,omitempty"` // after it is done, before the answer
	Lasts      Duration `json:"lasts,omitempty"`       // of FaultHang (until the client leaves) and FaultDrip (2s)

	Status      int               `json:"status,omitempty"` // of FaultStatus (500) and FaultGarbage (200)
	Body        string            `json:"body,omitempty"`   // of FaultStatus and FaultGarbage instead of the usual one
	ContentType string            `json:"content_type,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"` // added to the answer, such as Retry-After
}

// Kind is what happens to a request instead of its answer; "" only delays it.
type Kind string

// The kinds of faults.
const (
	KindClose    Kind = "close"     // the connection is closed without a byte
	KindHang     Kind = "hang"      // nothing is sent and the connection stays open
	KindStatus   Kind = "status"    // an answer of another status
	KindTruncate Kind = "truncate"  // the first half of the answer, then the connection is closed
	KindGarbage  Kind = "garbage"   // an answer that isn't JSON
	KindDrip     Kind = "drip"      // the right answer, a few bytes at a time
	KindAuthFail Kind = "auth-fail" // good credentials are refused
)

var kinds = []Kind{"", KindClose, KindHang, KindStatus, KindTruncate, KindGarbage, KindDrip, KindAuthFail}

// Done is how much of a request a faulty help desk does.
type Done string

// The degrees of Done.
const (
	DoneNothing Done = "nothing"
	DonePart    Done = "part" // the ticket is left half changed, as after a failure in the servers' kernel
	DoneAll     Done = "all"
)

// Duration is a [time.Duration] that is written as "1.5s" in JSON.
type Duration time.Duration

// MarshalText writes the duration with its unit.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a duration with its unit.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is no duration; write one like 200ms or 1.5s", text)
	}
	*d = Duration(parsed)
	return nil
}

func (r Fault) spoilsAnswer() bool { return r.Kind == KindTruncate || r.Kind == KindDrip }

// Extent is Done with its default.
func (r Fault) Extent() Done {
	switch {
	case r.Done != "":
		return r.Done
	case r.Kind == "" || r.Kind == KindGarbage || r.spoilsAnswer():
		return DoneAll
	}
	return DoneNothing
}

func (r Fault) AnswerStatus() int {
	switch {
	case r.Status != 0:
		return r.Status
	case r.Kind == KindGarbage:
		return http.StatusOK
	}
	return http.StatusInternalServerError
}
