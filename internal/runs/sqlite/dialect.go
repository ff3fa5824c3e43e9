package sqlite

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Dialect is that of SQLite. It is exported for the test of power cuts, which has another driver.
func Dialect(clock func() time.Time) *sqlstore.Dialect {
	if clock == nil {
		clock = time.Now
	}
	return &sqlstore.Dialect{
		Question: true,
		Clock:    func() int64 { return clock().UnixMicro() },
		Words: map[string]string{
			"s": "", "i": "", "blob": "blob", "serial": "integer PRIMARY KEY AUTOINCREMENT", "norowid": " WITHOUT ROWID",
			"lock": "", "skip": "", "list": "SELECT value FROM json_each",
			"duefor": "",
			"ends":   "INSERT INTO meta (name, value) VALUES ('ends', '0')",
			"stamp":  "0", "must": "", "row": "", "living": "", "sending": "",
			"nextend":  "0",
			"countend": "UPDATE meta SET value = CAST(CAST(value AS integer) + 1 AS text) WHERE name = 'ends' RETURNING CAST(value AS integer)",
			"lastend":  "SELECT CAST(value AS integer) FROM meta WHERE name = 'ends'",
		},
	}
}

// ErrDamaged means that the file is damaged. The next start moves it aside.
var ErrDamaged = errors.New("the run store's file is damaged")

// translate gives errors of the driver those of the store. broken reports that the whole
// transaction is lost.
func translate(err error) (out error, broken bool) {
	var e *driver.Error
	switch {
	case err == nil:
		return nil, false
	case errors.Is(err, store.ErrUnavailable): // translated before
		return err, true
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, sqldriver.ErrBadConn):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err), true
	case !errors.As(err, &e):
		return err, errors.Is(err, ErrDamaged) // of the transactions themselves
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_CONSTRAINT:
		if e.Code() == lib.SQLITE_CONSTRAINT_UNIQUE {
			return store.ErrBusy, false
		}
		return fmt.Errorf("the run store: %w", err), false
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w: %w", store.ErrUnavailable, ErrDamaged, err), true
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY,
		lib.SQLITE_NOMEM, lib.SQLITE_PROTOCOL:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err), true
	}
	return fmt.Errorf("the run store: %w", err), false
}
