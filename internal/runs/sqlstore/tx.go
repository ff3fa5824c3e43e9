package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// DB runs work in transactions.
type DB interface {
	// Write runs work in a transaction that stays if work returns nil, and is on the disk
	// then if it is to be durable. Work may be called several times.
	Write(ctx context.Context, durable bool, work func(*Tx) error) error
	Read(ctx context.Context, work func(*Tx) error) error
	// ReadOne is Read for work of one statement.
	ReadOne(ctx context.Context, work func(*Tx) error) error
	Close() error
}

// Querier is a transaction of a database.
type Querier interface {
	Exec(ctx context.Context, statement string, args ...any) (changed int64, err error)
	Query(ctx context.Context, statement string, args ...any) (Rows, error)
}

// Pipeline is a querier that needn't wait for each answer. A database without one carries
// out statement after statement.
type Pipeline interface {
	Querier
	// Later carries out a statement before the next one, or before the transaction ends,
	// and calls each, if there is one, with every row of its answer.
	Later(statement string, args []any, each func(Rows) error)
	// Flush carries out what waits.
	Flush(ctx context.Context) error
}

// ErrNothing means that a statement which must have a row has none: nothing of its
// transaction stays.
var ErrNothing = errors.New("a row that must be there isn't")

// Rows are the rows of an answer.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// Tx is a transaction.
type Tx struct {
	ctx context.Context //nolint:containedctx // it lives as long as the transaction's one call
	q   Querier
	d   *Dialect
	now int64

	mark int64 // of what ends in it

	// Ready are the runs that became ready in it, Ended the attempt that it ended: for the
	// queue that carries runs to other hosts, in the same transaction.
	Ready []store.ReadyRun
	Ended *store.Held
}

// Mark is for database packages: the mark of what ended in it, 0 if nothing did.
func (t *Tx) Mark() store.Mark { return store.Mark(t.mark) }

// NewTx is for database packages.
func NewTx(ctx context.Context, q Querier, d *Dialect) *Tx { return &Tx{ctx: ctx, q: q, d: d} }

// Store implements [store.Store].
type Store struct {
	db DB
	d  *Dialect

	mu       sync.Mutex
	suspects map[string]map[string]int64 // by host: runs that nobody worked at when it was last asked, with their fence
	latest   int64                       // the latest time seen, of a clock that may jump back
}

var _ store.Store = (*Store)(nil)

// New returns a store in a database whose schema is made.
func New(db DB, d *Dialect) *Store {
	return &Store{db: db, d: d, suspects: make(map[string]map[string]int64)}
}

// Close implements [store.Store].
func (s *Store) Close() error { return s.db.Close() }

// Now is the database's clock, the same during a transaction.
func (t *Tx) Now() (int64, error) {
	if t.now != 0 {
		return t.now, nil
	}
	if t.d.Clock != nil {
		t.now = t.d.Clock()
		return t.now, nil
	}
	_, err := t.row(`SELECT {now}`, nil, &t.now)
	return t.now, err
}

// Now implements [store.Store].
func (s *Store) Now(ctx context.Context) (now int64, err error) {
	if s.d.Clock != nil {
		return s.d.Clock(), nil
	}
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		now, err = t.Now()
		return err
	})
	return now, err
}

// stamp is the time as an argument of a statement that has it as coalesce(CAST(argument
// AS bigint), {stamp}): where it isn't known yet the database needn't be asked for it.
func (t *Tx) stamp() any {
	if t.now == 0 && t.d.Clock != nil {
		t.now = t.d.Clock()
	}
	if t.now == 0 {
		return nil
	}
	return t.now
}

type args []any

func (t *Tx) exec(statement string, a ...any) (int64, error) {
	return t.q.Exec(t.ctx, t.d.SQL(statement), a...)
}

// later carries out a statement whose answer isn't needed before the transaction's end.
func (t *Tx) later(statement string, a ...any) error { return t.laterRows(statement, a, nil) }

// laterRows is later for a statement whose rows each gets, at the latest at the
// transaction's end.
func (t *Tx) laterRows(statement string, a args, each func(Rows) error) error {
	if p, ok := t.q.(Pipeline); ok {
		p.Later(t.d.SQL(statement), a, each)
		return nil
	}
	if each != nil {
		return t.rows(statement, a, each)
	}
	_, err := t.exec(statement, a...)
	return err
}

// must is later for a statement between {must} and {row}, without whose row nothing of
// the transaction stays.
func (t *Tx) must(statement string, a ...any) error {
	if p, ok := t.q.(Pipeline); ok {
		p.Later(t.d.SQL(statement), a, nil)
		return nil
	}
	var one int64
	found, err := t.row(statement, a, &one)
	if err == nil && !found {
		err = ErrNothing
	}
	return err
}

// flush waits for what is later.
func (t *Tx) flush() error {
	if p, ok := t.q.(Pipeline); ok {
		return p.Flush(t.ctx)
	}
	return nil
}

// row reads the first row of an answer, if there is one.
func (t *Tx) row(statement string, a args, dest ...any) (found bool, err error) {
	err = t.rows(statement, a, func(rows Rows) error {
		if found {
			return nil
		}
		found = true
		return rows.Scan(dest...)
	})
	return found, err
}

// rows calls each for every row. Each may not use the transaction.
func (t *Tx) rows(statement string, a args, each func(Rows) error) (err error) {
	rows, err := t.q.Query(t.ctx, t.d.SQL(statement), a...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// texts reads a column.
func (t *Tx) texts(statement string, a ...any) (out []string, err error) {
	err = t.rows(statement, a, func(rows Rows) error {
		var text string
		err := rows.Scan(&text)
		out = append(out, text)
		return err
	})
	return out, err
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// blob keeps nil apart from nothing, which drivers do not.
func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

func missing(what, id string) error {
	return fmt.Errorf("%s %q: %w", what, id, store.ErrMissing)
}

// Exists is for database packages: whether a statement of theirs has an answer.
func (t *Tx) Exists(statement string) (bool, error) {
	var one int64
	return t.row(statement, nil, &one)
}

func micro(d time.Duration) int64 { return d.Microseconds() }
