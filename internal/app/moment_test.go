package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
)

func TestATimeIsReadInEachFormThatCommandsTake(t *testing.T) {
	zone := time.FixedZone("here", 3600)
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, zone)
	for text, want := range map[string]time.Time{
		"2026-11-22":                time.Date(2026, 11, 22, 0, 0, 0, 0, zone),
		"2026-11-22 15:20":          time.Date(2026, 11, 22, 15, 20, 0, 0, zone),
		"2026-11-22T15:20:30":       time.Date(2026, 11, 22, 15, 20, 30, 0, zone),
		"2026-11-22T15:20:30+00:00": time.Date(2026, 11, 22, 16, 20, 30, 0, zone),
		"2026-11-22T15:20:30Z":      time.Date(2026, 11, 22, 16, 20, 30, 0, zone),
		"PT12H":                     now.Add(-12 * time.Hour),
		"P7D":                       now.Add(-7 * 24 * time.Hour),
		"24h":                       now.Add(-24 * time.Hour),
	} {
		if got, err := app.Moment(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %s, want %s; error %v", text, got, want, err)
		}
	}
	for _, text := range []string{"", "yesterday", "2026-11-31", "-PT1H"} {
		if got, err := app.Moment(text, now); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

// TestATimeAtWhichClocksAreSetIsNoGuess: what is put back by `otai revert --since` must not
// depend on which of two hours is taken.
func TestATimeAtWhichClocksAreSetIsNoGuess(t *testing.T) {
	for _, c := range []struct {
		zone, text string
		want       string   // in UTC; "" where it is refused
		says       []string // how to write it
	}{
		{"Europe/Berlin", "2026-03-29 01:59", "2026-03-29T00:59:00Z", nil},
		{"Europe/Berlin", "2026-03-29 02:00", "", []string{"there is no 2026-03-29 02:00", "2026-03-29T03:00:00+02:00"}},
		{"Europe/Berlin", "2026-03-29T02:59:59", "", []string{"set forward", "2026-03-29T03:00:00+02:00"}},
		{"Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00Z", nil},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", nil},
		{"Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z", nil},
		{"Europe/Berlin", "2026-10-25 01:59", "2026-10-24T23:59:00Z", nil},
		{"Europe/Berlin", "2026-10-25 02:00", "", []string{"twice", "2026-10-25T02:00:00+02:00 or 2026-10-25T02:00:00+01:00"}},
		{"Europe/Berlin", "2026-10-25T02:59", "", []string{"twice"}},
		{"Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z", nil},
		{"Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z", nil},
		{"Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00:00Z", nil},
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", nil},
		{"Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00Z", nil},
		{"America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", nil}, // its midnight doesn't exist
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", nil},   // twice
		{"Australia/Lord_Howe", "2026-04-05 01:45", "", []string{"twice"}},
		{"Australia/Lord_Howe", "2026-10-04 02:15", "", []string{"there is no"}},
		{"Pacific/Apia", "2026-01-01 00:00", "2025-12-31T11:00:00Z", nil},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Skip("no time zones here: install tzdata")
		}
		got, err := app.Moment(c.text, time.Date(2026, 11, 30, 12, 0, 0, 0, zone))
		switch {
		case c.want != "":
			if err != nil || got.UTC().Format(time.RFC3339) != c.want {
				t.Errorf("%s in %s is %s, want %s; error %v", c.text, c.zone, got.UTC(), c.want, err)
			}
		case err == nil:
			t.Errorf("%s in %s is %s, want an error", c.text, c.zone, got)
		default:
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%s in %s: %v, which lacks %q", c.text, c.zone, err, says)
				}
			}
		}
	}
}
