package sqlite

import (
	"context"
	"database/sql"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
)

// conn is one connection with its prepared statements. It runs each to its end, whatever
// becomes of the caller: an interrupted statement would take the transaction with it.
type conn struct {
	conn  *sql.Conn
	ready map[string]*sql.Stmt
}

func newConn(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{c, make(map[string]*sql.Stmt)}, nil
}

func (c *conn) stmt(statement string) (*sql.Stmt, error) {
	if s, ok := c.ready[statement]; ok {
		return s, nil
	}
	s, err := c.conn.PrepareContext(context.Background(), statement)
	if err == nil {
		c.ready[statement] = s
	}
	return s, err
}

// Exec implements [sqlstore.Querier].
func (c *conn) Exec(_ context.Context, statement string, args ...any) (int64, error) {
	s, err := c.stmt(statement)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Query implements [sqlstore.Querier].
func (c *conn) Query(_ context.Context, statement string, args ...any) (sqlstore.Rows, error) {
	s, err := c.stmt(statement)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.Background(), args...)
}

// pragma is a statement that isn't kept.
func (c *conn) pragma(statement string) error {
	_, err := c.conn.ExecContext(context.Background(), statement)
	return err
}

func (c *conn) close() error {
	for _, s := range c.ready {
		_ = s.Close()
	}
	return c.conn.Close()
}
