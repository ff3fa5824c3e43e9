package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// hooked is the transaction as the queue's hooks see it: their first statement travels
// with what waits.
type hooked struct {
	p *pipeline
}

var _ pgx.Tx = hooked{}

var errHook = errors.New("a hook may neither end the transaction nor use large objects")

// Exec implements [pgx.Tx], as all below.
func (h hooked) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return h.p.exec(ctx, sql, args...)
}

func (h hooked) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r, err := h.p.query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return hookRows{r.rows.Rows, r}, nil
}

func (h hooked) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	r, err := h.Query(ctx, sql, args...)
	return hookRow{r, err}
}

// begun sends what waits, for what can't wait with it.
func (h hooked) begun(ctx context.Context) error {
	if h.p.tx == nil && len(h.p.waiting) == 0 {
		h.p.Later("SELECT 1", nil, nil)
	}
	return h.p.Flush(ctx)
}

func (h hooked) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := h.begun(ctx); err != nil {
		return nil, err
	}
	return h.p.tx.Begin(ctx)
}

func (h hooked) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, from pgx.CopyFromSource) (int64, error) {
	if err := h.begun(ctx); err != nil {
		return 0, err
	}
	return h.p.tx.CopyFrom(ctx, table, columns, from)
}

func (h hooked) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if err := h.begun(ctx); err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	return h.p.tx.SendBatch(ctx, b)
}

func (h hooked) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if err := h.begun(ctx); err != nil {
		return nil, err
	}
	return h.p.tx.Prepare(ctx, name, sql)
}

func (hooked) Commit(context.Context) error   { return errHook }
func (hooked) Rollback(context.Context) error { return errHook }
func (hooked) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }
func (h hooked) Conn() *pgx.Conn              { return h.p.conn.Conn() }

// hookRows end the answers with themselves.
type hookRows struct {
	pgx.Rows
	last *lastRows
}

func (r hookRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r hookRows) Close() { _ = r.last.Close() }

type hookRow struct {
	rows pgx.Rows
	err  error
}

func (r hookRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		return errors.Join(r.rows.Err(), pgx.ErrNoRows)
	}
	return errors.Join(r.rows.Scan(dest...), r.rows.Err())
}
