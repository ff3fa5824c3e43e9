package runs

import (
	"context"
	"errors"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
)

// errDeserted means that nobody works any more.
var errDeserted = errors.New("nobody works any more")

// How often it is looked for whoever works, and how long nobody may, as while a service is started
// again or hands its work over to another process.
const (
	workerLook   = time.Second
	workerAbsent = 10 * time.Second
)

// deserted looks whether somebody works still where a file says so by its lock. Who was killed a moment
// ago may have held it until then.
type deserted struct {
	desk   *Desk
	looked time.Time
	free   time.Time // since when nobody works; zero: somebody does
}

func (b *deserted) look(ctx context.Context, now time.Time) error {
	if b == nil || b.desk.patience > 0 || now.Sub(b.looked) < workerLook {
		return nil
	}
	b.looked = now
	opened, err := b.desk.alone(ctx)
	if err != nil { // somebody works, or nobody could
		b.free = time.Time{}
		return nil
	}
	if err := opened.Close(); err != nil {
		return app.ExitWith(app.CodeRun, err)
	}
	if b.free.IsZero() {
		b.free = now
	}
	if now.Sub(b.free) >= workerAbsent {
		return errDeserted
	}
	return nil
}
