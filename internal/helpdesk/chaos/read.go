package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
)

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
		for _, problem := range r.check() {
			all = append(all, fmt.Errorf("rules[%d].%s", i, problem))
		}
	}
	return errors.Join(all...)
}

func (r Fault) check() []string {
	var all []string
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	for _, route := range r.On {
		wrong(!slices.Contains(operation.Names, route), "on: no operation is called %q (%s)", route, strings.Join(operation.Names, ", "))
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

	wrong(!slices.Contains(kinds, r.Kind), "fault: %q is none (%s)", r.Kind, join(kinds[1:]))
	wrong(r.Kind == "" && r.Delay == 0 && r.DelayAfter == 0, "fault: says nothing, and there is no delay either")
	wrong(!slices.Contains([]Done{"", DoneNothing, DonePart, DoneAll}, r.Done), "done: %q is none of nothing, part and all", r.Done)
	wrong(r.Kind == KindAuthFail && r.Done != "" && r.Done != DoneNothing, "done: a refused login does nothing")
	wrong(r.Kind == "" && r.Done != "" && r.Done != DoneAll, "done: without a fault a request is done as a whole")
	wrong(r.spoilsAnswer() && r.Done != "" && r.Done != DoneAll, "done: %s spoils the answer to a request that was done as a whole", r.Kind)
	wrong((r.Steps != 0 || r.After != "") && r.Done != DonePart, "done: must be part, since steps or after is given")
	wrong(r.Steps != 0 && r.After != "", "steps: give one of steps and after")
	wrong(r.Steps < 0, "steps: must not be negative")
	wrong(r.After != "" && !slices.Contains(operation.Steps, r.After), "after: no step is called %q (%s)", r.After, strings.Join(operation.Steps, ", "))

	answers := r.Kind == KindStatus || r.Kind == KindGarbage
	wrong(r.Lasts != 0 && r.Kind != KindHang && r.Kind != KindDrip, "lasts: is for hang and drip")
	wrong(r.Status != 0 && !answers, "status: is for status and garbage")
	wrong(r.Status != 0 && (r.Status < 200 || r.Status > 599), "status: must be between 200 and 599")
	wrong((r.Body != "" || r.ContentType != "") && !answers, "body: is for status and garbage")
	wrong(len(r.Headers) > 0 && (r.Kind == KindClose || r.Kind == KindHang), "headers: %s sends none", r.Kind)
	return all
}

func join[S ~string](all []S) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}
