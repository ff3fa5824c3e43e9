package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Options are how a store is opened.
type Options struct {
	Dir   string           // the state folder
	Clock func() time.Time // nil: the machine's
	// TrustGroup trusts the members of the folder's group.
	TrustGroup bool
	// PID is the process that whoever is kept out has to stop; 0: this one.
	PID int
}

// Store is a store in a file.
type Store struct {
	*sqlstore.Store
	Path  string
	Moved string // where a damaged file is now; "" if there was none

	db *database
}

// Clean implements [store.Store]. What was deleted is then in no file.
func (s *Store) Clean(ctx context.Context, keepBefore int64, batch int) (int, error) {
	n, err := s.Store.Clean(ctx, keepBefore, batch)
	if err == nil {
		err = s.db.writer.outside(emptyLog)
	}
	return n, err
}

// Mark implements [store.Store]. Whoever has the lock has stored each end itself.
func (s *Store) Mark(ctx context.Context) (store.Mark, error) {
	if s.db.lock != nil {
		if mark := s.db.writer.mark.Load(); mark != 0 {
			return store.Mark(mark), nil
		}
	}
	return s.Store.Mark(ctx)
}

// Open takes the lock and opens the store, or makes one. The error is a [LockedError] if
// another process works with it, an [UntrustedError] if others could change it.
func Open(ctx context.Context, o Options) (*Store, error) {
	f, err := openFolder(o.Dir, o.TrustGroup)
	if err != nil {
		return nil, err
	}
	lock, err := f.lock(o.PID)
	if err != nil {
		return nil, errors.Join(err, f.root.Close())
	}
	db := &database{folder: f, lock: lock, d: Dialect(o.Clock)}
	moved, err := db.openOrReplace(ctx)
	if err != nil {
		return nil, errors.Join(db.explain(err), db.Close())
	}
	db.present = whatIsThere(f.path)
	return &Store{sqlstore.New(db, db.d), db.path(), moved, db}, nil
}

// Look opens a store to read it, beside a process that may work with it. If none does, not
// even a time in the folder changes. The error is [fs.ErrNotExist] if there is none.
func Look(ctx context.Context, o Options) (*Store, error) {
	return beside(ctx, o, func(db *database) error {
		idle, err := db.idle()
		if err != nil || !idle {
			return errors.Join(err, db.open(ctx))
		}
		return db.openReading(ctx, "?mode=ro&immutable=1&"+pragmas)
	})
}

// Beside opens a store that another process may work with: to read it, and for requests
// to that process. The error is [fs.ErrNotExist] if there is none.
func Beside(ctx context.Context, o Options) (*Store, error) {
	return beside(ctx, o, func(db *database) error { return db.open(ctx) })
}

func beside(ctx context.Context, o Options, open func(*database) error) (*Store, error) {
	if _, err := os.Stat(filepath.Join(o.Dir, fileName)); err != nil {
		return nil, fmt.Errorf("the run store: %w", err)
	}
	f, err := openFolder(o.Dir, o.TrustGroup)
	if err != nil {
		return nil, err
	}
	db := &database{folder: f, d: Dialect(o.Clock)}
	if err := open(db); err != nil {
		return nil, errors.Join(db.explain(err), db.Close())
	}
	return &Store{Store: sqlstore.New(db, db.d), Path: db.path(), db: db}, nil
}

// database implements [sqlstore.DB].
type database struct {
	folder  *folder
	lock    *os.File // nil: beside another process
	looking *os.File // the lock, shared: nobody works, and nothing is written
	d       *sqlstore.Dialect
	writing *sql.DB
	reading *sql.DB
	readers readers
	writer  *writer
	present present // of whoever has the lock
}

func (db *database) path() string { return filepath.Join(db.folder.path, fileName) }

// openOrReplace opens the file, and moves it aside if it is damaged.
func (db *database) openOrReplace(ctx context.Context) (moved string, err error) {
	err = db.open(ctx)
	if err == nil {
		err = db.check(ctx)
	}
	if err == nil {
		return "", nil
	}
	if err, _ = translate(err); !errors.Is(err, ErrDamaged) {
		return "", err
	}
	if err := db.closeConnections(); err != nil {
		return "", err
	}
	if moved, err = db.moveAside(); err != nil {
		return "", err
	}
	return moved, db.open(ctx)
}

// explain names the file, and what to do.
func (db *database) explain(err error) error {
	err, _ = translate(err)
	switch {
	case errors.Is(err, ErrDamaged):
		return fmt.Errorf("%s: %w; `otai run` moves it aside when it starts, and begins a new one", db.path(), err)
	case errors.Is(err, store.ErrUnavailable):
		return fmt.Errorf("%s: %w; look whether there is room, and whether the folder can be written", db.path(), err)
	}
	return err
}

// moveAside keeps a damaged file and its log for people.
func (db *database) moveAside() (string, error) {
	to := fileName + ".damaged-" + time.Now().UTC().Format("20060102T150405.000Z")
	for _, suffix := range []string{"-wal", "-shm", ""} {
		err := db.folder.root.Rename(fileName+suffix, to+suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("a damaged run store can't be moved aside: %w", err)
		}
	}
	return filepath.Join(db.folder.path, to), nil
}

// longestRead is how long one who reads is waited for, as by the pragma busy_timeout.
const longestRead = 5 * time.Second

// pragmas of every connection. What is deleted is overwritten: it was a ticket's text.
const pragmas = "_pragma=busy_timeout(5000)&_pragma=secure_delete(1)&_pragma=cache_size(-2000)"

func (db *database) open(ctx context.Context) error {
	if db.lock != nil {
		file, err := db.folder.create(fileName)
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	// The driver's default is fsync, which waits for the time of the change as well. Where
	// there isn't fdatasync it stays so.
	_, _ = driver.Fdatasync(true)
	const options = "?mode=rw&" + pragmas
	var err error
	if db.writing, err = sql.Open("sqlite", db.url()+options); err != nil {
		return err
	}
	c, err := newConn(ctx, db.writing)
	if err != nil {
		return err
	}
	db.writer = startWriter(c, db.d)
	if err := db.prepare(ctx); err != nil {
		return err
	}
	return db.openReading(ctx, options)
}

func (db *database) url() string { return urlOf(db.path()) }

func urlOf(path string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
}

// openReading opens the connections that read, and looks whether this release can.
func (db *database) openReading(ctx context.Context, options string) (err error) {
	if db.reading, err = sql.Open("sqlite", db.url()+options+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	db.reading.SetMaxOpenConns(mostReaders + 1) // one for the check for damage
	db.readers = newReaders()
	return db.Read(ctx, func(t *sqlstore.Tx) error {
		made, err := t.Exists(isMade)
		if err != nil {
			return err
		}
		from, err := t.Version(made)
		if err == nil && from == 0 {
			return fmt.Errorf("the run store: %w", fs.ErrNotExist)
		}
		return err
	})
}

// isMade asks whether the file has the tables of a store.
const isMade = `SELECT 1 FROM sqlite_master WHERE name = 'meta'`

// idle reports whether no process works with the store, and none was killed while it did:
// then the file alone has everything, and is read as it is. While it is read, a process
// that wants to work waits.
func (db *database) idle() (bool, error) {
	if _, err := db.folder.root.Lstat(fileName + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	lock, err := db.folder.root.OpenFile(lockName, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false, nil //nolint:nilerr // without a lock nobody can be kept from working
	}
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil {
		return false, lock.Close()
	}
	db.looking = lock
	return true, nil
}

// prepare brings the file to this release's form. Only who has the lock changes it.
func (db *database) prepare(ctx context.Context) error {
	if db.lock != nil {
		if err := db.keepLog(ctx); err != nil {
			return err
		}
	}
	return db.writer.write(ctx, true, func(t *sqlstore.Tx) error {
		made, err := t.Exists(isMade)
		if err != nil {
			return err
		}
		from, err := t.Version(made)
		switch {
		case err != nil:
			return err
		case db.lock != nil:
			return t.Migrate(from)
		case from == 0:
			return fmt.Errorf("the run store: %w", fs.ErrNotExist)
		}
		return nil
	})
}

// keepLog switches the file to a write-ahead log. Of the switch alone SQLite doesn't wait
// until nobody reads: in a new folder somebody may be looking already.
func (db *database) keepLog(ctx context.Context) error {
	for began := time.Now(); ; {
		err := db.writer.conn.pragma("PRAGMA journal_mode=WAL")
		var e *driver.Error
		if !errors.As(err, &e) || e.Code()&0xff != lib.SQLITE_BUSY || time.Since(began) > longestRead {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// check looks for damage.
func (db *database) check(ctx context.Context) error {
	var answer string
	if err := db.reading.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&answer); err != nil {
		return err
	}
	if answer != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, answer)
	}
	return nil
}

// named says of which file it is true that it can't be used now.
func (db *database) named(err error) error {
	if errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("%s: %w", db.path(), err)
	}
	return err
}

// Write implements [sqlstore.DB].
func (db *database) Write(ctx context.Context, durable bool, work func(*sqlstore.Tx) error) error {
	if db.writer == nil {
		return errors.New("the run store was opened to be read")
	}
	if err := db.present.look(); err != nil {
		return err
	}
	return db.named(db.writer.write(ctx, durable, work))
}

func (db *database) closeConnections() error {
	var errs []error
	if db.reading != nil {
		errs = append(errs, db.readers.close(), db.reading.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.close())
	}
	if db.writing != nil {
		errs = append(errs, db.writing.Close())
	}
	db.reading, db.writer, db.writing = nil, nil, nil
	return errors.Join(errs...)
}

// Close implements [sqlstore.DB].
func (db *database) Close() error {
	err := db.closeConnections()
	for _, lock := range []*os.File{db.lock, db.looking} {
		if lock != nil {
			err = errors.Join(err, lock.Close())
		}
	}
	return errors.Join(err, db.folder.root.Close())
}
