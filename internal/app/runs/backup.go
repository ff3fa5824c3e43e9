package runs

import (
	"context"
	"errors"
	"os"

	"github.com/open-ticket-ai/otai/internal/app"
)

// Backup is a copy of the run store.
type Backup struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

// Backup copies the run store into a new file, as it is at one moment.
func (d *Desk) Backup(ctx context.Context, file string) (Backup, error) {
	inFile, ok := d.store.(interface {
		Backup(ctx context.Context, to string) error
	})
	if !ok {
		return Backup{}, app.ExitWith(app.CodeUsage, errors.New("runs are kept in PostgreSQL: copy its database by its own tools, such as pg_dump"))
	}
	if err := inFile.Backup(ctx, file); err != nil {
		return Backup{}, app.ExitWith(app.CodeRun, err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return Backup{}, app.ExitWith(app.CodeRun, err)
	}
	return Backup{file, info.Size()}, nil
}
