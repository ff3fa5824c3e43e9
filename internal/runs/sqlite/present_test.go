package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

func TestAFileThatIsTakenAwayIsNoticedAndNothingMoreIsStored(t *testing.T) {
	t.Parallel()
	move := func(from, to string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			must(t, os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)))
		}
	}
	for _, row := range []struct {
		name       string
		away, back func(t *testing.T, dir string)
	}{
		{"renamed", move("runs.db", "before"), move("before", "runs.db")},
		{"removed", func(t *testing.T, dir string) { t.Helper(); must(t, os.Remove(filepath.Join(dir, "runs.db"))) }, nil},
		{"replaced by a copy, as by one who goes back to it without stopping otai", func(t *testing.T, dir string) {
			t.Helper()
			move("runs.db", "before")(t, dir)
			content, err := os.ReadFile(filepath.Join(dir, "before"))
			must(t, err, os.WriteFile(filepath.Join(dir, "runs.db"), content, 0o600))
		}, move("before", "runs.db")},
		{"its log removed", func(t *testing.T, dir string) { t.Helper(); must(t, os.Remove(filepath.Join(dir, "runs.db-wal"))) }, nil},
		{"its shared memory renamed", move("runs.db-shm", "before"), move("before", "runs.db-shm")},
		{"its lock removed, so that another otai would begin", func(t *testing.T, dir string) { t.Helper(); must(t, os.Remove(filepath.Join(dir, "runs.lock"))) }, nil},
		{"the folder renamed", move("", "../elsewhere"), move("../elsewhere", "")},
		{"the folder replaced by a file", func(t *testing.T, dir string) {
			t.Helper()
			move("", "../elsewhere")(t, dir)
			must(t, os.WriteFile(dir, nil, 0o600))
		}, func(t *testing.T, dir string) {
			t.Helper()
			must(t, os.Remove(dir))
			move("../elsewhere", "")(t, dir)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			dir := filepath.Join(t.TempDir(), "state")
			must(t, os.Mkdir(dir, 0o700))
			s := openIn(t, dir)
			defer s.Close()
			must(t, s.SetValue(ctx, "before", "1"))
			read := func() error {
				return s.db.Read(ctx, func(t *sqlstore.Tx) error {
					_, err := t.Exists(isMade)
					return err
				})
			}
			must(t, read())
			row.away(t, dir)
			for what, err := range map[string]error{"writing": s.SetValue(ctx, "after", "1"), "reading": read()} {
				gone := (*GoneError)(nil)
				if !errors.As(err, &gone) || !errors.Is(err, store.ErrUnavailable) || gone.Fix() == "" {
					t.Errorf("%s: %v", what, err)
				}
			}
			if row.back == nil {
				return
			}
			row.back(t, dir)
			must(t, s.SetValue(ctx, "again", "1"), read())
		})
	}
}
