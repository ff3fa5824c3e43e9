package sqlstore

import (
	"context"
	"strconv"
	"time"
)

// For how long is kept what has no time of its own.
const (
	keepFree     = time.Hour      // a free ticket: longer than a search is under way
	keepSlots    = 48 * time.Hour // when a trigger fired
	keepRequests = 24 * time.Hour // with their answers
	keepHosts    = 24 * time.Hour // that are dead
	keepCauses   = 7 * 24 * time.Hour
)

// Clean implements [store.Store].
func (s *Store) Clean(ctx context.Context, keepBefore int64, batch int) (runs int, err error) {
	err = s.db.Write(ctx, false, func(t *Tx) error {
		runs = 0
		now, err := t.Now()
		if err != nil {
			return err
		}
		ids, err := t.texts(`SELECT r.id FROM {s}run r WHERE r.state = 'ended' AND r.ended_at < $1
			AND NOT EXISTS (SELECT 1 FROM {s}effect e WHERE e.run = r.id AND e.state = 'intent')
			ORDER BY r.ended_at LIMIT `+strconv.Itoa(batch), keepBefore)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := t.delete(id); err != nil {
				return err
			}
		}
		runs = len(ids)
		return t.cleanRest(now, batch)
	})
	return runs, err
}

func (t *Tx) delete(run string) error {
	if err := t.forget(run); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM {s}effect WHERE run = $1`, run); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM {s}run WHERE id = $1`, run)
	return err
}

func (t *Tx) cleanRest(now int64, batch int) error {
	for _, c := range []struct {
		statement string
		keep      time.Duration
	}{
		{`DELETE FROM {s}ticket WHERE (system, ticket, runner) IN (SELECT system, ticket, runner FROM {s}ticket
			WHERE standing = '' AND run = '' AND changed < $1 LIMIT ` + strconv.Itoa(batch) + `)`, keepFree},
		{`DELETE FROM {s}slot WHERE created < $1`, keepSlots},
		{`DELETE FROM {s}request WHERE answered > 0 AND created < $1`, keepRequests},
		{`DELETE FROM {s}place WHERE taken < $1`, time.Hour},
		{`DELETE FROM {s}cause_ticket WHERE cause IN (SELECT name FROM {s}cause WHERE closed = 0 AND since < $1)`, keepCauses},
		{`DELETE FROM {s}cause WHERE closed = 0 AND since < $1`, keepCauses},
		{`DELETE FROM {s}host WHERE dead = 1 AND started < $1 AND lease_until < $1`, keepHosts},
	} {
		if _, err := t.exec(c.statement, now-micro(c.keep)); err != nil {
			return err
		}
	}
	_, err := t.exec(`DELETE FROM {s}host_place WHERE host NOT IN (SELECT id FROM {s}host)`)
	return err
}
