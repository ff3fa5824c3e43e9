package try

import (
	"fmt"
	"time"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// ParseSince reads a time, or how long ago it was.
func ParseSince(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	ago, err := params.ParseDuration(text)
	if err != nil || ago <= 0 {
		return time.Time{}, fmt.Errorf("%q is neither a time, as in 2026-11-22 or 2026-11-22 15:20, nor how long ago, as in P7D or 24h", text)
	}
	return now.Add(-ago), nil
}
