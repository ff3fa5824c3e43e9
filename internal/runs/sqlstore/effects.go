package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

const effectColumns = `e.run, e.effect_key, e.step, e.operation, e.system, e.service, e.ticket, e.state, e.intent,
	e.record, e.outcome, e.begun, e.until, e.boot, e.boot_clock, e.created, e.changed`

const selectEffects = `SELECT ` + effectColumns + ` FROM {s}effect e `

func scanEffect(rows Rows) (e store.Effect, err error) {
	var state string
	err = rows.Scan(&e.Run, &e.Key, &e.Step, &e.Operation, &e.System, &e.Service, &e.Ticket, &state, &e.Intent,
		&e.Record, &e.Outcome, &e.Begun, &e.Until, &e.Boot, &e.BootClock, &e.Created, &e.Changed)
	e.State = store.EffectState(state)
	return e, err
}

func (t *Tx) effects(where string, a ...any) (out []store.Effect, err error) {
	err = t.rows(selectEffects+where, a, into(&out, scanEffect))
	return out, err
}

// begunNow stands for the time of the transaction as an effect's Begun; its Until counts
// from there.
const begunNow = -1

// putEffect inserts or updates an effect. A canceled run begins no new one.
func (t *Tx) putEffect(run string, e *store.Effect, canceled bool) error {
	if canceled && e.State == store.Intent {
		var one int64
		known, err := t.row(`SELECT 1 FROM {s}effect WHERE run = $1 AND effect_key = $2`, args{run, e.Key}, &one)
		if err != nil {
			return err
		}
		if !known {
			return store.ErrCanceled
		}
	}
	return t.later(`INSERT INTO {s}effect (run, effect_key, step, operation, system, service, ticket, state, intent,
		record, outcome, begun, until, boot, boot_clock, created, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
		CASE WHEN CAST($12 AS bigint) < 0 THEN coalesce(CAST($16 AS bigint), {stamp}) ELSE CAST($12 AS bigint) END,
		CASE WHEN CAST($12 AS bigint) < 0 THEN coalesce(CAST($16 AS bigint), {stamp}) ELSE 0 END + CAST($13 AS bigint), $14, $15,
		coalesce(CAST($16 AS bigint), {stamp}), coalesce(CAST($16 AS bigint), {stamp}))
		ON CONFLICT (run, effect_key) DO UPDATE SET
		step = excluded.step, operation = excluded.operation, system = excluded.system,
		service = excluded.service, ticket = excluded.ticket,
		changed = CASE WHEN effect.state = excluded.state THEN effect.changed ELSE excluded.changed END,
		state = excluded.state,
		intent = coalesce(excluded.intent, effect.intent), record = coalesce(excluded.record, effect.record),
		outcome = coalesce(excluded.outcome, effect.outcome),
		until = CASE WHEN excluded.begun = 0 THEN effect.until ELSE excluded.until END,
		boot = CASE WHEN excluded.boot = '' THEN effect.boot ELSE excluded.boot END,
		boot_clock = CASE WHEN excluded.boot = '' THEN effect.boot_clock ELSE excluded.boot_clock END,
		begun = CASE WHEN excluded.begun = 0 THEN effect.begun ELSE excluded.begun END`,
		run, e.Key, e.Step, e.Operation, e.System, e.Service, e.Ticket, string(e.State), blob(e.Intent),
		blob(e.Record), blob(e.Outcome), e.Begun, e.Until, e.Boot, e.BootClock, t.stamp())
}

// Fence implements [store.Store].
func (s *Store) Fence(ctx context.Context, held store.Held, effect string, lasts time.Duration, boot string, bootClock int64) error {
	b := store.Begin{Effect: effect, Lasts: lasts, Boot: boot, BootClock: bootClock}
	err := s.db.Write(ctx, true, func(t *Tx) error {
		if err := t.holds(held, nil, true); err != nil {
			return err
		}
		return t.sends(held.Run, b)
	})
	if !errors.Is(err, ErrNothing) {
		return err
	}
	return s.fenceAsked(ctx, held, b)
}

// fenceAsked asks at length, and so can say why the answer is no.
func (s *Store) fenceAsked(ctx context.Context, held store.Held, b store.Begin) error {
	return s.db.Write(ctx, true, func(t *Tx) error {
		r, err := t.held(held, false)
		switch {
		case err != nil:
			return err
		case !r.found:
			return store.ErrFence
		}
		return t.sending(held, r, b)
	})
}

// sending stores that a request is about to be sent.
func (t *Tx) sending(held store.Held, r heldRun, b store.Begin) error {
	switch {
	case r.cancel != "":
		return store.ErrCanceled
	case t.d.Leases && r.until-t.now < r.lease/4:
		return store.ErrFence
	}
	n, err := t.exec(`UPDATE {s}effect SET begun = $1, until = $2, boot = $3, boot_clock = $4
		WHERE run = $5 AND effect_key = $6 AND state = 'intent'`,
		t.now, t.now+micro(b.Lasts), b.Boot, b.BootClock, held.Run, b.Effect)
	if err == nil && n == 0 {
		return fmt.Errorf("run %s sends a request for the effect %q without an intent", held.Run, b.Effect)
	}
	return err
}

// sends is sending without an answer.
func (t *Tx) sends(run string, b store.Begin) error {
	return t.must(`{must}UPDATE {s}effect SET begun = coalesce(CAST($1 AS bigint), {stamp}),
		until = coalesce(CAST($1 AS bigint), {stamp}) + $2, boot = $3, boot_clock = $4
		WHERE run = $5 AND effect_key = $6 AND state = 'intent' RETURNING 1{row}`,
		t.stamp(), micro(b.Lasts), b.Boot, b.BootClock, run, b.Effect)
}

// OwnEffects implements [store.Store].
func (s *Store) OwnEffects(ctx context.Context, system, ticket string, since int64) (out []store.Effect, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		out, err = t.effects(`WHERE e.system = $1 AND e.ticket = $2 AND (e.state = 'done' AND e.changed >= $3 OR e.state = 'intent' AND e.begun <> 0)
			ORDER BY e.changed`, system, ticket, since)
		return err
	})
	return out, err
}
