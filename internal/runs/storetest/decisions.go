package storetest

import (
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

func decision(ticket, action string) store.Decision {
	return store.Decision{System: system, Ticket: ticket, Runner: runner, Action: action, Label: "IT", Confidence: 930_000, Body: []byte(`{"action":"` + action + `"}`)}
}

// decided ends a run with its decisions.
func (f *fixture) decided(held store.Held, o store.Outcome, decisions ...store.Decision) {
	f.Helper()
	f.commit(store.Batch{Held: held, Decisions: decisions, End: &store.End{State: store.Ended, Outcome: o}})
}

func (f *fixture) decisions(filter store.DecisionFilter) []store.Decision {
	f.Helper()
	list, err := f.Store.Decisions(f.ctx, filter)
	f.must(err)
	return list
}

func decides(f *fixture) {
	held, _ := f.begin(f.host, "1", "2")
	now, err := f.Store.Now(f.ctx)
	f.must(err)
	f.decided(held, store.Dead, decision("1", "applied"), decision("2", "applied"))
	list := f.decisions(store.DecisionFilter{Run: held.Run, Oldest: true})
	if len(list) != 2 || list[0].Run != held.Run || list[0].Ticket != "1" || list[0].End != 1 || list[0].Made < now ||
		list[0].Confidence != 930_000 || list[0].Label != "IT" || string(list[0].Body) != `{"action":"applied"}` {
		f.Fatalf("decisions: %+v", list)
	}

	// Whoever has lost the run stores none; whoever cancels it leaves one.
	lost := store.Held{Run: held.Run, Host: f.host, Fence: held.Fence + 1}
	_, err = f.Store.Commit(f.ctx, store.Batch{Held: lost, Decisions: []store.Decision{decision("1", "left")}, End: &store.End{State: store.Ended, Outcome: store.Left}})
	f.wantErr(err, store.ErrFence)
	_, err = f.Store.Cancel(f.ctx, held.Run, store.VerbDiscard, func(l store.Loaded) []store.Decision {
		if l.Run.ID != held.Run {
			f.Errorf("a decision is asked for about %+v", l.Run)
		}
		return []store.Decision{decision("1", "canceled")}
	})
	f.must(err)
	list = f.decisions(store.DecisionFilter{Ticket: "1", System: system})
	if len(list) != 2 || list[0].Action != "canceled" || list[0].End != 2 {
		f.Errorf("after another end: %+v", list)
	}
	if _, err = f.Store.Cancel(f.ctx, held.Run, store.VerbDiscard, func(store.Loaded) []store.Decision { return []store.Decision{decision("1", "canceled")} }); err != nil || len(f.decisions(store.DecisionFilter{})) != 3 {
		f.Errorf("what had ended is canceled again: %v, %+v", err, f.decisions(store.DecisionFilter{}))
	}

	_, err = f.Store.Clean(f.ctx, now+3600e6, 10)
	f.must(err)
	if list = f.decisions(store.DecisionFilter{}); len(list) != 3 {
		f.Errorf("%d are left of a run that was deleted, want 3", len(list))
	}
	for _, want := range []int{2, 1, 0} {
		if n, err := f.Store.CleanDecisions(f.ctx, now+3600e6, 2); err != nil || n != want {
			f.Errorf("deleted %d, %v, want %d", n, err, want)
		}
	}
}

func decidesOnce(f *fixture) {
	left := decision("1", "left")
	left.Same = "not sure"
	other := left
	other.Same = "too short"
	elsewhere := left
	elsewhere.Runner = "another"
	applied := decision("1", "applied")
	for _, d := range []store.Decision{left, left, other, elsewhere, other, left, applied, left, left, applied, applied} {
		held, _ := f.begin(f.host, "1")
		f.decided(held, store.Left, d)
	}
	var got []string
	for _, d := range f.decisions(store.DecisionFilter{Oldest: true}) {
		got = append(got, d.Runner+" "+d.Action+" "+d.Same)
	}
	want := []string{
		"sort left not sure", "sort left too short", "another left not sure", "sort left not sure", "sort applied ",
		"sort left not sure", "sort applied ", "sort applied ",
	}
	if !slices.Equal(got, want) {
		f.Errorf("kept are %q, want %q", got, want)
	}
}

func findsDecisions(f *fixture) {
	for i := range 5 {
		held, _ := f.begin(f.host, fmt.Sprint(i))
		d := decision(fmt.Sprint(i), map[bool]string{true: "applied", false: "suggested"}[i%2 == 0])
		d.Confidence = int64(i) * 200_000
		if i == 4 {
			d.Label, d.Runner = "", "another"
		}
		f.decided(held, store.Applied, d)
	}
	all := f.decisions(store.DecisionFilter{Oldest: true})
	for i := 1; i < len(all); i++ {
		if all[i].Made < all[i-1].Made {
			f.Errorf("the order is %+v", all)
		}
	}
	for name, c := range map[string]struct {
		filter store.DecisionFilter
		want   []string
	}{
		"all":                  {store.DecisionFilter{Oldest: true}, []string{"0", "1", "2", "3", "4"}},
		"by action":            {store.DecisionFilter{Oldest: true, Actions: []string{"suggested", "left"}}, []string{"1", "3"}},
		"by runner":            {store.DecisionFilter{Runner: "another"}, []string{"4"}},
		"by label":             {store.DecisionFilter{Oldest: true, Label: "IT"}, []string{"0", "1", "2", "3"}},
		"by confidence":        {store.DecisionFilter{Oldest: true, Least: 200_000, Most: 400_000}, []string{"1", "2"}},
		"confidence and label": {store.DecisionFilter{Oldest: true, Least: 1}, []string{"1", "2", "3"}},
		"since":                {store.DecisionFilter{Oldest: true, Since: all[0].Made}, []string{"0", "1", "2", "3", "4"}},
		"until":                {store.DecisionFilter{Until: all[0].Made}, nil},
		"of another system":    {store.DecisionFilter{System: "x"}, nil},
	} {
		var got []string
		for _, d := range f.decisions(c.filter) {
			got = append(got, d.Ticket)
		}
		if !slices.Equal(got, c.want) {
			f.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for _, oldest := range []bool{true, false} {
		var got []string
		for filter := (store.DecisionFilter{Oldest: oldest, Limit: 2}); ; {
			page := f.decisions(filter)
			for _, d := range page {
				got = append(got, d.Ticket)
			}
			if len(page) < 2 {
				break
			}
			filter.After = &page[1]
		}
		if !oldest {
			slices.Reverse(got)
		}
		if len(got) != 5 || slices.Compare(got, slices.Sorted(slices.Values(got))) != 0 {
			f.Errorf("by pages, oldest first %v: %q", oldest, got)
		}
	}
}
