package sqlstore

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// mayBegin is true of a run r that may be taken, as far as its runner is paused: what was begun
// to be written is finished all the same. What has no runner is put back, or finished: see
// [store.Paused].
const mayBegin = `(r.runner = '' OR NOT EXISTS (SELECT 1 FROM {s}pause p WHERE p.runner IN ('', r.runner))
	OR EXISTS (SELECT 1 FROM {s}effect e WHERE e.run = r.id AND e.state = 'intent'))`

// Pauses implements [store.Store].
func (s *Store) Pauses(ctx context.Context) (out []store.Pause, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		out = nil
		return t.rows(`SELECT runner, since, service, per_hour FROM {s}pause ORDER BY runner`, nil, into(&out, scanPause))
	})
	return out, err
}

func scanPause(rows Rows) (p store.Pause, err error) {
	var perHour int64
	err = rows.Scan(&p.Runner, &p.Since, &p.Service, &perHour)
	p.PerHour = int(perHour)
	return p, err
}

// Pause implements [store.Store].
func (s *Store) Pause(ctx context.Context, p store.Pause) (added bool, err error) {
	err = s.db.Write(ctx, true, func(t *Tx) error {
		now, err := t.Now()
		if err != nil {
			return err
		}
		if p.Service != "" { // whose clock may have been set back: the write that was refused has changed nothing
			if _, _, err := t.placesOf(p.Service, "", now); err != nil {
				return err
			}
		}
		n, err := t.exec(`INSERT INTO {s}pause (runner, since, service, per_hour) VALUES ($1, $2, $3, $4)
			ON CONFLICT (runner) DO UPDATE SET service = excluded.service, per_hour = excluded.per_hour
			WHERE pause.service = '' AND excluded.service <> ''`, p.Runner, now, p.Service, int64(p.PerHour))
		added = n == 1
		return err
	})
	return added, err
}

// Resume implements [store.Store].
func (s *Store) Resume(ctx context.Context, runner string) (ended []store.Pause, err error) {
	err = s.db.Write(ctx, true, func(t *Tx) error {
		ended = nil
		now, err := t.Now()
		if err != nil {
			return err
		}
		if err := t.rows(`DELETE FROM {s}pause WHERE $1 IN ('', runner) RETURNING runner, since, service, per_hour`, args{runner}, into(&ended, scanPause)); err != nil {
			return err
		}
		for _, p := range ended {
			if err := t.morePlaces(p, now); err != nil {
				return err
			}
		}
		// A queue has brought in vain what became due meanwhile.
		return t.rows(`UPDATE {s}run SET due_from = $1 WHERE due_at <= $1 AND owner = '' AND $2 IN ('', runner)
			RETURNING id, runner, hash, fence, due_at, begun`, args{now, runner}, t.becomesReady)
	})
	return ended, err
}

// Runners implements [store.Store].
func (s *Store) Runners(ctx context.Context) (names []string, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		names, err = t.texts(`SELECT runner FROM {s}host_place WHERE runner <> '' UNION SELECT runner FROM {s}pause WHERE runner <> ''
			UNION SELECT runner FROM {s}ticket WHERE standing <> '' ORDER BY 1`)
		return err
	})
	return names, err
}
