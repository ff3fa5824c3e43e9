package river

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
)

// Numbers of advisory locks, beside one for the schema.
const (
	lockMigrate = 1
	lockSweep   = 2
)

// schemaName is what River and LISTEN accept.
var schemaName = lazyregexp.New(`^[a-z_][a-z0-9_]{0,45}$`)

// Migrate makes the tables of River and, by own, those of the run store, or brings them to
// this release's form. Of several hosts at one time, one does it and the others wait.
func Migrate(ctx context.Context, pool *pgxpool.Pool, schema string, own func(ctx context.Context, tx pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		// This transaction's lock is behind a pooler of transactions, too; River's
		// statements have transactions of their own, as new values of a type need.
		if _, err := tx.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext($1), $2)`, schema, lockMigrate); err != nil {
			return err
		}
		if err := createSchema(ctx, pool, schema); err != nil {
			return err
		}
		migrator, err := migrator(pool, schema)
		if err != nil {
			return err
		}
		if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return err
		}
		return own(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("making the tables in schema %s: %w", schema, err)
	}
	return nil
}

// createSchema asks first: CREATE SCHEMA IF NOT EXISTS needs the right in any case.
func createSchema(ctx context.Context, pool *pgxpool.Pool, schema string) error {
	var exists bool
	if err := pool.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, schema).Scan(&exists); err != nil || exists {
		return err
	}
	_, err := pool.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+pgx.Identifier{schema}.Sanitize())
	return err
}

// Migrated reports whether River's tables have this release's form, or a later one's.
func Migrated(ctx context.Context, pool *pgxpool.Pool, schema string) (bool, error) {
	migrator, err := migrator(pool, schema)
	if err != nil {
		return false, err
	}
	result, err := migrator.Validate(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("reading the version of River's tables: %w", err)
	}
	return result.OK, nil
}

// SQL returns the statements that Migrate executes in an empty database, for a database
// administrator. own are those of the run store.
func SQL(schema string, own []string) (string, error) {
	migrator, err := migrator(nil, schema)
	if err != nil {
		return "", err
	}
	name := pgx.Identifier{schema}.Sanitize()
	var b strings.Builder
	fmt.Fprintf(&b, "-- The run store of otai, in the schema %s. Run it once, with psql.\nCREATE SCHEMA IF NOT EXISTS %s;\n", schema, name)
	for _, m := range migrator.AllVersions() {
		statements := strings.ReplaceAll(m.SQLUp, "/* TEMPLATE: schema */", name+".")
		fmt.Fprintf(&b, "\n-- River, version %d: %s\n%s\n", m.Version, m.Name, strings.TrimSpace(statements))
		// Before version 5 the table has no column for the line.
		switch {
		case m.Version < 5:
			fmt.Fprintf(&b, "INSERT INTO %s.river_migration (version) VALUES (%d);\n", name, m.Version)
		default:
			fmt.Fprintf(&b, "INSERT INTO %s.river_migration (line, version) VALUES ('main', %d);\n", name, m.Version)
		}
	}
	b.WriteString("\n-- The run store\nBEGIN;\n")
	for _, statement := range own {
		b.WriteString(strings.TrimRight(statement, "; \n\t") + ";\n")
	}
	b.WriteString("COMMIT;\n")
	return b.String(), nil
}

func migrator(pool *pgxpool.Pool, schema string) (*rivermigrate.Migrator[pgx.Tx], error) {
	return rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: schema, Logger: slog.New(slog.DiscardHandler)})
}
