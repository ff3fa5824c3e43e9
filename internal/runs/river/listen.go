package river

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

const (
	// With the default of 20 ms four workers reach 190 short runs a second.
	cooldown = 2 * time.Millisecond
	poll     = time.Second // a notification may be lost
)

// Open begins to listen at the places. attempt is called for each run that is due at one
// of them, at most Workers times at once.
func (q *Queue) Open(ctx context.Context, places []*orchestrator.Place, attempt Attempt) error {
	q.attempt = attempt
	queues := make(map[string]river.QueueConfig, len(places))
	for _, p := range places {
		name := queueOf(p.Runner, p.Hash)
		q.places[name] = p
		queues[name] = river.QueueConfig{MaxWorkers: max(1, p.Workers)}
	}
	if len(queues) == 0 {
		return nil
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{q: q}); err != nil {
		return err
	}
	client, err := river.NewClient(riverpgxv5.New(q.o.Pool), &river.Config{
		Schema: q.o.Schema, Logger: q.o.Logger, PollOnly: q.o.PollOnly,
		Queues: queues, Workers: workers, MaxAttempts: 1, JobTimeout: -1,
		FetchCooldown: cooldown, FetchPollInterval: poll,
		CompletedJobRetentionPeriod: kept, CancelledJobRetentionPeriod: kept, DiscardedJobRetentionPeriod: kept,
	})
	if err != nil {
		return fmt.Errorf("setting up River: %w", err)
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	if err := client.Start(work); err != nil {
		stop()
		return fmt.Errorf("starting River: %w", err)
	}
	q.client, q.stop = client, stop
	q.done.Go(func() { q.soon.run(work) })
	q.done.Go(func() { q.sweep(work) })
	return nil
}

// Close stops to listen and returns when no attempt is at work any more. When ctx ends,
// those that are are canceled.
func (q *Queue) Close(ctx context.Context) error {
	if q.client == nil {
		return nil
	}
	err := q.client.Stop(ctx)
	if err != nil && ctx.Err() != nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = q.client.StopAndCancel(last)
	}
	q.stop()
	q.done.Wait()
	q.client = nil
	if err != nil {
		return fmt.Errorf("stopping River: %w", err)
	}
	return nil
}

// worker is called by River.
type worker struct {
	river.WorkerDefaults[args]
	q *Queue
}

// Timeout implements [river.Worker]: there is none, which also keeps River from rescuing
// a job whose run it knows nothing about.
func (*worker) Timeout(*river.Job[args]) time.Duration { return -1 }

// Work implements [river.Worker]. It never fails: a further attempt gets a job of its own.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	q := w.q
	place, ok := q.places[job.Queue]
	if !ok {
		return nil
	}
	q.begin(ctx, job)
	defer q.end(job)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := q.attempt(ctx, place, job.Args.Run, job.Args.Fence)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		q.o.Logger.DebugContext(ctx, "a run that is due can't be taken", "run", job.Args.Run, "err", err.Error())
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (q *Queue) begin(ctx context.Context, job *river.Job[args]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.atWork[job.Args.Run] = work{ctx, job}
	q.ours[job.ID] = true
}

func (q *Queue) end(job *river.Job[args]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.ours, job.ID)
	if w, ok := q.atWork[job.Args.Run]; ok && w.job.ID == job.ID {
		delete(q.atWork, job.Args.Run)
	}
}
