package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// mostTogether bounds what shares a transaction.
const mostTogether = 64

// job is a write that waits.
type job struct {
	durable bool
	work    func(*sqlstore.Tx) error
	outside func(*conn) error // instead of work: outside of transactions
	err     error
	done    chan struct{}
}

// writer is the only one that writes in this process.
type writer struct {
	conn *conn
	d    *sqlstore.Dialect
	jobs chan *job
	stop chan struct{}
	over chan struct{}

	full bool         // the connection syncs at each commit
	mark atomic.Int64 // of the last end that was stored; 0: not known yet
}

func startWriter(c *conn, d *sqlstore.Dialect) *writer {
	w := &writer{conn: c, d: d, jobs: make(chan *job, mostTogether), stop: make(chan struct{}), over: make(chan struct{}), full: true}
	go w.loop()
	return w
}

func (w *writer) write(ctx context.Context, durable bool, work func(*sqlstore.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.wait(&job{durable: durable, work: work, done: make(chan struct{})})
}

// outside runs something that can't be in a transaction.
func (w *writer) outside(work func(*conn) error) error {
	return w.wait(&job{outside: work, done: make(chan struct{})})
}

func (w *writer) wait(j *job) error {
	select {
	case w.jobs <- j:
	case <-w.over:
		return errClosed
	}
	select {
	case <-j.done:
		return j.err
	case <-w.over:
		select {
		case <-j.done:
			return j.err
		default:
			return errClosed
		}
	}
}

var errClosed = fmt.Errorf("%w: it was closed", store.ErrUnavailable)

func (w *writer) loop() {
	defer close(w.over)
	for {
		select {
		case <-w.stop:
			return
		case first := <-w.jobs:
			w.run(w.together(first))
		}
	}
}

// together collects what waits, up to what is done outside.
func (w *writer) together(first *job) []*job {
	group := []*job{first}
	for len(group) < mostTogether && group[len(group)-1].outside == nil {
		select {
		case j := <-w.jobs:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

func (w *writer) run(group []*job) {
	if last := group[len(group)-1]; last.outside != nil {
		group = group[:len(group)-1]
		defer func() {
			last.err, _ = translate(last.outside(w.conn))
			close(last.done)
		}()
	}
	if len(group) == 0 {
		return
	}
	if err := w.transaction(group); err != nil {
		out, _ := translate(err)
		for _, j := range group {
			if j.err == nil { // what was refused anyway has its own error
				j.err = out
			}
		}
	}
	for _, j := range group {
		close(j.done)
	}
}

// transaction runs the group in one transaction. Its error is everybody's.
func (w *writer) transaction(group []*job) error {
	durable := false
	for _, j := range group {
		durable = durable || j.durable
	}
	if err := w.sync(durable); err != nil {
		return err
	}
	if _, err := w.conn.Exec(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	changed := false
	var mark store.Mark
	for _, j := range group {
		of, err := w.one(j, len(group) > 1)
		if err != nil {
			return errors.Join(err, w.rollback())
		}
		changed = changed || j.err == nil
		mark = max(mark, of)
	}
	if !changed {
		return w.rollback()
	}
	if _, err := w.conn.Exec(context.Background(), "COMMIT"); err != nil {
		_ = w.rollback()
		return err
	}
	if mark > 0 {
		w.mark.Store(int64(mark))
	}
	return nil
}

// one runs one job, behind a savepoint if others share the transaction. It returns the
// mark of what ended in it.
func (w *writer) one(j *job, shared bool) (mark store.Mark, err error) {
	ctx := context.Background()
	if shared {
		if _, err := w.conn.Exec(ctx, "SAVEPOINT one"); err != nil {
			return 0, err
		}
	}
	tx := sqlstore.NewTx(ctx, w.conn, w.d)
	err = j.work(tx)
	var broken bool
	if j.err, broken = translate(err); broken {
		j.err = nil // it is everybody's
		return 0, err
	}
	if j.err == nil {
		mark = tx.Mark()
	}
	if !shared {
		return mark, nil
	}
	if j.err != nil {
		if _, err := w.conn.Exec(ctx, "ROLLBACK TO one"); err != nil {
			return 0, err
		}
	}
	_, err = w.conn.Exec(ctx, "RELEASE one")
	return mark, err
}

// rollback may find that the database has rolled back by itself.
func (w *writer) rollback() error {
	_, _ = w.conn.Exec(context.Background(), "ROLLBACK")
	return nil
}

// sync chooses whether commits wait for the disk. In the write-ahead log a sync covers
// all that was written before.
func (w *writer) sync(full bool) error {
	if w.full == full {
		return nil
	}
	mode := "NORMAL"
	if full {
		mode = "FULL"
	}
	if err := w.conn.pragma("PRAGMA synchronous=" + mode); err != nil {
		return err
	}
	w.full = full
	return nil
}

// emptyLog copies the log into the file and cuts it off: what was deleted from the file
// stands in there still. A reader in the middle of its work puts it off to the next time.
func emptyLog(c *conn) error {
	return errors.Join(c.pragma("PRAGMA busy_timeout=0"), c.pragma("PRAGMA wal_checkpoint(TRUNCATE)"), c.pragma("PRAGMA busy_timeout=5000"))
}

func (w *writer) close() error {
	close(w.stop)
	<-w.over
	return w.conn.close()
}
