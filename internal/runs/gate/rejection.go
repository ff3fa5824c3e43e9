package gate

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// refused reports whether a ticket system answered no for a lasting reason.
func refused(err error) bool {
	if errors.Is(err, api.ErrTemporary) || errors.Is(err, api.ErrUncertain) || loginRefused(err) {
		return false
	}
	return errors.Is(err, api.ErrInvalid) || errors.Is(err, api.ErrDenied) || errors.Is(err, api.ErrNotFound)
}

// didNothing reports whether a call certainly had no effect and may succeed later.
func didNothing(err error) bool {
	return (errors.Is(err, api.ErrTemporary) || loginRefused(err)) && !errors.Is(err, api.ErrUncertain)
}

// loginRefused reports that the login of a service was refused, which its error says by a
// method: that concerns the service, and no ticket.
func loginRefused(err error) bool {
	var login interface{ LoginRefused() bool }
	return errors.As(err, &login) && login.LoginRefused()
}

// loginError is such an error of a write. It doesn't answer about the ticket: to a pipe it is
// a failure that certainly did nothing.
type loginError struct{ err error }

func (e *loginError) Error() string        { return e.err.Error() }
func (e *loginError) Is(target error) bool { return target == api.ErrTemporary }

func toPipe(err error) error {
	if loginRefused(err) && !errors.Is(err, ErrStopped) {
		return &loginError{err}
	}
	return err
}

func unreadable(err error) bool { return errors.Is(err, api.ErrNotFound) && refused(err) }

// kinds of rejections, the first that fits.
func kind(err error) string {
	switch {
	case errors.Is(err, api.ErrDenied):
		return "denied"
	case errors.Is(err, api.ErrNotFound):
		return "not found"
	default:
		return "invalid"
	}
}

// noteMissing is the operation of the cause by which a ticket was moved and can't be
// noted, or changed otherwise: then no further ticket is moved there.
const noteMissing = "note missing"

// cause is the key of a cause: runner, ticket system, operation, field and value
// refused, else operation and kind.
func (t *ticketSystem) cause(step Step, operation, field, value string) string {
	return store.CauseKey(step.Runner(), t.system, operation, field, value)
}

// rejection is what is counted of a refused call. given has what was to be written, by
// field.
func (t *ticketSystem) rejection(step Step, operation, ticket string, write bool, err error, given ...map[string]string) Rejection {
	r := Rejection{System: t.system, Ticket: ticket, Write: write, Err: err}
	var at *api.FieldError
	if !errors.As(err, &at) {
		k := kind(err)
		r.Cause, r.Label = t.cause(step, operation, "", k), operation+": "+k
		return r
	}
	r.Label = operation + ": " + at.Field
	for _, field := range []string{at.Field, anyNote, anyField} {
		for _, values := range given {
			value, ok := values[field]
			if !ok || !strings.HasPrefix(at.Field, field) {
				continue
			}
			if r.Cause = t.cause(step, operation, field, value); !strings.HasPrefix(value, "#") {
				r.Label = strings.TrimSpace(r.Label + " " + value)
			}
			return r
		}
	}
	r.Cause = t.cause(step, operation, at.Field, "")
	return r
}

// What a rejection is about if it is about a note, or about a field that isn't named.
const (
	anyNote  = "note"
	anyField = "fields"
)

// values are what a write wants, by field, as a rejection names it; texts as hashes.
func (t *ticketSystem) values(u api.TicketUpdate) map[string]string {
	all := make(map[string]string)
	for name, e := range entityFields(&u) {
		if *e != nil && !picture.Hashed(name) {
			all[name] = (*e).String()
		}
	}
	want := t.gate.hashing.Change(u)
	for name, v := range want.Fields {
		if picture.Hashed(name) {
			all[picture.InWords(name)] = "#" + cmp.Or(v.ID, v.Name)
		}
	}
	if len(u.Fields) > 0 {
		all[anyField] = ""
	}
	if len(u.Notes) > 0 {
		all[anyNote] = ""
	}
	return all
}

// causesOf are the keys by which a write may be held back, and which its success opens.
func (t *ticketSystem) causesOf(step Step, operation string, u api.TicketUpdate) []string {
	keys := []string{t.cause(step, operation, "", "denied"), t.cause(step, operation, "", "not found"), t.cause(step, operation, "", "invalid")}
	given := t.values(u)
	for _, field := range slices.Sorted(maps.Keys(given)) {
		keys = append(keys, t.cause(step, operation, field, given[field]))
	}
	if u.Queue != nil {
		keys = append(keys, t.cause(step, noteMissing, picture.Queue, u.Queue.String()))
	}
	return keys
}

// causes remembers for a moment which causes are closed.
type causes struct {
	mu     sync.Mutex
	read   time.Time
	closed map[string]bool
}

const causesFor = time.Second

// closed returns the first of these causes that is closed. That one is, is asked anew: a run
// that waited for a cause which is open by now would be due at once, again and again.
func (g *Gate) closed(ctx context.Context, keys []string) (string, error) {
	c := &g.causes
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := false
	for {
		if c.closed == nil || time.Since(c.read) >= causesFor {
			if err := g.readCauses(ctx); err != nil {
				return "", err
			}
			fresh = true
		}
		i := slices.IndexFunc(keys, func(key string) bool { return c.closed[key] })
		switch {
		case i < 0:
			return "", nil
		case fresh:
			return keys[i], nil
		}
		c.closed = nil
	}
}

func (g *Gate) readCauses(ctx context.Context) error {
	keys, err := g.options.Store.Closed(ctx)
	if err != nil {
		return storeError("ask what is refused", err)
	}
	c := &g.causes
	c.closed, c.read = make(map[string]bool), time.Now()
	for _, key := range keys {
		c.closed[key] = true
	}
	return nil
}

// forget makes the next write ask anew.
func (c *causes) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = nil
}

// first reports whether nothing was said about a cause yet.
func (g *Gate) first(cause string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	said := g.said[cause]
	if g.said == nil || len(g.said) > 1000 {
		g.said = make(map[string]bool)
	}
	g.said[cause] = true
	return !said
}
