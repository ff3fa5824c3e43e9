package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
)

const now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

func dialect(schema string) *sqlstore.Dialect {
	s := pgx.Identifier{schema}.Sanitize()
	return &sqlstore.Dialect{
		Leases: true,
		Words: map[string]string{
			"s": s + ".", "i": "", "blob": "bytea", "serial": "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "norowid": "",
			"lock": "FOR UPDATE", "skip": "FOR UPDATE SKIP LOCKED", "list": "SELECT jsonb_array_elements_text",
			"now": now,
			// The same during a statement, and not older than the locks of those before.
			"stamp":   "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint",
			"ends":    "CREATE SEQUENCE " + s + ".ends",
			"nextend": "nextval('" + s + ".ends')",
			// A transaction whose statements travel together ends at the one that divides by zero.
			"must": "WITH must AS (", "row": ") SELECT 1 / count(*) FROM must",
			"living":  "AND EXISTS (SELECT 1 FROM " + s + ".host h WHERE h.id = $2 AND h.dead = 0 AND h.lease_until > " + now + ")",
			"sending": "AND EXISTS (SELECT 1 FROM " + s + ".host h WHERE h.id = $2 AND h.dead = 0 AND h.lease_until > " + now + " AND h.lease_until - " + now + " >= h.lease / 4)",
			// For which USAGE is enough, as for nextval; the sequence itself needs SELECT.
			"lastend": "SELECT coalesce(pg_sequence_last_value('" + s + ".ends'), 0)",
			"duefor":  "CREATE INDEX run_overdue ON " + s + ".run (due_at) WHERE due_at IS NOT NULL",
		},
	}
}
