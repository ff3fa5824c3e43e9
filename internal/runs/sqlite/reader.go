package sqlite

import (
	"context"
	"database/sql"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
)

// readers is how many connections read.
const readers = 4

// Read implements [sqlstore.DB].
func (db *database) Read(ctx context.Context, work func(*sqlstore.Tx) error) error {
	tx, err := db.reading.BeginTx(ctx, nil)
	if err != nil {
		out, _ := translate(err)
		return out
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	err = work(sqlstore.NewTx(ctx, readTx{tx}, db.d))
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	out, _ := translate(err)
	return out
}

type readTx struct{ tx *sql.Tx }

// Exec implements [sqlstore.Querier].
func (r readTx) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	result, err := r.tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Query implements [sqlstore.Querier].
func (r readTx) Query(ctx context.Context, statement string, args ...any) (sqlstore.Rows, error) {
	return r.tx.QueryContext(ctx, statement, args...)
}
