package store

import (
	"context"
	"encoding/json"
)

// Unfound are tickets that the last search of their runner did not find.
type Unfound map[[3]string]bool

// Has reports whether a ticket is among them.
func (u Unfound) Has(t Ticket) bool { return u[[3]string{t.Runner, t.System, t.Ticket}] }

// ValueUnfound is the name of the fact that has a runner's tickets, set aside or dead, that
// its last search did not find: a JSON object of lists by system, for [CountsFound].
func ValueUnfound(runner string) string { return "unfound/" + runner }

// CountsFound are the counts of s without tickets, set aside or dead, that the last search
// of their runner did not find: somebody has taken them elsewhere, and they concern nobody
// any more. Those are returned, too.
func CountsFound(ctx context.Context, s Store) (Counts, Unfound, error) {
	c, err := s.Counts(ctx)
	if err != nil {
		return c, nil, err
	}
	unfound := make(Unfound)
	for runner, of := range c.Runners {
		if of[Aside]+of[StandingDead] == 0 {
			continue
		}
		text, ok, err := s.Value(ctx, ValueUnfound(runner))
		if err != nil {
			return c, nil, err
		}
		var ids map[string][]string
		if !ok || json.Unmarshal([]byte(text), &ids) != nil {
			continue
		}
		for system, ids := range ids {
			tickets, err := s.Tickets(ctx, runner, system, ids)
			if err != nil {
				return c, nil, err
			}
			for _, t := range tickets {
				if t.Standing != Aside && t.Standing != StandingDead {
					continue
				}
				unfound[[3]string{t.Runner, t.System, t.Ticket}] = true
				of[t.Standing]--
				c.Standings[t.Standing]--
				if t.Standing == Aside && t.DueAt == 0 {
					c.Waiting[ReasonCause]--
				}
			}
		}
	}
	return c, unfound, nil
}
