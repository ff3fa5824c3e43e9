package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
)

func dialect(schema string) *sqlstore.Dialect {
	s := pgx.Identifier{schema}.Sanitize()
	return &sqlstore.Dialect{
		Leases: true,
		Words: map[string]string{
			"s": s + ".", "i": "", "blob": "bytea", "serial": "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "norowid": "",
			"lock": "FOR UPDATE", "skip": "FOR UPDATE SKIP LOCKED", "list": "SELECT jsonb_array_elements_text",
			"now":     "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
			"ends":    "CREATE SEQUENCE " + s + ".ends",
			"nextend": "SELECT nextval('" + s + ".ends')",
			"lastend": "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM " + s + ".ends",
			"overdue": "CREATE INDEX run_overdue ON " + s + ".run (due_at) WHERE due_at IS NOT NULL",
		},
	}
}
