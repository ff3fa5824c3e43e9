package app

import (
	"fmt"
	"time"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// Moment reads a time as commands take it: with or without a time of day and a zone, or as a
// duration that it is ago.
func Moment(text string, now time.Time) (time.Time, error) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if d, err := params.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write one such as 2026-11-30, 2026-11-30T08:00 or, for 12 hours ago, PT12H", text)
}
