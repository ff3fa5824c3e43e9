package sqlstore

import "context"

// Fire implements [store.Store].
func (s *Store) Fire(ctx context.Context, host, runner string, slot int64) (mine bool, err error) {
	err = s.db.Write(ctx, false, func(t *Tx) error {
		if err := t.alive(host); err != nil {
			return err
		}
		now, err := t.Now()
		if err != nil {
			return err
		}
		n, err := t.exec(`INSERT INTO {s}slot (name, slot, host, fired, created) VALUES ($1, $2, $3, 0, $4)
			ON CONFLICT (name, slot) DO UPDATE SET host = excluded.host
			WHERE slot.fired = 0 AND slot.host <> excluded.host
			AND NOT EXISTS (SELECT 1 FROM {s}host h WHERE h.id = slot.host AND h.dead = 0)`, runner, slot, host, now)
		mine = n == 1
		return err
	})
	return mine, err
}

// Fired implements [store.Store].
func (s *Store) Fired(ctx context.Context, runner string, slot int64) error {
	return s.db.Write(ctx, false, func(t *Tx) error {
		_, err := t.exec(`UPDATE {s}slot SET fired = 1 WHERE name = $1 AND slot = $2`, runner, slot)
		return err
	})
}
