package runs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/runs/sqlite"
)

// closes is a store that can be closed.
type closes struct{ twoWait }

func (closes) Close() error { return nil }

func TestWhoeverWorkedIsGoneAfterAWhile(t *testing.T) {
	for name, c := range map[string]struct {
		works func(second int) bool
		until int // the second in which it is noticed; 0: never
	}{
		"somebody works":                 {func(int) bool { return true }, 0},
		"nobody does":                    {func(int) bool { return false }, 10},
		"it has been killed":             {func(s int) bool { return s < 20 }, 30},
		"it is started anew":             {func(s int) bool { return s < 20 || s > 25 }, 0},
		"it dies once more":              {func(s int) bool { return s < 20 || s > 25 && s < 40 }, 50},
		"whoever was killed ends slowly": {func(s int) bool { return s < 1 }, 11},
	} {
		t.Run(name, func(t *testing.T) {
			second, began, noticed := 0, time.Now(), 0
			d := &Desk{alone: func(context.Context) (*app.RunStore, error) {
				if c.works(second) {
					return nil, &sqlite.LockedError{}
				}
				return &app.RunStore{Store: closes{}}, nil
			}}
			by := &deserted{desk: d}
			for ; second < 100 && noticed == 0; second++ {
				switch err := by.look(t.Context(), began.Add(time.Duration(second)*time.Second)); {
				case errors.Is(err, errDeserted):
					noticed = second
				case err != nil:
					t.Fatal(err)
				}
			}
			if noticed != c.until {
				t.Errorf("it is noticed after %d s, want %d", noticed, c.until)
			}
		})
	}
	if err := (*deserted)(nil).look(t.Context(), time.Now()); err != nil {
		t.Error(err)
	}
}
