package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// LongCall is a call of a pipe that has taken unusually long and has not returned: its runner
// waits for it, and nothing can end it but the end of its process.
type LongCall struct {
	Host   string `json:"host"`   // whose process it is
	Path   string `json:"path"`   // of the pipe in the configuration
	At     string `json:"at"`     // file, line and column
	Step   string `json:"step"`   // what people call the pipe
	Use    string `json:"use"`    // of the pipe
	Plugin string `json:"plugin"` // whose code runs
	File   string `json:"file"`   // of the plugin
	Began  int64  `json:"began"`
	Seen   int64  `json:"seen"` // when it had not returned yet
}

// valueLong is the name of the fact that has all of them.
const valueLong = "long calls"

// longFor is how long one counts of whose process nothing is heard any more.
const longFor = 30 * time.Second

// Values are the part of a [Store] that keeps facts.
type Values interface {
	Now(ctx context.Context) (int64, error)
	Value(ctx context.Context, key string) (string, bool, error)
	SetValue(ctx context.Context, key, value string) error
}

// LongCalls are those that have not returned.
func LongCalls(ctx context.Context, s Values) ([]LongCall, error) {
	text, ok, err := s.Value(ctx, valueLong)
	if err != nil || !ok || text == "" {
		return nil, err
	}
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	var all []LongCall
	if json.Unmarshal([]byte(text), &all) != nil {
		return nil, nil // of another release
	}
	return slices.DeleteFunc(all, func(c LongCall) bool { return now-c.Seen > longFor.Microseconds() }), nil
}

// SetLongCalls replaces those of a host. Two hosts that do so at the same moment may lose
// those of one until it does so again.
func SetLongCalls(ctx context.Context, s Values, host string, calls []LongCall) error {
	all, err := LongCalls(ctx, s)
	if err != nil {
		return err
	}
	all = append(slices.DeleteFunc(all, func(c LongCall) bool { return c.Host == host }), calls...)
	if len(all) == 0 {
		return s.SetValue(ctx, valueLong, "")
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return s.SetValue(ctx, valueLong, string(text))
}
