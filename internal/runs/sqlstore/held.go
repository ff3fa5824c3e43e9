package sqlstore

import (
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// heldRun is what is asked of a run before anything is stored for it.
type heldRun struct {
	found              bool
	owner, state       string
	parent             string
	cancel, atWork     string
	fence              int64
	dead, lease, until int64 // the host's
}

// held asks whether the run is still the host's, and locks its row. A fact asks only for
// owner and fence: it is stored also when the lease has ended.
func (t *Tx) held(h store.Held, fact bool) (r heldRun, err error) {
	statement := `SELECT r.owner, r.fence, r.state, r.cancel, r.at_work, r.parent, 0, 0, 0, 0 FROM {s}run r WHERE r.id = $1`
	if t.d.Leases {
		statement = `SELECT r.owner, r.fence, r.state, r.cancel, r.at_work, r.parent, coalesce(h.dead, 1), coalesce(h.lease, 0),
			coalesce(h.lease_until, 0), {now} FROM {s}run r LEFT JOIN {s}host h ON h.id = r.owner WHERE r.id = $1 FOR UPDATE OF r`
	}
	var now int64
	r.found, err = t.row(statement, args{h.Run}, &r.owner, &r.fence, &r.state, &r.cancel, &r.atWork, &r.parent, &r.dead, &r.lease, &r.until, &now)
	if err != nil || !r.found {
		return r, err
	}
	if now != 0 {
		t.now = now
	} else if _, err := t.Now(); err != nil {
		return r, err
	}
	if r.owner != h.Host || r.fence != h.Fence || r.state != string(store.Running) {
		return r, store.ErrFence
	}
	if t.d.Leases && !fact && (r.dead != 0 || r.until <= t.now) {
		return r, store.ErrFence
	}
	return r, nil
}

// holds asks the same as held of a run that wasn't canceled, without an answer: what
// isn't so ends the transaction with [ErrNothing], and the caller asks at length. With
// atWork it stores the step that is at work; a request may be sent then if it sends.
func (t *Tx) holds(h store.Held, atWork *string, sends bool) error {
	const itsOwn = `r.id = $1 AND r.owner = $2 AND r.fence = $3 AND r.state = 'running' AND r.cancel = '' `
	alive := `{living} `
	if sends {
		alive = `{sending} `
	}
	if atWork == nil {
		return t.must(`{must}SELECT 1 FROM {s}run r WHERE `+itsOwn+alive+`{lock}{row}`, h.Run, h.Host, h.Fence)
	}
	// Another step: the deaths at the one before don't count against it.
	return t.must(`{must}UPDATE {s}run AS r SET at_work = $4, deaths = CASE WHEN at_work = $4 THEN deaths ELSE 0 END
		WHERE `+itsOwn+alive+`RETURNING 1{row}`, h.Run, h.Host, h.Fence, *atWork)
}

// heldOrNew is held for a run that is created if it isn't stored yet.
func (t *Tx) heldOrNew(h store.Held, create *store.Run, fact bool) (heldRun, error) {
	r, err := t.held(h, fact)
	if err != nil || r.found {
		return r, err
	}
	if create == nil {
		return r, store.ErrFence // it was discarded, or cleaned up long ago
	}
	if err := t.alive(h.Host); err != nil {
		return r, err
	}
	if err := t.insertRun(create, store.Running, h.Host, h.Fence); err != nil {
		return r, err
	}
	return t.held(h, fact)
}

// alive asks whether a host may begin something.
func (t *Tx) alive(host string) error {
	if !t.d.Leases {
		return nil
	}
	var dead, until, now int64
	found, err := t.row(`SELECT dead, lease_until, {now} FROM {s}host WHERE id = $1`, args{host}, &dead, &until, &now)
	switch {
	case err != nil:
		return err
	case !found || dead != 0 || until <= now:
		return store.ErrFence
	}
	t.now = now
	return nil
}
