package app_test

import (
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
