package sqlstore

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// MayBeBlind is mayBeBlind.
func MayBeBlind(b store.Batch) bool { return mayBeBlind(b) }

// CommitBlind is [Store.Commit] that doesn't ask at length.
func (s *Store) CommitBlind(ctx context.Context, b store.Batch) error {
	return s.db.Write(ctx, true, func(t *Tx) error { return t.commitBlind(b) })
}

// CommitAsked is [Store.Commit] that always asks at length.
func (s *Store) CommitAsked(ctx context.Context, b store.Batch) (counted *store.Cause, err error) {
	err = s.db.Write(ctx, true, func(t *Tx) (err error) {
		counted, err = t.commit(b)
		return err
	})
	return counted, err
}

// FenceAsked is [Store.Fence] that always asks at length.
func (s *Store) FenceAsked(ctx context.Context, held store.Held, b store.Begin) error {
	return s.fenceAsked(ctx, held, b)
}

var errRollBack = errors.New("nothing is to stay")

// Holds are the answers of holds and of held about a run.
func (s *Store) Holds(ctx context.Context, h store.Held, atWork *string, sends bool) (blind, asked bool, err error) {
	err = s.db.Write(ctx, true, func(t *Tx) error {
		return errors.Join(t.holds(h, atWork, sends), t.flush())
	})
	if err != nil && !errors.Is(err, ErrNothing) {
		return false, false, err
	}
	blind = err == nil
	err = s.db.Write(ctx, true, func(t *Tx) error {
		r, err := t.held(h, false)
		if err != nil && !errors.Is(err, store.ErrFence) {
			return err
		}
		asked = err == nil && r.found && r.cancel == "" && (!sends || !t.d.Leases || r.until-t.now >= r.lease/4)
		return errRollBack
	})
	if errors.Is(err, errRollBack) {
		err = nil
	}
	return blind, asked, err
}

// EndsAlone ends a run by endHeld, or by held and end, and does nothing to what it has.
func (s *Store) EndsAlone(ctx context.Context, h store.Held, e store.End, blind bool) error {
	return s.db.Write(ctx, true, func(t *Tx) error {
		if blind {
			return errors.Join(t.endHeld(h, e), t.flush())
		}
		r, err := t.held(h, false)
		switch {
		case err != nil:
			return err
		case !r.found:
			return store.ErrFence
		case r.cancel != "":
			return store.ErrCanceled
		}
		return t.later(endRun, t.endArgs(h, e)...)
	})
}

// Exec changes a store as no method of it does.
func (s *Store) Exec(ctx context.Context, statement string) error {
	return s.db.Write(ctx, true, func(t *Tx) error {
		_, err := t.exec(statement)
		return err
	})
}

var (
	madeTable  = regexp.MustCompile(`(?s)^CREATE TABLE \{s\}(\w+) \((.*)\)`)
	madeColumn = regexp.MustCompile(`(?m)(?:^|,)\s*([a-z_]+) (text|bigint|\{blob\}|\{serial\})`)
)

// Tables are the tables of the schema with their columns, as expressions that yield texts.
func (s *Store) Tables() map[string][]string {
	tables := make(map[string][]string)
	for _, statements := range versions {
		for _, statement := range statements {
			table := madeTable.FindStringSubmatch(statement)
			if table == nil {
				continue
			}
			for _, column := range madeColumn.FindAllStringSubmatch(table[2], -1) {
				text := "CAST(" + column[1] + " AS text)"
				if column[2] == "{blob}" {
					if text = "hex(" + column[1] + ")"; s.d.Leases {
						text = "upper(encode(" + column[1] + ", 'hex'))"
					}
					text = "CASE WHEN " + column[1] + " IS NULL THEN NULL ELSE " + text + " END"
				}
				tables[table[1]] = append(tables[table[1]], "'"+column[1]+"=' || coalesce("+text+", 'NULL')")
			}
		}
	}
	return tables
}

// Dump is all that is in the store, sorted: a row is its table, then its columns as
// NAME=VALUE.
func (s *Store) Dump(ctx context.Context) (out []string, err error) {
	var all []string
	for table, columns := range s.Tables() {
		all = append(all, `SELECT '`+table+` ' || `+strings.Join(columns, ` || ' ' || `)+` AS whole FROM {s}`+table)
	}
	slices.Sort(all)
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		out, err = t.texts(strings.Join(all, " UNION ALL "))
		return err
	})
	slices.Sort(out)
	return out, err
}
