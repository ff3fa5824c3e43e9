package diagnose

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/counted"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// runsName is what diagnostics about the run store have as their service.
const runsName = "runs"

// lookIntoRuns reports what the run store says: whether it can be used, causes, and
// tickets that only a person helps on. A store that isn't there yet says nothing.
func (a analysis) lookIntoRuns(ctx context.Context, add func(Diagnostic)) {
	report := func(check, status, message, fix string) {
		add(Diagnostic{Service: runsName, Check: check, Status: status, Message: message, Fix: fix})
	}
	kept, err := a.LookIntoRuns(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		report("store", StatusFailed, "runs can't be read: "+err.Error(), "")
		return
	}
	counts, _, err := store.CountsFound(ctx, kept)
	if err == nil {
		var causes []store.Cause
		causes, err = kept.Causes(ctx)
		for _, c := range causes {
			report("cause", StatusWarning, counted.Of(c.Waiting, "run waits: ", "runs wait: ")+c.Label, "when it is over: otai runs retry --cause "+c.Key)
		}
	}
	if err == nil {
		var seen string
		seen, _, err = kept.Value(ctx, store.ValueOthers)
		if message := others(seen, time.Now()); message != "" {
			report("another otai", StatusFailed, message, "give both one database, infrastructure.runs.database, or end one of them")
		}
	}
	var doubts []store.Run
	if err == nil {
		doubts, err = kept.Runs(ctx, store.Filter{InDoubt: true})
	}
	if err = errors.Join(err, kept.Close()); err != nil {
		report("store", StatusFailed, "runs can't be read: "+err.Error(), "")
		return
	}
	if dead := counts.Standings[store.StandingDead]; dead > 0 {
		report("dead tickets", StatusWarning, counted.Of(dead, "ticket was refused again and again and is not tried any more by itself", "tickets were refused again and again and are not tried any more by themselves"), "otai runs waiting says why; otai runs retry --all tries again")
	}
	if len(doubts) > 0 {
		report("in doubt", StatusWarning, counted.Of(len(doubts), "run was", "runs were")+" interrupted at a step that must not be repeated, and nobody knows whether it was carried out", "otai runs waiting names each, and what to type for it")
	}
	report("store", StatusOK, strings.Join([]string{counted.Of(counts.Runs[store.Running], "run is at work", "runs are at work"), counted.Of(counts.Runs[store.Ready], "is due", "are due"), counted.Of(counts.Open, "write has", "writes have") + " no outcome yet"}, ", "), "")
}

// othersFor is how long it counts that another otai was noticed. As long as it works on,
// it is noticed again each hour.
const othersFor = 2 * time.Hour

// others is what there is to say of another otai with another run store, "" if nothing.
func others(seen string, now time.Time) string {
	at, ticket, _ := strings.Cut(seen, " ")
	when, err := time.Parse(time.RFC3339, at)
	if err != nil || now.Sub(when) > othersFor {
		return ""
	}
	return fmt.Sprintf("another otai that doesn't use this run store writes the same notes at this help desk, as at %s to ticket %s", when.Local().Format(time.DateTime), ticket)
}
