package river

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A Reason is why a database will not do.
type Reason string

// The reasons why a database will not do.
const (
	Unreachable Reason = "unreachable" // nobody answers there, or not in time
	Login       Reason = "login"       // user, password or database are not accepted
	TooOld      Reason = "version"     // PostgreSQL below 13
	Standby     Reason = "standby"     // it can't be written
	Pooler      Reason = "pooler"      // a pooler of transactions stands before it
	Rights      Reason = "rights"      // the user may not do what is needed
	Tables      Reason = "tables"      // they are missing or of an older form, and the user may not make them
)

// Unfit is the error of a database that will not do. Err may have addresses in it, never a
// password.
type Unfit struct {
	Reason Reason
	Text   string // what is wrong, and what to do
	Err    error
}

// Error implements error.
func (u *Unfit) Error() string {
	if u.Err != nil {
		return fmt.Sprintf("%s (%v)", u.Text, u.Err)
	}
	return u.Text
}

// Unwrap returns what the database or the network said.
func (u *Unfit) Unwrap() error { return u.Err }

// Facts are what [Check] saw.
type Facts struct {
	Version string // of PostgreSQL
	User    string
	Made    bool // River's tables have this release's form
	Make    bool // the user may make and change tables in the schema
}

// Check says whether a database will do. It changes nothing. The error is an [*Unfit].
func Check(ctx context.Context, url, schema string, pollOnly bool) (Facts, error) {
	config, err := parse(url, true) // a prepared statement would be the first thing to fail
	if err != nil {
		return Facts{}, &Unfit{Unreachable, err.Error(), nil}
	}
	if !schemaName.MatchString(schema) {
		return Facts{}, &Unfit{Tables, fmt.Sprintf("the name of the schema can't be used: %q: up to 46 small letters, digits and underscores", schema), nil}
	}
	config.MaxConns = 4
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return Facts{}, unreachable(err)
	}
	defer pool.Close()
	f, err := check(ctx, pool, schema, pollOnly)
	if err != nil {
		if unfit := (*Unfit)(nil); !errors.As(err, &unfit) {
			err = unreachable(err)
		}
	}
	return f, err
}

func unreachable(err error) *Unfit {
	switch c := code(err); {
	case strings.HasPrefix(c, "28"), c == "3D000":
		return &Unfit{Login, "the database doesn't accept this user, password or name: look at the URL and at pg_hba.conf", err}
	case c == "42501":
		return &Unfit{Rights, "the database's user may not do this", err}
	}
	return &Unfit{Unreachable, "the database can't be reached: is PostgreSQL running there, and is the URL right?", err}
}

func check(ctx context.Context, pool *pgxpool.Pool, schema string, pollOnly bool) (f Facts, err error) {
	var number int
	var recovery, readOnly bool
	if err := pool.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('server_version_num')::int,
		current_user::text, pg_is_in_recovery(), current_setting('transaction_read_only')::bool`).
		Scan(&f.Version, &number, &f.User, &recovery, &readOnly); err != nil {
		return f, err
	}
	switch {
	case number < 130000:
		return f, &Unfit{TooOld, "PostgreSQL " + f.Version + " is too old: otai needs 13 or later", nil}
	case recovery:
		return f, &Unfit{Standby, "the server is a standby, which can't be written: give the URL of the primary, or add target_session_attrs=read-write to one that names both", nil}
	case readOnly:
		return f, &Unfit{Standby, "the database is read-only for this user: default_transaction_read_only must be off", nil}
	}
	if !pollOnly {
		if err := session(ctx, pool); err != nil {
			return f, err
		}
	}
	return f, rights(ctx, pool, schema, &f)
}

// session finds out whether a connection keeps what belongs to a session: a notification
// arrives where it was asked for, and two open connections are never the same server's.
func session(ctx context.Context, pool *pgxpool.Pool) error {
	pooler := &Unfit{Pooler, "a pooler that gives each transaction another connection stands before the database: give the port of PostgreSQL itself, or of a pool of sessions, or set infrastructure.runs.poll_only to true, with which other hosts' runs are noticed about a second later", nil}
	one, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer one.Release()
	channel := pgx.Identifier{"otai_" + strings.ToLower(rand.Text())}.Sanitize()
	before, err := backend(ctx, one.Conn())
	if err != nil {
		return err
	}
	if _, err := one.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	other, err := pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = other.Rollback(context.WithoutCancel(ctx)) }()
	second, err := backend(ctx, other.Conn())
	if err != nil {
		return err
	}
	after, err := backend(ctx, one.Conn())
	if err != nil {
		return err
	}
	if second == before || after != before {
		return pooler
	}
	if _, err := other.Exec(ctx, "NOTIFY "+channel); err != nil {
		return err
	}
	if err := other.Commit(ctx); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	_, err = one.Conn().WaitForNotification(wait)
	switch {
	case err != nil && wait.Err() != nil && ctx.Err() == nil:
		return pooler
	case err != nil:
		return err
	}
	_, err = one.Exec(ctx, "UNLISTEN "+channel)
	return err
}

func backend(ctx context.Context, c *pgx.Conn) (pid int, err error) {
	return pid, c.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid)
}

// rights finds out whether the user may use the tables, or make them.
func rights(ctx context.Context, pool *pgxpool.Pool, schema string, f *Facts) error {
	var exists, use, create bool
	if err := pool.QueryRow(ctx, `SELECT n.oid IS NOT NULL, coalesce(has_schema_privilege(n.oid, 'USAGE'), false),
		coalesce(has_schema_privilege(n.oid, 'CREATE'), has_database_privilege(current_database(), 'CREATE'))
		FROM (SELECT to_regnamespace($1)::oid AS oid) n`, schema).Scan(&exists, &use, &create); err != nil {
		return err
	}
	name := pgx.Identifier{schema}.Sanitize()
	f.Make = create
	if exists && !use {
		return &Unfit{Rights, fmt.Sprintf("user %s may not use schema %s: GRANT USAGE ON SCHEMA %s TO %s", f.User, schema, name, f.User), nil}
	}
	if exists {
		made, err := Migrated(ctx, pool, schema)
		if code(err) == "42501" {
			return tablesRights(schema, name, f.User)
		}
		if err != nil {
			return err
		}
		f.Made = made
		var all, own bool
		if err := pool.QueryRow(ctx, `SELECT coalesce(bool_and(CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE')
				ELSE has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
				AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') END), true),
				coalesce(bool_and(pg_has_role(c.relowner, 'USAGE')), true)
			FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'S')`, schema).Scan(&all, &own); err != nil {
			return err
		}
		f.Make = create && own
		if !all {
			return tablesRights(schema, name, f.User)
		}
	}
	if !f.Made && !f.Make {
		return &Unfit{Tables, fmt.Sprintf("the tables in schema %s are missing or of an older release, and user %s may not make them: have `otai runs migrate` run by one who may, or its --print-sql by a database administrator", schema, f.User), nil}
	}
	return nil
}

func tablesRights(schema, name, user string) *Unfit {
	return &Unfit{Rights, fmt.Sprintf("user %s may not read and write all tables in schema %s: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %s; GRANT USAGE ON ALL SEQUENCES IN SCHEMA %s TO %s", user, schema, name, user, name, user), nil}
}
