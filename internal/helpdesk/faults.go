package helpdesk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
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
	Rules []Rule `json:"rules,omitempty"`
}

// Rule is one kind of misbehaviour and the requests that it befalls. Of Every, Nth and Probability at most one is given; without
// any, each request is meant.
type Rule struct {
	On          []string `json:"on,omitempty"`          // operations such as "ticket-update"; empty for all
	Every       int      `json:"every,omitempty"`       // each 10th of the rule's requests
	Nth         []int    `json:"nth,omitempty"`         // the 1st, the 7th, … of them
	Probability float64  `json:"probability,omitempty"` // any of them by chance, 0 to 1
	Burst       int      `json:"burst,omitempty"`       // how many of them in a row each time; 1
	Times       int      `json:"times,omitempty"`       // how often at most, bursts counted once; 0 for no limit

	Fault Kind `json:"fault,omitempty"`
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
	FaultClose    Kind = "close"     // the connection is closed without a byte
	FaultHang     Kind = "hang"      // nothing is sent and the connection stays open
	FaultStatus   Kind = "status"    // an answer of another status
	FaultTruncate Kind = "truncate"  // the first half of the answer, then the connection is closed
	FaultGarbage  Kind = "garbage"   // an answer that isn't JSON
	FaultDrip     Kind = "drip"      // the right answer, a few bytes at a time
	FaultAuthFail Kind = "auth-fail" // good credentials are refused
)

var kinds = []Kind{"", FaultClose, FaultHang, FaultStatus, FaultTruncate, FaultGarbage, FaultDrip, FaultAuthFail}

// Done is how much of a request a faulty help desk does.
type Done string

// The degrees of Done.
const (
	DoneNothing Done = "nothing"
	DonePart    Done = "part" // the ticket is left half changed, as after a failure in the servers' kernel
	DoneAll     Done = "all"
)

// stepNames are the steps of a write in the order in which the servers take them, each of which stays done when a later one fails.
// "Ticket" is the opening of a new one. A request with several articles has as many steps of that name.
var stepNames = []string{
	stepTicket, stepTitle, stepQueue, stepLock, stepType, stepState, "Service", "SLA", stepCustomer, stepPriority, stepOwner,
	stepResponsible, stepArticle, stepField,
}

const (
	stepTicket      = "Ticket"
	stepTitle       = "Title"
	stepQueue       = "Queue"
	stepLock        = "Lock"
	stepType        = "Type"
	stepState       = "State"
	stepCustomer    = "CustomerUser"
	stepPriority    = "Priority"
	stepOwner       = "Owner"
	stepResponsible = "Responsible"
	stepArticle     = "Article"
	stepField       = "DynamicField"
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

// ReadFaults reads Faults as JSON and checks them. A key that isn't known is an error.
func ReadFaults(r io.Reader) (Faults, error) {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	var f Faults
	if err := decoder.Decode(&f); err != nil {
		return Faults{}, fmt.Errorf("read faults: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Faults{}, errors.New("read faults: something follows the JSON object")
	}
	return f, f.Validate()
}

// Validate returns all that is wrong, each with the rule it is in.
func (f Faults) Validate() error {
	var all []error
	if f.RequestsPerConnection < 0 {
		all = append(all, errors.New("requests_per_connection: must not be negative"))
	}
	for i, r := range f.Rules {
		for _, problem := range r.problems() {
			all = append(all, fmt.Errorf("rules[%d].%s", i, problem))
		}
	}
	return errors.Join(all...)
}

func (r Rule) problems() []string {
	var all []string
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	for _, route := range r.On {
		wrong(!slices.Contains(operationNames, route), "on: no operation is called %q (%s)", route, strings.Join(operationNames, ", "))
	}
	given := 0
	for _, is := range []bool{r.Every != 0, len(r.Nth) > 0, r.Probability != 0} {
		if is {
			given++
		}
	}
	wrong(given > 1, "every: give one of every, nth and probability")
	wrong(r.Every < 0, "every: must not be negative")
	wrong(slices.ContainsFunc(r.Nth, func(n int) bool { return n < 1 }), "nth: requests are counted from 1")
	wrong(r.Probability < 0 || r.Probability > 1, "probability: must be between 0 and 1")
	wrong(r.Burst < 0, "burst: must not be negative")
	wrong(r.Times < 0, "times: must not be negative")

	wrong(!slices.Contains(kinds, r.Fault), "fault: %q is none (%s)", r.Fault, join(kinds[1:]))
	wrong(r.Fault == "" && r.Delay == 0 && r.DelayAfter == 0, "fault: says nothing, and there is no delay either")
	wrong(!slices.Contains([]Done{"", DoneNothing, DonePart, DoneAll}, r.Done), "done: %q is none of nothing, part and all", r.Done)
	wrong(r.Fault == FaultAuthFail && r.Done != "" && r.Done != DoneNothing, "done: a refused login does nothing")
	wrong(r.Fault == "" && r.Done != "" && r.Done != DoneAll, "done: without a fault a request is done as a whole")
	wrong(r.spoilsTheAnswer() && r.Done != "" && r.Done != DoneAll, "done: %s spoils the answer to a request that was done as a whole", r.Fault)
	wrong((r.Steps != 0 || r.After != "") && r.Done != DonePart, "done: must be part, since steps or after is given")
	wrong(r.Steps != 0 && r.After != "", "steps: give one of steps and after")
	wrong(r.Steps < 0, "steps: must not be negative")
	wrong(r.After != "" && !slices.Contains(stepNames, r.After), "after: no step is called %q (%s)", r.After, strings.Join(stepNames, ", "))

	answers := r.Fault == FaultStatus || r.Fault == FaultGarbage
	wrong(r.Lasts != 0 && r.Fault != FaultHang && r.Fault != FaultDrip, "lasts: is for hang and drip")
	wrong(r.Status != 0 && !answers, "status: is for status and garbage")
	wrong(r.Status != 0 && (r.Status < 200 || r.Status > 599), "status: must be between 200 and 599")
	wrong((r.Body != "" || r.ContentType != "") && !answers, "body: is for status and garbage")
	wrong(len(r.Headers) > 0 && (r.Fault == FaultClose || r.Fault == FaultHang), "headers: %s sends none", r.Fault)
	return all
}

func join[S ~string](all []S) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}

func (r Rule) spoilsTheAnswer() bool { return r.Fault == FaultTruncate || r.Fault == FaultDrip }

// done is Done with its default.
func (r Rule) done() Done {
	switch {
	case r.Done != "":
		return r.Done
	case r.Fault == "" || r.Fault == FaultGarbage || r.spoilsTheAnswer():
		return DoneAll
	}
	return DoneNothing
}

func (r Rule) status() int {
	switch {
	case r.Status != 0:
		return r.Status
	case r.Fault == FaultGarbage:
		return http.StatusOK
	}
	return http.StatusInternalServerError
}
