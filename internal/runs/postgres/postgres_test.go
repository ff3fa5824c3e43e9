package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
	"github.com/open-ticket-ai/otai/internal/runs/storetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const schema = "otai"

func open(t testing.TB) *Store {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `CREATE SCHEMA `+schema); err != nil {
			return err
		}
		return Migrate(t.Context(), tx, schema)
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Pool: pool, Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opened { return storetest.Opened{Store: open(t), Leases: true} })
}
