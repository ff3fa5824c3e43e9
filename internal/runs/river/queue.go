package river

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Options are what a [Queue] works with. All are required but Logger.
type Options struct {
	Pool   *pgxpool.Pool
	Schema string
	// DueFor returns runs that are due for longer than a time and that no living host
	// keeps to itself.
	DueFor   func(ctx context.Context, longer time.Duration) ([]store.ReadyRun, error)
	PollOnly bool // without LISTEN: behind a pooler of transactions
	Logger   *slog.Logger
}

// Queue carries runs that are due to hosts that can continue them.
type Queue struct {
	o        Options
	inserter *river.Client[pgx.Tx]
	client   *river.Client[pgx.Tx] // listens; set by Open
	attempt  Attempt
	soon     *soon
	stop     context.CancelFunc
	done     sync.WaitGroup

	mu     sync.Mutex
	atWork map[string]work                // by run
	ours   map[int64]bool                 // jobs that this process works at
	idle   map[int64]bool                 // running jobs of ours that nobody worked at when last asked
	places map[string]*orchestrator.Place // by queue
}

// Attempt takes a run and returns when its attempt has ended. An error means that it
// isn't known whether the run was taken: it is called again.
type Attempt = func(ctx context.Context, p *orchestrator.Place, run string, fence int64) error

// work is a job at which this process works.
type work struct {
	ctx context.Context //nolint:containedctx // River's own: its client is found by it
	job *river.Job[args]
}

// args are all that River knows of a run.
type args struct {
	Run   string `json:"run"`
	Fence int64  `json:"fence"`
}

// Kind implements [river.JobArgs].
func (args) Kind() string { return "run" }

// Priorities: what was begun goes before what was not.
const (
	begun = 1
	fresh = 2
)

// kept is how long River keeps jobs that are over, for its UI.
const kept = 6 * time.Hour

// New makes a queue. Until [Queue.Open] it only inserts.
func New(o Options) (*Queue, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = slog.New(quiet{o.Logger.Handler()})
	inserter, err := river.NewClient(riverpgxv5.New(o.Pool), &river.Config{
		Schema: o.Schema, Logger: o.Logger, FetchCooldown: river.FetchCooldownMin, SkipUnknownJobCheck: true,
		Hooks: []rivertype.Hook{river.HookInsertBeginFunc(byDatabaseTime)},
	})
	if err != nil {
		return nil, fmt.Errorf("setting up River: %w", err)
	}
	q := &Queue{
		o: o, inserter: inserter, atWork: make(map[string]work), ours: make(map[int64]bool),
		idle: make(map[int64]bool), places: make(map[string]*orchestrator.Place),
	}
	q.soon = newSoon(q)
	return q, nil
}

// Due inserts a job for each run, in the transaction that makes it due. Now is the
// database's time.
func (q *Queue) Due(ctx context.Context, tx pgx.Tx, now int64, runs []store.ReadyRun) error {
	if len(runs) == 0 {
		return nil
	}
	// River gives jobs of one time in the order of their ids: that of [store.Store.DueTickets].
	slices.SortFunc(runs, func(a, b store.ReadyRun) int { return cmp.Or(cmp.Compare(a.DueAt, b.DueAt), cmp.Compare(a.Run, b.Run)) })
	jobs := make([]river.InsertManyParams, 0, len(runs))
	var taken []string
	for _, r := range runs {
		opts := &river.InsertOpts{Queue: queueOf(r.Runner, r.Hash), MaxAttempts: 1, Priority: fresh}
		if r.Begun {
			opts.Priority = begun
			taken = append(taken, r.Run)
		}
		// What is due since long goes first.
		opts.ScheduledAt = time.UnixMicro(cmp.Or(r.DueAt, now))
		jobs = append(jobs, river.InsertManyParams{Args: args{r.Run, r.Fence}, InsertOpts: opts})
	}
	// Attempts of before are over, whatever their process believes.
	if err := q.finalize(ctx, tx, taken); err != nil {
		return err
	}
	inserted, err := q.inserter.InsertManyTx(context.WithValue(ctx, nowKey{}, time.UnixMicro(now)), tx, jobs)
	if err != nil {
		return fmt.Errorf("inserting into River's queue: %w", err)
	}
	for i, r := range runs {
		if wait := r.DueAt - now; wait > 0 && wait <= soonest.Microseconds() {
			q.soon.add(inserted[i].Job.ID, time.Duration(wait)*time.Microsecond)
		}
	}
	return nil
}

type nowKey struct{}

// byDatabaseTime corrects what River takes from the host's clock: a host whose clock is a
// minute ahead would insert jobs that nobody gets for a minute.
func byDatabaseTime(ctx context.Context, job *rivertype.JobInsertParams) error {
	now, ok := ctx.Value(nowKey{}).(time.Time)
	if !ok {
		return nil
	}
	job.CreatedAt = &now
	if job.ScheduledAt != nil && !job.ScheduledAt.After(now) {
		job.State = rivertype.JobStateAvailable
	}
	return nil
}

// finalize ends jobs that other attempts at the runs left running. This process's own
// are completed by Over.
func (q *Queue) finalize(ctx context.Context, tx pgx.Tx, runs []string) error {
	if len(runs) == 0 {
		return nil
	}
	q.mu.Lock()
	ours := make([]int64, 0, len(q.ours))
	for id := range q.ours {
		ours = append(ours, id)
	}
	q.mu.Unlock()
	_, err := tx.Exec(ctx, `UPDATE `+q.table("river_job")+` SET state = 'discarded', finalized_at = now()
		WHERE state = 'running' AND args->>'run' = ANY($1) AND NOT id = ANY($2)`, runs, ours)
	if err != nil {
		return fmt.Errorf("ending former jobs of River: %w", err)
	}
	return nil
}

// Over completes the job by which this process works at a run, if there is one, in the
// transaction that ends the attempt.
func (q *Queue) Over(ctx context.Context, tx pgx.Tx, run string) error {
	q.mu.Lock()
	w, ok := q.atWork[run]
	q.mu.Unlock()
	if !ok {
		return nil
	}
	// It is not an error if somebody has finalized it, or deleted it.
	_, err := river.JobCompleteTx[*riverpgxv5.Driver](values{ctx, w.ctx}, tx, w.job)
	if err != nil && !errors.Is(err, river.ErrNotFound) {
		return fmt.Errorf("completing River's job: %w", err)
	}
	return nil
}

// values has the deadline of one context and the values of another.
type values struct {
	context.Context
	of context.Context //nolint:containedctx // see Over
}

func (v values) Value(key any) any {
	if value := v.of.Value(key); value != nil {
		return value
	}
	return v.Context.Value(key)
}

// queueOf is the queue of the runs of a runner with a hash: hosts that listen at it can
// continue each of them.
func queueOf(runner, hash string) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(len(runner)) + ":" + runner + hash))
	return hex.EncodeToString(sum[:16])
}

// table is the name of a table in statements.
func (q *Queue) table(name string) string { return pgx.Identifier{q.o.Schema, name}.Sanitize() }

// quiet makes River's lines debug lines: what they mean for a run is logged by those who
// know runs.
type quiet struct{ slog.Handler }

// Enabled implements [slog.Handler].
func (h quiet) Enabled(ctx context.Context, _ slog.Level) bool {
	return h.Handler.Enabled(ctx, slog.LevelDebug)
}

// Handle implements [slog.Handler].
func (h quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{h.Handler.WithAttrs(attrs)} }

// WithGroup implements [slog.Handler].
func (h quiet) WithGroup(name string) slog.Handler { return quiet{h.Handler.WithGroup(name)} }
