package chaos

import (
	"fmt"
	"net/http"
	"time"
)

// Faults are the faults of a help desk; the zero value has none.
type Faults struct {
	// Seed makes repeatable what chance decides: probabilities, and where partial writes stop.
	Seed uint64 `json:"seed,omitempty"`
	// RequestsPerConnection is after how many answers a connection is closed without notice, as Apache's MaxKeepAliveRequests does
	// in front of Znuny; 0 for never.
	RequestsPerConnection int `json:"requests_per_connection,omitempty"`
	// Rules are tried in this order; the first that is due decides about a request. All of them count it.
	Rules []Fault `json:"rules,omitempty"`
}

// Fault is one rule: what goes wrong, and which requests it hits. At most one of Every, Nth and Probability is given; without
// any of them, it hits each request.
type Fault struct {
	On          []string `json:"on,omitempty"`          // operations such as "ticket-update"; empty for all
	Every       int      `json:"every,omitempty"`       // each 10th of the rule's requests
	Nth         []int    `json:"nth,omitempty"`         // the 1st, the 7th, … of them
	Probability float64  `json:"probability,omitempty"` // any of them by chance, 0 to 1
	Burst       int      `json:"burst,omitempty"`       // how many of them in a row each time; 1
	Times       int      `json:"times,omitempty"`       // how often at most, bursts counted once; 0 for no limit

	// Kind is what happens instead of the answer; "" only delays the request.
	Kind Kind `json:"fault,omitempty"`
	// Done is how much of the request is done; by default everything where the fault spoils the answer to it, else nothing.
	Done Done `json:"done,omitempty"`
	// Steps and After say what DonePart means: how many steps of the write are done, or the name of the last one
	// (see operation.Steps). Without either, chance stops the write somewhere before its end.
	Steps int    `json:"steps,omitempty"`
	After string `json:"after,omitempty"`

	Delay      Duration `json:"delay,omitempty"`       // before the request is done
	DelayAfter Duration `json:"delay_after,omitempty"` // after it is done, before the answer
	Lasts      Duration `json:"lasts,omitempty"`       // of KindHang (until the client leaves) and KindDrip (2s)

	Status      int               `json:"status,omitempty"` // of KindStatus (500) and KindGarbage (200)
	Body        string            `json:"body,omitempty"`   // of KindStatus and KindGarbage instead of the usual one
	ContentType string            `json:"content_type,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"` // added to the answer, such as Retry-After
}

// Kind is a kind of fault.
type Kind string

// The kinds of faults.
const (
	KindClose    Kind = "close"     // the connection is closed without a byte
	KindHang     Kind = "hang"      // nothing is sent and the connection stays open
	KindStatus   Kind = "status"    // an answer of another status
	KindTruncate Kind = "truncate"  // the first half of the answer, then the connection is closed
	KindGarbage  Kind = "garbage"   // an answer that isn't JSON
	KindDrip     Kind = "drip"      // the right answer, a few bytes at a time
	KindAuthFail Kind = "auth-fail" // good credentials are rejected
)

var kinds = []Kind{"", KindClose, KindHang, KindStatus, KindTruncate, KindGarbage, KindDrip, KindAuthFail}

// Done is how much of a request is done despite the fault.
type Done string

// The values of Done.
const (
	DoneNothing Done = "nothing"
	DonePart    Done = "part" // the ticket is left half changed, as after an error in the servers' kernel
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
		return fmt.Errorf("%q is not a duration; write one like 200ms or 1.5s", text)
	}
	*d = Duration(parsed)
	return nil
}

func (f Fault) spoilsAnswer() bool { return f.Kind == KindTruncate || f.Kind == KindDrip }

// Extent returns Done with its default.
func (f Fault) Extent() Done {
	switch {
	case f.Done != "":
		return f.Done
	case f.Kind == "" || f.Kind == KindGarbage || f.spoilsAnswer():
		return DoneAll
	}
	return DoneNothing
}

// AnswerStatus returns Status with its default.
func (f Fault) AnswerStatus() int {
	switch {
	case f.Status != 0:
		return f.Status
	case f.Kind == KindGarbage:
		return http.StatusOK
	}
	return http.StatusInternalServerError
}
