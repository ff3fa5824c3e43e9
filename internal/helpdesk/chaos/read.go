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

// ReadFaults reads Faults as JSON and checks them. An unknown key is an error.
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

// Validate returns everything that is wrong, each with its rule.
func (f Faults) Validate() error {
	var all []error
	if f.RequestsPerConnection < 0 {
		all = append(all, errors.New("requests_per_connection: must not be negative"))
	}
	for i, r := range f.Rules {
		for _, wrong := range r.check() {
			all = append(all, fmt.Errorf("rules[%d].%s", i, wrong))
		}
	}
	return errors.Join(all...)
}

// check returns what is wrong with the rule, each beginning with its key.
func (f Fault) check() []string {
	var all []string
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	for _, route := range f.On {
		wrong(!slices.Contains(operation.Names, route), "on: no operation is called %q (%s)", route, strings.Join(operation.Names, ", "))
	}
	given := 0
	for _, is := range []bool{f.Every != 0, len(f.Nth) > 0, f.Probability != 0} {
		if is {
			given++
		}
	}
	wrong(given > 1, "every: give one of every, nth and probability")
	wrong(f.Every < 0, "every: must not be negative")
	wrong(slices.ContainsFunc(f.Nth, func(n int) bool { return n < 1 }), "nth: requests are counted from 1")
	wrong(f.Probability < 0 || f.Probability > 1, "probability: must be between 0 and 1")
	wrong(f.Burst < 0, "burst: must not be negative")
	wrong(f.Times < 0, "times: must not be negative")

	wrong(!slices.Contains(kinds, f.Kind), "fault: %q is unknown (%s)", f.Kind, join(kinds[1:]))
	wrong(f.Kind == "" && f.Delay == 0 && f.DelayAfter == 0, "fault: missing, and there is no delay either")
	wrong(!slices.Contains([]Done{"", DoneNothing, DonePart, DoneAll}, f.Done), "done: %q is not one of nothing, part and all", f.Done)
	wrong(f.Kind == KindAuthFail && f.Done != "" && f.Done != DoneNothing, "done: after a rejected login nothing is done")
	wrong(f.Kind == "" && f.Done != "" && f.Done != DoneAll, "done: without a fault, all of a request is done")
	wrong(f.spoilsAnswer() && f.Done != "" && f.Done != DoneAll, "done: %s spoils the answer to a request all of which was done", f.Kind)
	wrong((f.Steps != 0 || f.After != "") && f.Done != DonePart, "done: must be part, since steps or after is given")
	wrong(f.Steps != 0 && f.After != "", "steps: give one of steps and after")
	wrong(f.Steps < 0, "steps: must not be negative")
	wrong(f.After != "" && !slices.Contains(operation.Steps, f.After), "after: no step is called %q (%s)", f.After, strings.Join(operation.Steps, ", "))

	answers := f.Kind == KindStatus || f.Kind == KindGarbage
	wrong(f.Lasts != 0 && f.Kind != KindHang && f.Kind != KindDrip, "lasts: is for hang and drip")
	wrong(f.Status != 0 && !answers, "status: is for status and garbage")
	wrong(f.Status != 0 && (f.Status < 200 || f.Status > 599), "status: must be between 200 and 599")
	wrong((f.Body != "" || f.ContentType != "") && !answers, "body: is for status and garbage")
	wrong(len(f.Headers) > 0 && (f.Kind == KindClose || f.Kind == KindHang), "headers: %s sends none", f.Kind)
	return all
}

func join[S ~string](all []S) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}
