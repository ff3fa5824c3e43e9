package sqlite

import (
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/open-ticket-ai/otai/internal/runs/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		var ahead atomic.Int64
		s, err := Open(t.Context(), Options{Dir: t.TempDir(), Clock: func() time.Time {
			return time.Now().Add(time.Duration(ahead.Load()))
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return storetest.Opened{Store: s, Advance: func(d time.Duration) { ahead.Add(int64(d)) }}
	})
}
