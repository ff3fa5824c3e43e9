package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
)

// Migrate makes the tables in a schema that exists, or brings them to this release's form.
// The caller keeps others from doing the same at that time.
func Migrate(ctx context.Context, tx pgx.Tx, schema string) error {
	t := sqlstore.NewTx(ctx, querier{tx}, dialect(schema))
	from, err := version(t, schema)
	if err == nil {
		err = t.Migrate(from)
	}
	return translate(ctx, err)
}

// SQL returns the statements that Migrate executes in an empty schema.
func SQL(schema string) []string { return sqlstore.Script(dialect(schema)) }

func version(t *sqlstore.Tx, schema string) (int, error) {
	name := pgx.Identifier{schema, "meta"}.Sanitize()
	made, err := t.Exists(`SELECT 1 WHERE to_regclass($$` + name + `$$) IS NOT NULL`)
	if err != nil {
		return 0, err
	}
	return t.Version(made)
}
