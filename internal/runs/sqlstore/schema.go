package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Schema is the version that this release writes, Reads the oldest release's that can
// still use it: it is raised only two releases after the last that needs the old form.
const (
	Schema = 5
	Reads  = 1
)

// ErrNewer means that a later release has changed the store so that this one can't use it.
var ErrNewer = errors.New("the run store was made by a newer otai: use that release or a later one")

// versions are the statements that lead to each version, from none at all.
var versions = [][]string{{
	`CREATE TABLE {s}meta (name text PRIMARY KEY, value text NOT NULL){norowid}`,
	`CREATE TABLE {s}host (id text PRIMARY KEY, instance text NOT NULL, version text NOT NULL,
		started bigint NOT NULL, lease bigint NOT NULL, lease_until bigint NOT NULL, dead bigint NOT NULL){norowid}`,
	`CREATE TABLE {s}host_place (host text NOT NULL, runner text NOT NULL, hash text NOT NULL, items bigint NOT NULL,
		PRIMARY KEY (host, runner, hash)){norowid}`,
	`CREATE TABLE {s}run (id text PRIMARY KEY, runner text NOT NULL, place text NOT NULL, hash text NOT NULL,
		parent text NOT NULL, item_key text NOT NULL, state text NOT NULL, outcome text NOT NULL,
		reason text NOT NULL, cause text NOT NULL, attempts bigint NOT NULL, deaths bigint NOT NULL,
		at_work text NOT NULL, owner text NOT NULL, fence bigint NOT NULL,
		due_at bigint, due_from bigint NOT NULL, begun bigint NOT NULL, may_try bigint NOT NULL, tried bigint NOT NULL,
		parked bigint NOT NULL, cancel text NOT NULL, item {blob}, err text NOT NULL,
		created bigint NOT NULL, ended_at bigint NOT NULL){norowid}`,
	// Partial indexes: a run that has ended is in one of them only. A statement that is to
	// use one has its condition, word for word.
	`CREATE INDEX {i}run_due ON {s}run (runner, hash, begun, due_at) WHERE due_at IS NOT NULL`,
	`CREATE INDEX {i}run_owner ON {s}run (owner) WHERE owner <> ''`,
	`CREATE INDEX {i}run_cause ON {s}run (cause, tried) WHERE state = 'waiting'`,
	`CREATE INDEX {i}run_parent ON {s}run (parent) WHERE parent <> ''`,
	`CREATE INDEX {i}run_ended ON {s}run (ended_at) WHERE state = 'ended'`,
	`CREATE TABLE {s}ticket (system text NOT NULL, ticket text NOT NULL, runner text NOT NULL,
		run text NOT NULL, working bigint NOT NULL, fetched bigint NOT NULL, standing text NOT NULL,
		hashes text NOT NULL, last_run text NOT NULL, picture {blob}, settled bigint NOT NULL, cause text NOT NULL,
		attempts bigint NOT NULL, due_at bigint NOT NULL, seen bigint NOT NULL, ended_at bigint NOT NULL,
		released bigint NOT NULL, freed text NOT NULL, note text NOT NULL, changed bigint NOT NULL,
		PRIMARY KEY (system, ticket, runner)){norowid}`,
	`CREATE UNIQUE INDEX {i}ticket_working ON {s}ticket (system, ticket) WHERE working = 1`,
	`CREATE INDEX {i}ticket_run ON {s}ticket (run) WHERE run <> ''`,
	`CREATE INDEX {i}ticket_last_run ON {s}ticket (last_run) WHERE last_run <> ''`,
	`CREATE INDEX {i}ticket_standing ON {s}ticket (runner, system, seen) WHERE standing <> ''`,
	`CREATE INDEX {i}ticket_refused ON {s}ticket (runner, system) WHERE standing IN ('aside', 'dead')`,
	`CREATE INDEX {i}ticket_free ON {s}ticket (changed) WHERE standing = '' AND run = ''`,
	`CREATE TABLE {s}step (run text NOT NULL, step_key text NOT NULL, params text NOT NULL, result {blob},
		PRIMARY KEY (run, step_key)){norowid}`,
	`CREATE TABLE {s}document (run text NOT NULL, ticket text NOT NULL, body {blob},
		PRIMARY KEY (run, ticket)){norowid}`,
	`CREATE TABLE {s}effect (run text NOT NULL, effect_key text NOT NULL, step text NOT NULL,
		operation text NOT NULL, system text NOT NULL, service text NOT NULL, ticket text NOT NULL,
		state text NOT NULL, intent {blob}, record {blob}, outcome {blob}, begun bigint NOT NULL,
		until bigint NOT NULL, boot text NOT NULL, boot_clock bigint NOT NULL,
		created bigint NOT NULL, changed bigint NOT NULL, PRIMARY KEY (run, effect_key)){norowid}`,
	`CREATE INDEX {i}effect_ticket ON {s}effect (system, ticket, changed)`,
	`CREATE INDEX {i}effect_open ON {s}effect (run) WHERE state = 'intent'`,
	`CREATE TABLE {s}cause (name text PRIMARY KEY, runner text NOT NULL, label text NOT NULL,
		tickets bigint NOT NULL, closed bigint NOT NULL, next_try bigint NOT NULL, since bigint NOT NULL){norowid}`,
	`CREATE TABLE {s}cause_ticket (cause text NOT NULL, ticket text NOT NULL, PRIMARY KEY (cause, ticket)){norowid}`,
	`CREATE TABLE {s}slot (name text NOT NULL, slot bigint NOT NULL, host text NOT NULL, fired bigint NOT NULL,
		created bigint NOT NULL, PRIMARY KEY (name, slot)){norowid}`,
	`CREATE TABLE {s}request (id {serial}, verb text NOT NULL, args {blob}, created bigint NOT NULL,
		answer text NOT NULL, answered bigint NOT NULL)`,
	`{ends}`, `{duefor}`,
}, {
	// Nothing that was in the store before is touched: an earlier release goes on using it.
	`CREATE TABLE {s}decision (system text NOT NULL, ticket text NOT NULL, run text NOT NULL, ending bigint NOT NULL,
		runner text NOT NULL, made bigint NOT NULL, action text NOT NULL, label text NOT NULL, confidence bigint NOT NULL,
		same text NOT NULL, body {blob}, PRIMARY KEY (system, ticket, run, ending)){norowid}`,
	`CREATE INDEX {i}decision_made ON {s}decision (made, run, system, ticket)`,
	`CREATE INDEX {i}decision_run ON {s}decision (run)`,
}, {
	`ALTER TABLE {s}ticket ADD COLUMN suggestion text NOT NULL DEFAULT ''`,
}, {
	`CREATE TABLE {s}pause (runner text PRIMARY KEY, since bigint NOT NULL){norowid}`,
}, {
	`ALTER TABLE {s}pause ADD COLUMN service text NOT NULL DEFAULT ''`,
	`ALTER TABLE {s}pause ADD COLUMN per_hour bigint NOT NULL DEFAULT 0`,
	`CREATE TABLE {s}place (service text NOT NULL, ticket text NOT NULL, taken bigint NOT NULL, PRIMARY KEY (service, ticket)){norowid}`,
}}

const (
	metaSchema = "schema_version"
	metaReads  = "min_reader"
)

// Version reads the version of a store, 0 if there is none. With [ErrNewer] it can't be
// used by this release. made reports whether the table meta exists.
func (t *Tx) Version(made bool) (int, error) {
	if !made {
		return 0, nil
	}
	have, err := t.number(metaSchema)
	if err != nil {
		return 0, err
	}
	reads, err := t.number(metaReads)
	if err != nil {
		return 0, err
	}
	if reads > Schema {
		return have, fmt.Errorf("%w (its form is %d, this one reads up to %d)", ErrNewer, reads, Schema)
	}
	return have, nil
}

func (t *Tx) number(name string) (int, error) {
	text, ok, err := t.value(name)
	if err != nil || !ok {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s of the run store: %w", name, err)
	}
	return n, nil
}

// Migrate brings a store from the version that [Tx.Version] returned to this release's.
// A newer one stays as it is.
func (t *Tx) Migrate(from int) error {
	for _, statement := range statements(t.d, from) {
		if _, err := t.q.Exec(t.ctx, statement); err != nil {
			return err
		}
	}
	if from >= Schema {
		return nil
	}
	now, err := t.Now()
	if err != nil {
		return err
	}
	if from == 0 {
		if err := t.setValue(store.ValueBirth, strconv.FormatInt(now, 10)); err != nil {
			return err
		}
	}
	return errors.Join(t.setValue(metaSchema, strconv.Itoa(Schema)), t.setValue(metaReads, strconv.Itoa(Reads)))
}

// statements are those that lead from a version to this release's, in the dialect.
func statements(d *Dialect, from int) []string {
	var out []string
	for v := from; v < Schema; v++ {
		for _, statement := range versions[v] {
			if statement = d.SQL(statement); statement != "" {
				out = append(out, statement)
			}
		}
	}
	return out
}

// Script is the statements by which a person makes an empty store, for a database that has a clock.
func Script(d *Dialect) []string {
	return append(statements(d, 0), d.SQL(`INSERT INTO {s}meta (name, value) VALUES ('`+store.ValueBirth+`', {now}::text), ('`+
		metaSchema+`', '`+strconv.Itoa(Schema)+`'), ('`+metaReads+`', '`+strconv.Itoa(Reads)+`')`))
}

// value reads one of the small facts.
func (t *Tx) value(name string) (value string, ok bool, err error) {
	ok, err = t.row(`SELECT value FROM {s}meta WHERE name = $1`, args{name}, &value)
	return value, ok, err
}

func (t *Tx) setValue(name, value string) error {
	_, err := t.exec(`INSERT INTO {s}meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// Value implements [store.Store].
func (s *Store) Value(ctx context.Context, key string) (value string, ok bool, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		value, ok, err = t.value(key)
		return err
	})
	return value, ok, err
}

// SetValue implements [store.Store].
func (s *Store) SetValue(ctx context.Context, key, value string) error {
	return s.db.Write(ctx, false, func(t *Tx) error { return t.setValue(key, value) })
}
