package app

import (
	"fmt"
	"time"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// Moment reads a time as commands take it: with or without a time of day and a zone, or as a
// duration that it is ago. A day begins with its first moment. A time of day that the clocks
// pass over, or show twice, is an error: what is meant would be a guess.
func Moment(text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, form := range []string{"2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		clock, err := time.Parse(form, text) // what clocks show
		if err != nil {
			continue
		}
		switch moments := momentsOf(clock, now.Location()); {
		case form == time.DateOnly:
			return dayBegins(clock, now.Location()), nil
		case len(moments) == 1:
			return moments[0], nil
		case len(moments) == 0:
			after := dayBegins(clock, now.Location())
			return time.Time{}, fmt.Errorf("there is no %s here: the clocks are set forward by then. Write the time before or after that, or one with its difference to UTC, such as %s", text, after.Format(time.RFC3339))
		default:
			return time.Time{}, fmt.Errorf("the clocks show %s twice, since they are set back by then: write %s or %s", text, moments[0].Format(time.RFC3339), moments[1].Format(time.RFC3339))
		}
	}
	if d, err := params.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write one such as 2026-11-30, 2026-11-30T08:00, 2026-11-30T08:00:00+01:00 or, for 12 hours ago, PT12H", text)
}

// momentsOf are the moments at which clocks of a place show a time, which is in UTC: one, or
// none or two where they are set.
func momentsOf(shown time.Time, at *time.Location) (moments []time.Time) {
	// No place is further than that from UTC, and none sets its clocks twice in two days.
	for _, near := range []time.Time{shown.Add(-24 * time.Hour), shown.Add(24 * time.Hour)} {
		_, offset := near.In(at).Zone()
		t := shown.Add(-time.Duration(offset) * time.Second).In(at)
		if _, is := t.Zone(); is == offset && (len(moments) == 0 || !moments[0].Equal(t)) {
			moments = append(moments, t)
		}
	}
	return moments
}

// dayBegins is the first moment at which clocks of a place show a time, or a later one.
func dayBegins(shown time.Time, at *time.Location) time.Time {
	if moments := momentsOf(shown, at); len(moments) > 0 {
		return moments[0]
	}
	_, offset := shown.Add(-24 * time.Hour).In(at).Zone()
	t := shown.Add(-time.Duration(offset) * time.Second).In(at)
	begins, _ := t.ZoneBounds() // of the new offset
	return begins
}
