package river

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

const (
	sweepEvery = 2500 * time.Millisecond
	// lost is how long a run may be due, or fetched from River without being begun, before
	// its job counts as lost.
	lost = 5 * time.Second
)

// sweep looks for what got lost, as long as the queue is open.
func (q *Queue) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		once, cancel := context.WithTimeout(ctx, sweepEvery)
		err := q.schedule(once)
		if err == nil {
			err = q.tidy(once)
		}
		if err == nil {
			_, err = q.Recover(once)
		}
		cancel()
		if err != nil && ctx.Err() == nil {
			q.o.Logger.DebugContext(ctx, "looking for runs whose jobs got lost", "err", err.Error())
		}
	}
}

// schedule makes available what is due, by the database's clock: River's scheduler does it
// by that of the host that is its leader.
func (q *Queue) schedule(ctx context.Context) error {
	_, err := q.o.Pool.Exec(ctx, q.available(`state = 'scheduled' AND scheduled_at <= now()`), q.o.Schema+insertTopic)
	return err
}

// Recover inserts a job for each run that is due and has none, as when a host died
// between River's fetch and the run's beginning, or somebody deleted its job. It returns
// their number.
func (q *Queue) Recover(ctx context.Context) (int, error) {
	due, err := q.o.DueFor(ctx, lost)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	n := 0
	err = pgx.BeginFunc(ctx, q.o.Pool, func(tx pgx.Tx) error {
		// Several hosts look at the same time.
		var mine bool
		var now int64
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtext($1), $2), (extract(epoch FROM now()) * 1000000)::bigint`,
			q.o.Schema, lockSweep).Scan(&mine, &now); err != nil || !mine {
			return err
		}
		missing, err := q.withoutJob(ctx, tx, due)
		if err != nil {
			return err
		}
		n = len(missing)
		// Of a host that died before it began the run, the job is still running.
		ids := make([]string, 0, n)
		for _, r := range missing {
			ids = append(ids, r.Run)
		}
		if err := q.finalize(ctx, tx, ids); err != nil {
			return err
		}
		return q.Due(ctx, tx, now, missing)
	})
	if err != nil {
		return 0, fmt.Errorf("inserting lost jobs of River: %w", err)
	}
	return n, nil
}

// withoutJob returns those runs for which there is no job that anybody will get.
func (q *Queue) withoutJob(ctx context.Context, tx pgx.Tx, runs []store.ReadyRun) (missing []store.ReadyRun, err error) {
	byRun := make(map[string]store.ReadyRun, len(runs))
	ids, queues := make([]string, 0, len(runs)), make([]string, 0, len(runs))
	fences := make([]int64, 0, len(runs))
	for _, r := range runs {
		byRun[r.Run] = r
		ids, queues, fences = append(ids, r.Run), append(queues, queueOf(r.Runner, r.Hash)), append(fences, r.Fence)
	}
	rows, err := tx.Query(ctx, `SELECT r.run FROM unnest($1::text[], $2::bigint[], $3::text[]) AS r(run, fence, queue)
		WHERE NOT EXISTS (SELECT 1 FROM `+q.table("river_job")+` j
			WHERE j.args->>'run' = r.run AND (j.args->>'fence')::bigint = r.fence AND j.queue = r.queue
			AND (j.state IN ('available', 'scheduled') OR j.state = 'running' AND j.attempted_at > now() - $4::interval))`,
		ids, fences, queues, lost)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, id := range found {
		missing = append(missing, byRun[id])
	}
	return missing, err
}

// tidy ends jobs of this process at which nobody works and which River has given up to
// complete, and jobs in queues at which nobody listens: their runs have other jobs.
func (q *Queue) tidy(ctx context.Context) error {
	rows, err := q.o.Pool.Query(ctx, `SELECT id FROM `+q.table("river_job")+`
		WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1 AND attempted_at < now() - $2::interval`,
		q.client.ID(), lost)
	if err != nil {
		return err
	}
	running, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	var over []int64
	q.mu.Lock()
	before := q.idle
	q.idle = make(map[int64]bool)
	for _, id := range running {
		switch {
		case q.ours[id]:
		case before[id]: // twice in a row: not one that is just being completed
			over = append(over, id)
		default:
			q.idle[id] = true
		}
	}
	q.mu.Unlock()
	if len(over) == 0 {
		return nil
	}
	_, err = q.o.Pool.Exec(ctx, `UPDATE `+q.table("river_job")+` SET state = 'discarded', finalized_at = now()
		WHERE id = ANY($1) AND state = 'running'`, over)
	return err
}
