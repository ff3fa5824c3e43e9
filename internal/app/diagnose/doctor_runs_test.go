package diagnose

import (
	"strings"
	"testing"
	"time"
)

func TestAnotherOtaiIsReportedAsLongAsItIsNoticed(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, seen string
		said       bool
	}{
		{"never", "", false},
		{"an hour ago", "2026-11-29T11:00:00Z 17", true},
		{"yesterday", "2026-11-28T11:00:00Z 17", false},
		{"of a later release", "17", false},
	} {
		if got := others(c.seen, now); strings.Contains(got, "ticket 17") != c.said {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
