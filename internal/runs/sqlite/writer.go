package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	turn    chan bool // false: it is done; true: it is first now, and writes for all
}

// writer lets one write at a time in this process: whoever comes first, for all who wait.
type writer struct {
	conn *conn
	d    *sqlstore.Dialect

	mu      sync.Mutex
	waiting []*job
	busy    bool
	closed  bool

	full bool         // the connection syncs at each commit
	mark atomic.Int64 // of the last end that was stored; 0: not known yet
}

func newWriter(c *conn, d *sqlstore.Dialect) *writer {
	return &writer{conn: c, d: d, full: true}
}

func (w *writer) write(ctx context.Context, durable bool, work func(*sqlstore.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.wait(&job{durable: durable, work: work, turn: make(chan bool, 1)})
}

// outside runs something that can't be in a transaction.
func (w *writer) outside(work func(*conn) error) error {
	return w.wait(&job{outside: work, turn: make(chan bool, 1)})
}

func (w *writer) wait(j *job) error {
	w.mu.Lock()
	w.waiting = append(w.waiting, j)
	first := !w.busy
	w.busy = true
	w.mu.Unlock()
	if first || <-j.turn {
		w.lead()
	}
	return j.err
}

var errClosed = fmt.Errorf("%w: it was closed", store.ErrUnavailable)

// lead writes what waits, its own job first, and hands on to who waits then. A panic in
// between leaves a transaction open: then the store is closed.
func (w *writer) lead() {
	w.mu.Lock()
	group, closed, ended := w.together(), w.closed, false
	w.mu.Unlock()
	defer func() {
		for _, j := range group[1:] {
			j.turn <- false
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.closed = w.closed || !ended
		if w.busy = len(w.waiting) > 0; w.busy {
			w.waiting[0].turn <- true
		}
	}()
	for _, j := range group {
		j.err = errClosed // unless it is written
	}
	if !closed {
		w.run(group)
	}
	ended = true
}

// together takes what waits, up to what is done outside.
func (w *writer) together() []*job {
	n := 1
	for n < min(len(w.waiting), mostTogether) && w.waiting[n-1].outside == nil {
		n++
	}
	group := w.waiting[:n:n]
	w.waiting = w.waiting[n:]
	return group
}

func (w *writer) run(group []*job) {
	if last := group[len(group)-1]; last.outside != nil {
		group = group[:len(group)-1]
		defer func() { last.err, _ = translate(last.outside(w.conn)) }()
	}
	if len(group) == 0 {
		return
	}
	if err := w.transaction(group); err != nil {
		out, _ := translate(err)
		for _, j := range group {
			if j.err == nil || errors.Is(j.err, errClosed) { // what was refused anyway has its own error
				j.err = out
			}
		}
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
	return w.outside(func(c *conn) error {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		return c.close()
	})
}
