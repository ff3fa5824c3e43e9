// Package postgres keeps the run store in PostgreSQL, for one host or many.
//
// Transactions are those of sqlstore; here are the words of the dialect (dialect.go), how
// they are begun, repeated and ended (this file), and the tables (migrate.go). A queue
// that carries runs to other hosts hooks into the transactions: a run that becomes due and
// an attempt that ends are in the queue's tables if and only if they are in the store's.
//
// The clock is the database's, so clocks of hosts may differ as they like.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Options are how a store is opened.
type Options struct {
	Pool   *pgxpool.Pool // closed by who made it
	Schema string
	// Due and Over are the queue's; nil: there is none. Due is called in each transaction
	// in which runs become due, Over in each that ends an attempt.
	Due  func(ctx context.Context, tx pgx.Tx, now int64, runs []store.ReadyRun) error
	Over func(ctx context.Context, tx pgx.Tx, run string) error
}

// Store is a store in PostgreSQL.
type Store struct {
	*sqlstore.Store
}

// Open opens a store whose tables are made. The error is [sqlstore.ErrNewer] if they are
// of a later release that this one doesn't understand, and [ErrNoTables] if there are none.
func Open(ctx context.Context, o Options) (*Store, error) {
	db := &database{o, dialect(o.Schema)}
	err := db.Read(ctx, func(t *sqlstore.Tx) error {
		from, err := version(t, o.Schema)
		if err == nil && from < sqlstore.Schema {
			err = ErrNoTables
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Store{sqlstore.New(db, db.d)}, nil
}

// ErrNoTables means that the tables of this release have to be made first.
var ErrNoTables = errors.New("the run store's tables aren't there or are of an earlier release: make them with otai runs migrate")

// database implements [sqlstore.DB].
type database struct {
	o Options
	d *sqlstore.Dialect
}

// tries is how often a transaction that met another is begun.
const tries = 5

// Write implements [sqlstore.DB]. Commits are on the disk as the database's own settings
// have it, but for those that say themselves that they needn't be.
func (db *database) Write(ctx context.Context, _ bool, work func(*sqlstore.Tx) error) error {
	for try := 1; ; try++ {
		err := db.write(ctx, work)
		if try == tries || !again(err) {
			return translate(ctx, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try) * 5 * time.Millisecond):
		}
	}
}

func (db *database) write(ctx context.Context, work func(*sqlstore.Tx) error) error {
	p, err := db.pipeline(ctx)
	if err != nil {
		return err
	}
	defer p.close(ctx)
	t := sqlstore.NewTx(ctx, p, db.d)
	if err := work(t); err != nil {
		return err
	}
	if err := db.hooks(ctx, hooked{p}, t); err != nil {
		return &databaseError{err}
	}
	return p.end(ctx)
}

func (db *database) pipeline(ctx context.Context) (*pipeline, error) {
	conn, err := db.o.Pool.Acquire(ctx)
	if err != nil {
		return nil, &databaseError{err}
	}
	return &pipeline{conn: conn}, nil
}

func (db *database) hooks(ctx context.Context, tx pgx.Tx, t *sqlstore.Tx) error {
	if t.Ended != nil && db.o.Over != nil {
		if err := db.o.Over(ctx, tx, t.Ended.Run); err != nil {
			return err
		}
	}
	if len(t.Ready) == 0 || db.o.Due == nil {
		return nil
	}
	now, err := t.Now()
	if err != nil {
		return err
	}
	return db.o.Due(ctx, tx, now, t.Ready)
}

// Read implements [sqlstore.DB].
func (db *database) Read(ctx context.Context, work func(*sqlstore.Tx) error) error {
	return db.read(ctx, work, func(p *pipeline) {
		p.options = pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}
	})
}

// ReadOne implements [sqlstore.DB]. One statement sees one state of the database also
// outside of a transaction.
func (db *database) ReadOne(ctx context.Context, work func(*sqlstore.Tx) error) error {
	return db.read(ctx, work, func(p *pipeline) { p.single = true })
}

func (db *database) read(ctx context.Context, work func(*sqlstore.Tx) error, how func(*pipeline)) error {
	p, err := db.pipeline(ctx)
	if err != nil {
		return translate(ctx, err)
	}
	defer p.close(ctx)
	how(p)
	if err := work(sqlstore.NewTx(ctx, p, db.d)); err != nil {
		return translate(ctx, err)
	}
	return translate(ctx, p.end(ctx))
}

// Close implements [sqlstore.DB].
func (*database) Close() error { return nil }

// querier implements [sqlstore.Querier].
type querier struct{ tx pgx.Tx }

func (q querier) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := q.tx.Exec(ctx, statement, args...)
	if err != nil {
		return 0, &databaseError{err}
	}
	return tag.RowsAffected(), nil
}

func (q querier) Query(ctx context.Context, statement string, args ...any) (sqlstore.Rows, error) {
	r, err := q.tx.Query(ctx, statement, args...)
	if err != nil {
		return nil, &databaseError{err}
	}
	return rows{r}, nil
}

type rows struct{ pgx.Rows }

func (r rows) Scan(dest ...any) error { return wrap(r.Rows.Scan(dest...)) }
func (r rows) Err() error             { return wrap(r.Rows.Err()) }
func (r rows) Close() error           { r.Rows.Close(); return wrap(r.Rows.Err()) }

// databaseError is what the database or the way to it answered, not the transaction itself.
type databaseError struct{ err error }

func (e *databaseError) Error() string { return e.err.Error() }
func (e *databaseError) Unwrap() error { return e.err }

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return &databaseError{err}
}

// SQLSTATE codes and classes.
const (
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlock             = "40P01"
	syntaxOrAccess       = "42" // a bug, or rights
	dataException        = "22"
	divisionByZero       = "22012" // of a statement that must have a row, see dialect.go
)

func again(err error) bool {
	code := codeOf(err)
	return code == serializationFailure || code == deadlock
}

func codeOf(err error) string {
	if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}

// translate gives errors of the database those of the store.
func translate(ctx context.Context, err error) error {
	if of := (*databaseError)(nil); !errors.As(err, &of) {
		return err
	}
	if ctx.Err() != nil && codeOf(err) == "" {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, ctx.Err())
	}
	code := codeOf(err)
	switch {
	case code == divisionByZero:
		return sqlstore.ErrNothing
	case code == uniqueViolation:
		return store.ErrBusy
	case len(code) == 5 && (code[:2] == syntaxOrAccess || code[:2] == dataException):
		return fmt.Errorf("the run store: %w", err)
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}
