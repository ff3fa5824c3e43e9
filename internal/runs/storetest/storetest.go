// Package storetest is what every run store promises, as a test of one. [Run] is called
// by the tests of each database.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Opened is a store with what a test may do to it.
type Opened struct {
	Store  store.Store
	Leases bool // hosts live by leases
	// Advance moves the store's clock, where the test has it.
	Advance func(time.Duration)
}

// Open opens a new and empty store.
type Open func(t *testing.T) Opened

type fixture struct {
	*testing.T
	Opened
	ctx   context.Context //nolint:containedctx // of the test
	host  string
	lease time.Duration
	next  int
}

const (
	runner = "sort"
	hash   = "h1"
	system = "desk"
)

func newFixture(t *testing.T, open Open) *fixture {
	f := &fixture{T: t, Opened: open(t), ctx: t.Context(), lease: time.Minute}
	f.host = f.register("a", hash)
	return f
}

// register registers another host.
func (f *fixture) register(instance string, hashes ...string) string {
	f.Helper()
	f.next++
	h := store.Host{ID: fmt.Sprintf("%s/%d", instance, f.next), Instance: instance, Version: "1"}
	if f.Leases {
		h.Lease = f.lease
	}
	for _, x := range hashes {
		h.Places = append(h.Places, store.HostPlace{Runner: runner, Hash: x}, store.HostPlace{Hash: "revert"}) // without a runner: where what was written is put back
	}
	f.must(f.Store.Register(f.ctx, h))
	return h.ID
}

func (f *fixture) must(errs ...error) {
	f.Helper()
	for _, err := range errs {
		if err != nil {
			f.Fatal(err)
		}
	}
}

// begin claims tickets for a new run.
func (f *fixture) begin(host string, tickets ...string) (store.Held, store.Claimed) {
	f.Helper()
	return f.beginOf(host, runner, tickets...)
}

// beginOf is the same for a run of a runner, "" for none.
func (f *fixture) beginOf(host, runner string, tickets ...string) (store.Held, store.Claimed) {
	f.Helper()
	f.next++
	id := fmt.Sprintf("run%04d", f.next)
	held := store.Held{Run: id, Host: host, Fence: 1}
	claim := f.claim(held, tickets...)
	claim.Runner, claim.Create.Runner = runner, runner
	c, err := f.Store.Claim(f.ctx, claim)
	f.must(err)
	return held, c
}

func (f *fixture) claim(held store.Held, tickets ...string) store.Claim {
	f.Helper()
	mark, err := f.Store.Mark(f.ctx)
	f.must(err)
	return store.Claim{
		Held: held, Create: &store.Run{ID: held.Run, Runner: runner, Place: "root", Hash: hash},
		Runner: runner, Hash: hash, System: system, Tickets: tickets, Limit: len(tickets), Since: mark,
	}
}

func (f *fixture) commit(b store.Batch) *store.Cause {
	f.Helper()
	c, err := f.Store.Commit(f.ctx, b)
	f.must(err)
	return c
}

func (f *fixture) load(run string) *store.Loaded {
	f.Helper()
	l, err := f.Store.Load(f.ctx, run)
	f.must(err)
	return l
}

func (f *fixture) wantErr(got, want error) {
	f.Helper()
	if !errors.Is(got, want) {
		f.Errorf("the error is %v, want %v", got, want)
	}
}

func ids(tickets []store.Ticket) []string {
	out := make([]string, len(tickets))
	for i, k := range tickets {
		out[i] = k.Ticket
	}
	return out
}

func (f *fixture) wantIDs(got []store.Ticket, want ...string) {
	f.Helper()
	if !slices.Equal(ids(got), want) {
		f.Errorf("the tickets are %v, want %v", ids(got), want)
	}
}
