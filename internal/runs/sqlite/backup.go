package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Backup writes the store as it is at one moment into a new file, beside a process that works.
// Copying the files doesn't: what was done last is in the log beside the file, which changes
// meanwhile. The copy knows that it is one, see [store.ValueCopied].
func (s *Store) Backup(ctx context.Context, to string) error {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fs.ErrExist
		}
		return fmt.Errorf("a copy of the run store: %s: %w", to, err)
	}
	part := to + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("a copy of the run store: %w", err)
	}
	err := s.backupInto(ctx, part)
	if err == nil {
		err = os.Rename(part, to)
	}
	if err != nil {
		_ = os.Remove(part)
		return fmt.Errorf("a copy of the run store: %w", err)
	}
	return syncFile(filepath.Dir(to))
}

func (s *Store) backupInto(ctx context.Context, part string) error {
	// SQLite takes an empty file, and would make one that others can read.
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	options := "?mode=rw&" + pragmas
	if s.db.looking != nil { // nobody works: nothing in the folder changes
		options = "?mode=ro&immutable=1&" + pragmas
	}
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	if err := execute(ctx, s.db.url()+options, "VACUUM INTO ?", part); err != nil {
		return err
	}
	if err := execute(ctx, urlOf(part)+"?mode=rw", `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
		store.ValueCopied, strconv.FormatInt(now, 10)); err != nil {
		return err
	}
	return syncFile(part)
}

// execute executes one statement by a connection of its own.
func execute(ctx context.Context, url, statement string, args ...any) error {
	db, err := sql.Open("sqlite", url)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement, args...)
	return errors.Join(err, db.Close())
}

// syncFile waits until a file, or what a folder says, is on the disk.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
