package powercut

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/open-ticket-ai/otai/internal/runs/sqlite"
	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// database is the store over the other driver, with the settings of the real one.
type database struct {
	db *sql.DB
	c  *sql.Conn
	d  *sqlstore.Dialect
}

func open(t testing.TB, name string, d *disk) *database {
	t.Helper()
	vfs.Register(name, d)
	db, err := sql.Open("sqlite3", "file:runs.db?vfs="+name)
	must(t, err)
	c, err := db.Conn(context.Background())
	must(t, err)
	out := &database{db, c, sqlite.Dialect(nil)}
	// A disk of memory has no shared memory: one connection alone needs none.
	for _, pragma := range []string{"locking_mode=EXCLUSIVE", "journal_mode=WAL", "secure_delete=1", "wal_autocheckpoint=20"} {
		_, err := c.ExecContext(context.Background(), "PRAGMA "+pragma)
		must(t, err)
	}
	return out
}

func (db *database) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	result, err := db.c.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (db *database) Query(ctx context.Context, statement string, args ...any) (sqlstore.Rows, error) {
	return db.c.QueryContext(ctx, statement, args...)
}

func (db *database) Write(ctx context.Context, durable bool, work func(*sqlstore.Tx) error) error {
	mode := "NORMAL"
	if durable {
		mode = "FULL"
	}
	_, err := db.c.ExecContext(ctx, "PRAGMA synchronous="+mode)
	_, err2 := db.c.ExecContext(ctx, "BEGIN IMMEDIATE")
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if err := work(sqlstore.NewTx(ctx, db, db.d)); err != nil {
		_, _ = db.c.ExecContext(ctx, "ROLLBACK")
		return err
	}
	_, err = db.c.ExecContext(ctx, "COMMIT")
	return err
}

func (db *database) Read(ctx context.Context, work func(*sqlstore.Tx) error) error {
	return work(sqlstore.NewTx(ctx, db, db.d))
}

func (db *database) ReadOne(ctx context.Context, work func(*sqlstore.Tx) error) error {
	return db.Read(ctx, work)
}

func (db *database) Close() error { return errors.Join(db.c.Close(), db.db.Close()) }

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestNothingDurableIsLostAndNothingIsHalfAfterAPowerCut cuts the power after each thing
// that was done to the disk: once with all that was written, once with a random part of
// what was not synced.
func TestNothingDurableIsLostAndNothingIsHalfAfterAPowerCut(t *testing.T) {
	ctx := context.Background()
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	d := &disk{files: make(map[string][]byte)}
	db := open(t, "recorded", d)
	must(t, db.Write(ctx, true, func(tx *sqlstore.Tx) error { return tx.Migrate(0) }))
	s := sqlstore.New(db, db.d)
	must(t, s.Register(ctx, store.Host{ID: "a", Instance: "a"}))
	held := store.Held{Run: "run", Host: "a", Fence: 1}
	_, err := s.Commit(ctx, store.Batch{Held: held, Durable: true, Create: &store.Run{ID: "run", Runner: "r", Hash: "h"}})
	must(t, err)
	begin := d.now()
	const batches = 80
	promised := make([]int, batches) // when the batch was on the disk by promise; 0: never
	for i := range batches {
		body := []byte(strings.Repeat("x", 10+r.IntN(9000)))
		durable := i%3 == 2
		_, err := s.Commit(ctx, store.Batch{Held: held, Durable: durable, Steps: []store.Step{
			{Key: fmt.Sprintf("a%03d", i), Result: body}, {Key: fmt.Sprintf("b%03d", i), Result: body},
		}})
		must(t, err)
		if durable {
			for j := i; j >= 0 && promised[j] == 0; j-- { // and all before it
				promised[j] = d.now()
			}
		}
	}
	every := 20
	if os.Getenv("OTAI_TEST_ALL") != "" {
		every = 1
	}
	cuts := 0
	for at := begin; at <= len(d.log); at += every {
		for i, keep := range []func(event) (event, bool){everything, chance(r)} {
			check(t, d.cut(at, keep), fmt.Sprintf("cut%d-%d", at, i), at, promised)
			cuts++
		}
		if t.Failed() {
			break
		}
	}
	must(t, db.Close())
	t.Logf("%d cuts of %d events", cuts, len(d.log)-begin)
}

func check(t *testing.T, d *disk, name string, at int, promised []int) {
	t.Helper()
	ctx := context.Background()
	db := open(t, name, d)
	defer func() { must(t, db.Close()); vfs.Unregister(name) }()
	var answer string
	must(t, db.c.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&answer))
	if answer != "ok" {
		t.Fatalf("%s: %s", name, answer)
	}
	l, err := sqlstore.New(db, db.d).Load(ctx, "run")
	must(t, err)
	found := make(map[string]bool)
	for _, s := range l.Steps {
		found[s.Key] = true
	}
	gap := false
	for i, when := range promised {
		a, b := found[fmt.Sprintf("a%03d", i)], found[fmt.Sprintf("b%03d", i)]
		switch {
		case a != b:
			t.Errorf("%s: batch %d is there by half", name, i)
		case !a && when != 0 && when <= at:
			t.Errorf("%s: batch %d was promised at %d and is lost", name, i, when)
		case a && gap:
			t.Errorf("%s: batch %d is there, and one before it isn't", name, i)
		}
		gap = gap || !a
	}
}
