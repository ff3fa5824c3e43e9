package river

import (
	"context"
	"sync"
	"time"
)

// soonest is up to when the sweep would be late.
const soonest = 5 * time.Second

// soon makes jobs available that are due in a moment.
type soon struct {
	q     *Queue
	added chan struct{}

	mu  sync.Mutex
	due map[int64]time.Time // by job
}

func newSoon(q *Queue) *soon {
	return &soon{q: q, added: make(chan struct{}, 1), due: make(map[int64]time.Time)}
}

// add may be called in a transaction that is rolled back: there is no such job then.
func (s *soon) add(job int64, wait time.Duration) {
	s.mu.Lock()
	s.due[job] = time.Now().Add(wait)
	s.mu.Unlock()
	select {
	case s.added <- struct{}{}:
	default:
	}
}

func (s *soon) run(ctx context.Context) {
	for {
		next := time.NewTimer(s.next())
		select {
		case <-ctx.Done():
			next.Stop()
			return
		case <-s.added:
		case <-next.C:
		}
		next.Stop()
		jobs := s.take()
		if len(jobs) == 0 {
			continue
		}
		if err := s.q.makeAvailable(ctx, jobs); err != nil {
			s.q.o.Logger.DebugContext(ctx, "runs that are due are left to the sweep", "jobs", len(jobs), "err", err.Error())
		}
	}
}

func (s *soon) next() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := time.Hour
	for _, at := range s.due {
		wait = min(wait, time.Until(at))
	}
	return max(wait, 0)
}

func (s *soon) take() (jobs []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for job, at := range s.due {
		if !at.After(now) {
			jobs = append(jobs, job)
			delete(s.due, job)
		}
	}
	return jobs
}

// makeAvailable does what River's scheduler does to jobs that are due. That makes some
// available seconds before they are, and says so then: nobody fetches them when they are due.
func (q *Queue) makeAvailable(ctx context.Context, jobs []int64) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := q.o.Pool.Exec(ctx, q.available(`state IN ('scheduled', 'available') AND id = ANY($2)`), q.o.Schema+insertTopic, jobs)
	return err
}

// insertTopic is behind the schema the channel at which River's clients listen.
const insertTopic = ".river_insert"

// available is a statement that makes jobs available, as River's own.
func (q *Queue) available(where string) string {
	return `WITH available AS (
			UPDATE ` + q.table("river_job") + ` SET state = 'available', scheduled_at = least(scheduled_at, now())
			WHERE ` + where + ` RETURNING queue)
		SELECT pg_notify($1, json_build_object('queue', queue)::text) FROM (SELECT DISTINCT queue FROM available) q`
}
