package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Register implements [store.Store].
func (s *Store) Register(ctx context.Context, h store.Host) error {
	return s.db.Write(ctx, true, func(t *Tx) error {
		now, err := t.Now()
		if err != nil {
			return err
		}
		if err := s.clockJumped(t, now, true); err != nil {
			return err
		}
		former := `SELECT id FROM {s}host WHERE dead = 0 AND id <> $1 AND instance = $2`
		a := args{h.ID, h.Instance}
		if !t.d.Leases {
			former, a = `SELECT id FROM {s}host WHERE id <> $1`, args{h.ID}
		}
		ids, err := t.texts(former, a...)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := t.bury(id, true); err != nil {
				return err
			}
		}
		if _, err := t.exec(`INSERT INTO {s}host (id, instance, version, started, lease, lease_until, dead)
			VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (id) DO NOTHING`,
			h.ID, h.Instance, h.Version, now, micro(h.Lease), now+micro(h.Lease)); err != nil {
			return err
		}
		for _, p := range h.Places {
			if _, err := t.exec(`INSERT INTO {s}host_place (host, runner, hash, items) VALUES ($1, $2, $3, $4)
				ON CONFLICT (host, runner, hash) DO NOTHING`, h.ID, p.Runner, p.Hash, number(p.Items)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Renew implements [store.Store].
func (s *Store) Renew(ctx context.Context, host string) error {
	if !s.d.Leases {
		return nil
	}
	return s.db.Write(ctx, true, func(t *Tx) error {
		n, err := t.exec(`UPDATE {s}host SET lease_until = {now} + lease WHERE id = $1 AND dead = 0 AND lease_until > {now}`, host)
		if err == nil && n == 0 {
			return store.ErrFence
		}
		return err
	})
}

// Reap implements [store.Store].
func (s *Store) Reap(ctx context.Context, host string) (runs int, err error) {
	if !s.d.Leases {
		return 0, nil
	}
	err = s.db.Write(ctx, true, func(t *Tx) error {
		runs = 0
		if err := t.alive(host); err != nil {
			return err
		}
		if err := s.clockJumped(t, t.now, false); err != nil {
			return err
		}
		over, err := t.texts(`SELECT id FROM {s}host WHERE dead = 0 AND lease_until <= $1 AND id <> $2 {skip}`, t.now, host)
		if err != nil {
			return err
		}
		for _, id := range over {
			n, err := t.bury(id, true)
			if err != nil {
				return err
			}
			runs += n
		}
		// Of a host that was frozen while it took a run and was declared dead meanwhile.
		n, err := t.takeOver(0, `NOT EXISTS (SELECT 1 FROM {s}host h WHERE h.id = owner AND h.dead = 0)`)
		runs += n
		return err
	})
	return runs, err
}

// Leave implements [store.Store].
func (s *Store) Leave(ctx context.Context, host string) error {
	return s.db.Write(ctx, true, func(t *Tx) error {
		_, err := t.bury(host, false)
		return err
	})
}

// bury declares a host dead and makes its runs ready. A step that was at work counts a
// death, unless the process ended as it should.
func (t *Tx) bury(host string, died bool) (int, error) {
	if _, err := t.exec(`UPDATE {s}host SET dead = 1 WHERE id = $1`, host); err != nil {
		return 0, err
	}
	return t.takeOver(number(died), `owner = $2`, host)
}

// takeOver makes runs that a host has, or keeps to itself, ready for all with a new fence.
// They are due since they were created, so they go before all others. What a person
// allowed was for the attempt that has begun a step.
func (t *Tx) takeOver(deaths int64, where string, a ...any) (n int, err error) {
	now, err := t.Now()
	if err != nil {
		return 0, err
	}
	from := len(t.Ready)
	err = t.rows(`UPDATE {s}run SET state = 'ready', owner = '', fence = fence + 1, begun = CASE WHEN at_work <> '' THEN 1 ELSE begun END, due_from = $1,
		due_at = CASE WHEN created < $1 THEN created ELSE $1 END,
		may_try = CASE WHEN at_work = '' THEN may_try ELSE 0 END,
		deaths = CASE WHEN at_work = '' THEN deaths ELSE deaths + `+digit(deaths)+` END
		WHERE owner <> '' AND state <> 'ended' AND `+where+` RETURNING id, runner, hash, fence, due_at, begun`,
		append(args{now}, a...), t.becomesReady)
	return len(t.Ready) - from, err
}

func digit(n int64) string { return string(rune('0' + n)) }

// becomesReady collects the rows of a RETURNING id, runner, hash, fence, due_at, begun.
func (t *Tx) becomesReady(rows Rows) error {
	r, err := scanReady(rows)
	if err == nil {
		t.Ready = append(t.Ready, r)
	}
	return err
}

func scanReady(rows Rows) (r store.ReadyRun, err error) {
	var begun int64
	err = rows.Scan(&r.Run, &r.Runner, &r.Hash, &r.Fence, &r.DueAt, &begun)
	r.Begun = begun == 1
	return r, err
}

// Reconcile implements [store.Store]: only what was found so twice is taken over, because
// a run that was taken this moment isn't known to the caller yet.
func (s *Store) Reconcile(ctx context.Context, host string, atWork []string) (runs int, err error) {
	if err := s.releaseLent(ctx); err != nil {
		return 0, err
	}
	idle := make(map[string]int64)
	err = s.db.Read(ctx, func(t *Tx) error {
		clear(idle)
		return t.rows(`SELECT id, fence FROM {s}run WHERE owner <> '' AND state = 'running' AND owner = $1`, args{host}, func(rows Rows) error {
			var id string
			var fence int64
			err := rows.Scan(&id, &fence)
			if !slices.Contains(atWork, id) {
				idle[id] = fence
			}
			return err
		})
	})
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	before := s.suspects[host]
	s.suspects[host] = idle
	s.mu.Unlock()
	var stranded []string
	for id, fence := range idle {
		if old, ok := before[id]; ok && old == fence {
			stranded = append(stranded, id)
		}
	}
	if len(stranded) == 0 {
		return 0, nil
	}
	err = s.db.Write(ctx, true, func(t *Tx) error {
		runs = 0
		for _, id := range stranded {
			n, err := t.takeOver(0, `owner = $2 AND id = $3 AND fence = $4`, host, id, idle[id])
			if err != nil {
				return err
			}
			runs += n
		}
		return nil
	})
	return runs, err
}

// Living implements [store.Store].
func (s *Store) Living(ctx context.Context, runner string) (hashes []string, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		hashes, err = t.living(runner)
		return err
	})
	return hashes, err
}

func (t *Tx) living(runner string) ([]string, error) {
	return t.texts(`SELECT DISTINCT p.hash FROM {s}host_place p JOIN {s}host h ON h.id = p.host
		WHERE h.dead = 0 AND p.items = 0 AND p.runner = $1`, runner)
}

// jump is how far a clock may go back before pauses that it set are no longer believed.
const jump = int64(time.Second / time.Microsecond)

// clockJumped makes due what was set by a clock that was further ahead than now: else a
// pause of a minute could last a year.
func (s *Store) clockJumped(t *Tx, now int64, always bool) error {
	s.mu.Lock()
	back := now+jump < s.latest
	if back || now > s.latest {
		s.latest = now
	}
	s.mu.Unlock()
	if !back && !always {
		return nil
	}
	if _, err := t.exec(`UPDATE {s}run SET due_at = $1, due_from = $1 WHERE due_at IS NOT NULL AND due_from > $2`, now, now+jump); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE {s}ticket SET due_at = $1 WHERE standing <> '' AND due_at > $1 AND changed > $2`, now, now+jump); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE {s}cause SET next_try = $1 WHERE next_try > $2`, now, now+causePause+jump)
	return err
}
