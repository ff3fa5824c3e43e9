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
	return db.byReader(ctx, func(c *conn) error {
		if _, err := c.Exec(ctx, "BEGIN"); err != nil {
			return err
		}
		err := work(sqlstore.NewTx(ctx, c, db.d))
		_, end := c.Exec(ctx, "ROLLBACK")
		return errors.Join(err, end)
	})
}

// ReadOne implements [sqlstore.DB]. One statement sees one state of the database also
// outside of a transaction.
func (db *database) ReadOne(ctx context.Context, work func(*sqlstore.Tx) error) error {
	return db.byReader(ctx, func(c *conn) error { return work(sqlstore.NewTx(ctx, c, db.d)) })
}

func (db *database) byReader(ctx context.Context, read func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// A connection that is opened now would be one to another file.
	if err := db.present.look(); err != nil {
		return err
	}
	select {
	case c, open := <-db.readers:
		if !open {
			return errClosed
		}
		c, err := db.read(ctx, c, read)
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

func (db *database) read(ctx context.Context, c *conn, read func(*conn) error) (_ *conn, err error) {
	if c == nil {
		if c, err = newConn(ctx, db.reading); err != nil {
			return nil, err
		}
	}
	return c, read(c)
}
