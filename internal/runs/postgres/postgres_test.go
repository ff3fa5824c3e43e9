package postgres

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/internal/runs/storetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const schema = "otai"

func open(t testing.TB) *Store {
	t.Helper()
	return openTraced(t, nil)
}

func openTraced(t testing.TB, tracer pgx.QueryTracer) *Store {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.Tracer = tracer
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
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

// trips counts what is sent to the database.
type trips struct{ n atomic.Int64 }

func (c *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (c *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (*trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData)     {}
func (*trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (*trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func TestAnIntentAndAnEndAreOneRoundTripEach(t *testing.T) {
	c := &trips{}
	s := openTraced(t, c)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Register(ctx, store.Host{ID: "h", Instance: "i", Lease: time.Minute}))
	held := store.Held{Run: "run", Host: "h", Fence: 1}
	claimed, err := s.Claim(ctx, store.Claim{
		Held: held, Create: &store.Run{ID: "run", Runner: "r", Hash: "h1"},
		Runner: "r", Hash: "h1", System: "s", Tickets: []string{"1"}, Limit: 1,
	})
	must(err)
	f := store.Effect{Key: "e", Operation: "update", System: "s", Ticket: "1", State: store.Intent, Intent: []byte("i")}
	done := f
	done.State = store.Done
	k := claimed.Tickets[0]
	k.Run, k.Working, k.Standing = "", false, store.Handled
	for _, step := range []struct {
		name  string
		batch store.Batch
	}{
		{"an intent", store.Batch{Steps: []store.Step{{Key: "a"}}, Effects: []store.Effect{f}, Begin: &store.Begin{Effect: "e", Lasts: time.Minute}}},
		{"an end", store.Batch{
			Effects: []store.Effect{done}, Success: []string{"c", "d"}, Tickets: []store.Ticket{k}, Forget: true,
			End: &store.End{State: store.Ended, Outcome: store.Applied},
		}},
	} {
		before := c.n.Load()
		step.batch.Held = held
		_, err := s.Commit(ctx, step.batch)
		must(err)
		if n := c.n.Load() - before; n != 1 {
			t.Errorf("%s takes %d round trips", step.name, n)
		}
	}
	l, err := s.Load(ctx, "run")
	must(err)
	if f := l.Effects[0]; l.Run.State != store.Ended || f.State != store.Done || f.Until-f.Begun != time.Minute.Microseconds() || f.Intent != nil {
		t.Errorf("run %+v with %+v", l.Run, f)
	}
}
