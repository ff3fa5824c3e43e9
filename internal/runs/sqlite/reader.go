package sqlite

import (
	"context"
	"errors"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
)

// mostReaders is how many connections read.
const mostReaders = 4

// readers are the connections that read, each with its prepared statements: a search asks
// the store several short questions. nil stands for one that isn't open yet.
type readers chan *conn

func newReaders() readers {
	r := make(readers, mostReaders)
	for range mostReaders {
		r <- nil
	}
	return r
}

// close waits for those that are at work.
func (r readers) close() error {
	var errs []error
	for range cap(r) {
		if c := <-r; c != nil {
			errs = append(errs, c.close())
		}
	}
	close(r)
	return errors.Join(errs...)
}

// Read implements [sqlstore.DB].
func (db *database) Read(ctx context.Context, work func(*sqlstore.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c, open := <-db.readers:
		if !open {
			return errClosed
		}
		c, err := db.read(ctx, c, work)
		out, broken := translate(err)
		if broken && c != nil { // the next one opens it anew
			_ = c.close()
			c = nil
		}
		db.readers <- c
		return out
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (db *database) read(ctx context.Context, c *conn, work func(*sqlstore.Tx) error) (_ *conn, err error) {
	if c == nil {
		if c, err = newConn(ctx, db.reading); err != nil {
			return nil, err
		}
	}
	if _, err := c.Exec(ctx, "BEGIN"); err != nil {
		return c, err
	}
	err = work(sqlstore.NewTx(ctx, c, db.d))
	_, end := c.Exec(ctx, "ROLLBACK")
	return c, errors.Join(err, end)
}
