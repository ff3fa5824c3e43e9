package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
)

// pipeline is a transaction whose statements wait until an answer is needed and then
// travel together: the first ones with its beginning, the last ones with its end. Most
// transactions are one round trip so.
type pipeline struct {
	conn    *pgxpool.Conn
	options pgx.TxOptions
	single  bool   // one statement, which needs no transaction
	tx      pgx.Tx // nil until it has begun
	waiting []statement
}

var _ sqlstore.Pipeline = (*pipeline)(nil)

type statement struct {
	sql  string
	args []any
	each func(sqlstore.Rows) error
}

// Later implements [sqlstore.Pipeline].
func (p *pipeline) Later(sql string, args []any, each func(sqlstore.Rows) error) {
	p.waiting = append(p.waiting, statement{sql, args, each})
}

// send sends what waits, and one statement more unless it is "". The caller reads that
// one's answer and closes the answers.
func (p *pipeline) send(ctx context.Context, sql string, args ...any) (pgx.BatchResults, error) {
	var b pgx.Batch
	begins := p.tx == nil && !p.single
	if begins {
		b.BeginTx(p.options)
	}
	for _, s := range p.waiting {
		b.Queue(s.sql, s.args...)
	}
	if sql != "" {
		b.Queue(sql, args...)
	}
	answers := p.conn.SendBatch(ctx, &b)
	var err error
	if begins {
		p.tx = answers.Tx()
		_, err = answers.Exec()
	}
	for _, s := range p.waiting {
		if err != nil {
			break
		}
		err = s.answer(answers)
	}
	p.waiting = nil
	if err != nil {
		_ = answers.Close()
		return nil, err
	}
	return answers, nil
}

func (s statement) answer(answers pgx.BatchResults) error {
	if s.each == nil {
		_, err := answers.Exec()
		return wrap(err)
	}
	r, err := answers.Query()
	if err != nil {
		return wrap(err)
	}
	defer r.Close()
	for r.Next() {
		if err := s.each(rows{r}); err != nil {
			return err
		}
	}
	return wrap(r.Err())
}

// exec sends what waits and a statement.
func (p *pipeline) exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	answers, err := p.send(ctx, sql, args...)
	if err != nil {
		return tag, wrap(err)
	}
	if sql != "" {
		tag, err = answers.Exec()
	}
	return tag, wrap(errors.Join(err, answers.Close()))
}

// Exec implements [sqlstore.Querier].
func (p *pipeline) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := p.exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

// Query implements [sqlstore.Querier].
func (p *pipeline) Query(ctx context.Context, sql string, args ...any) (sqlstore.Rows, error) {
	return p.query(ctx, sql, args...)
}

func (p *pipeline) query(ctx context.Context, sql string, args ...any) (*lastRows, error) {
	answers, err := p.send(ctx, sql, args...)
	if err != nil {
		return nil, wrap(err)
	}
	r, err := answers.Query()
	if err != nil {
		return nil, wrap(errors.Join(err, answers.Close()))
	}
	return &lastRows{rows{r}, answers}, nil
}

// Flush implements [sqlstore.Pipeline].
func (p *pipeline) Flush(ctx context.Context) error {
	if len(p.waiting) == 0 {
		return nil
	}
	_, err := p.exec(ctx, "")
	return err
}

// end commits, together with what waits. What did nothing needn't be.
func (p *pipeline) end(ctx context.Context) error {
	if p.tx == nil && len(p.waiting) == 0 {
		return nil
	}
	if p.single {
		return p.Flush(ctx)
	}
	tag, err := p.exec(ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" {
		return wrap(pgx.ErrTxCommitRollback)
	}
	return err
}

// close gives the connection back, after a rollback if the transaction hasn't ended. A
// connection whose transaction can't be ended isn't used again.
func (p *pipeline) close(ctx context.Context) {
	if c := p.conn.Conn(); !c.IsClosed() && c.PgConn().TxStatus() != 'I' {
		_, _ = c.Exec(ctx, "rollback")
	}
	p.conn.Release()
}

// lastRows are the rows of the last statement that was sent.
type lastRows struct {
	rows
	answers pgx.BatchResults
}

func (r *lastRows) Close() error {
	r.rows.Rows.Close()
	err := r.rows.Rows.Err()
	return wrap(errors.Join(err, r.answers.Close()))
}
