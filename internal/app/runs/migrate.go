package runs

import (
	"context"
	"errors"

	"github.com/open-ticket-ai/otai/internal/app"
)

// Migrate makes or updates the tables in the database that the configuration names, and
// says so; with printSQL it returns the statements instead.
func Migrate(ctx context.Context, s app.Settings, printSQL bool) (string, error) {
	d, err := s.DocumentIfAny(ctx)
	if err != nil {
		return "", err
	}
	if d.Runs.Database == "" && !printSQL {
		return "", app.ExitWith(app.CodeUsage, errors.New("there is no database: runs are kept in the state folder, in a file that `otai run` updates by itself; give infrastructure.runs.database or OTAI_DATABASE_URL"))
	}
	text, err := s.MigrateRuns(ctx, d, printSQL)
	return text, app.ExitWith(app.CodeRun, s.RedactorOf(ctx, d, false).Clean(err))
}
