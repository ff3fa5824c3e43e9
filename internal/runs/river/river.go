// Package river carries runs from one host to another on PostgreSQL.
package river

import (
	_ "github.com/jackc/pgx/v5"                            // not yet used
	_ "github.com/riverqueue/river"                        // not yet used
	_ "github.com/riverqueue/river/riverdriver/riverpgxv5" // not yet used
	_ "github.com/riverqueue/river/rivermigrate"           // not yet used
	_ "modernc.org/sqlite"                                 // not yet used
)
