package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// pendingTime is when a pending state ends: a time or its text, a number of minutes or
// a duration from now, or the servers' own form.
func pendingTime(v any, zone *time.Location) (any, error) {
	at := func(t time.Time) (any, error) {
		t = t.In(zone)
		return map[string]any{"Year": t.Year(), "Month": int(t.Month()), "Day": t.Day(), "Hour": t.Hour(), "Minute": t.Minute()}, nil
	}
	in := func(minutes int64) (any, error) {
		if minutes <= 0 {
			return nil, errors.New("is not in the future")
		}
		return map[string]any{"Diff": minutes}, nil
	}
	switch v := v.(type) {
	case map[string]any:
		return v, nil
	case time.Time:
		return at(v)
	case time.Duration:
		return in(int64(v / time.Minute))
	}
	s := strings.TrimSpace(wire.Canonical(v))
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return in(int64(n))
	}
	if d, err := time.ParseDuration(s); err == nil {
		return in(int64(d / time.Minute))
	}
	if t, ok := wire.ParseTime(s, zone); ok {
		return at(t)
	}
	return nil, errors.New(`is not a time: write one as in "2026-12-24 08:00", minutes from now as a number, a duration as in "36h", or {Diff: 60}`)
}
