package river

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

type pgxTx = pgx.Tx

const sorted = `otai.run WHERE runner = 'sort' AND state = 'ended'`

// RUNS 32: the runs of a host that was killed are taken over within 15 s, with a lease of 10 s.
func TestTheRunsOfAKilledHostAreTakenOver(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := migrated(t, url)
	d := newTestDesk(t, p, 100*time.Millisecond)
	c := hostConfig{instance: "a", desk: d.listener.Addr().String(), lease: 10 * time.Second, workers: 4}
	a := startHost(t, url, c)
	c.instance = "b"
	startHost(t, url, c).isOpen()
	a.isOpen()
	time.Sleep(c.lease) // a host judges others only after a lease of its own
	const n = 400
	seed(t, url, n)
	const ofA = `otai.run WHERE state = 'running' AND owner LIKE 'a/%'`
	eventually(t, 20*time.Second, "both work", func() bool { return countOf(t, p, sorted) > 40 && countOf(t, p, ofA) > 2 })
	a.kill()
	killed := time.Now()
	held := countOf(t, p, ofA)
	eventually(t, 15*time.Second, "all that it had is taken over", func() bool {
		return countOf(t, p, ofA) == 0
	})
	took := time.Since(killed)
	eventually(t, 60*time.Second, "all ended", func() bool { return countOf(t, p, sorted) == n })
	runs, doubled, stale := d.count()
	t.Logf("%d runs held by the killed host, taken over after %s; %d runs, %d doubled, %d stale", held, took, runs, doubled, stale)
	if runs != n || doubled != 0 || stale != 0 || held == 0 {
		t.Errorf("%d of %d runs wrote, %d twice, %d stale, %d were held", runs, n, doubled, stale, held)
	}
}

// T12: a host that starts again looks after its former runs within a second.
func TestAHostThatStartsAgainGoesOnAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := migrated(t, url)
	d := newTestDesk(t, p, 50*time.Millisecond)
	c := hostConfig{instance: "a", desk: d.listener.Addr().String(), lease: 10 * time.Second, workers: 4}
	const n = 200
	a := startHost(t, url, c)
	seed(t, url, n)
	for range 3 {
		before := countOf(t, p, sorted)
		eventually(t, 20*time.Second, "some ended", func() bool { return countOf(t, p, sorted) > before+20 })
		a.kill()
		started := time.Now()
		a = startHost(t, url, c)
		a.isOpen()
		opened := time.Since(started)
		eventually(t, 5*time.Second, "its former runs are not its former self's", func() bool {
			return countOf(t, p, `otai.run r JOIN otai.host h ON h.id = r.owner WHERE r.state = 'running' AND h.dead = 1`) == 0
		})
		t.Logf("open after %s, former runs taken over after %s", opened, time.Since(started))
	}
	eventually(t, 60*time.Second, "all ended", func() bool { return countOf(t, p, sorted) == n })
	if runs, doubled, stale := d.count(); runs != n || doubled != 0 || stale != 0 {
		t.Errorf("%d of %d runs wrote, %d twice, %d stale", runs, n, doubled, stale)
	}
}

// T13: a host that was frozen for longer than its lease sends nothing when it wakes up.
func TestAFrozenHostSendsNothingMore(t *testing.T) {
	t.Parallel()
	freeze(t, envInt("OTAI_TEST_FREEZES", 3))
}

func freeze(t *testing.T, times int) {
	t.Helper()
	url := pgtest.Database(t)
	p := migrated(t, url)
	d := newTestDesk(t, p, 20*time.Millisecond)
	lease := 2 * time.Second
	c := hostConfig{instance: "a", desk: d.listener.Addr().String(), lease: lease, workers: 4, steps: 2}
	a := startHost(t, url, c)
	c.instance = "b"
	b := startHost(t, url, c)
	a.isOpen()
	b.isOpen()
	seeded, held := 0, 0
	for i := range times {
		seed(t, url, 400)
		seeded += 400
		before := countOf(t, p, sorted)
		eventually(t, 20*time.Second, "some ended", func() bool { return countOf(t, p, sorted) > before+10 })
		frozen := a
		if i%2 == 1 {
			frozen = b
		}
		frozen.signal(syscall.SIGSTOP)
		id := map[bool]string{true: "a", false: "b"}[frozen == a]
		held += countOf(t, p, `otai.run WHERE state = 'running' AND owner LIKE '`+id+`/%'`)
		time.Sleep(lease*2 + lease/4)
		frozen.signal(syscall.SIGCONT)
		time.Sleep(lease / 2)
	}
	eventually(t, 120*time.Second, "all ended", func() bool { return countOf(t, p, sorted) == seeded })
	runs, doubled, stale := d.count()
	t.Logf("%d times frozen with %d runs held: %d runs, %d doubled, %d stale", times, held, runs, doubled, stale)
	if runs != seeded || doubled != 0 || stale != 0 || held == 0 {
		t.Errorf("%d of %d runs wrote, %d twice, %d stale, %d were held", runs, seeded, doubled, stale, held)
	}
}

// A host can be frozen in the middle of the transaction in which it takes a run, and be
// declared dead before that ends.
func TestARunThatADeadHostTookIsNotStranded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := pgtest.Database(t)
	p := migrated(t, url)
	dbPool, s, _, err := openStore(ctx, url, nil)
	must(t, err)
	defer dbPool.Close()
	seed(t, url, 1)
	for _, id := range []string{"frozen", "living"} {
		must(t, s.Register(ctx, store.Host{ID: id, Instance: id, Lease: time.Minute, Places: []store.HostPlace{{Runner: "sort", Hash: "h"}}}))
	}
	taken, _, err := s.Take(ctx, "frozen", "sort", "h")
	if err != nil || taken == nil {
		t.Fatal(taken, err)
	}
	_, err = p.Exec(ctx, `UPDATE otai.host SET dead = 1 WHERE id = 'frozen'`) // as it was when the take ended
	must(t, err)
	if n, err := s.Reap(ctx, "living"); err != nil || n != 1 {
		t.Errorf("%d runs were taken over, %v", n, err)
	}
	if _, err := s.Commit(ctx, store.Batch{Held: store.Held{Run: taken.Run.ID, Host: "frozen", Fence: taken.Run.Fence}, Steps: []store.Step{{Key: "s"}}}); !errors.Is(err, store.ErrFence) {
		t.Errorf("the dead host may store: %v", err)
	}
}

// T4, T10: PostgreSQL goes and comes; nothing is lost, and all goes on by itself.
func TestHostsGoOnWhenPostgreSQLWasRestarted(t *testing.T) {
	t.Parallel()
	cluster := pgtest.New(t)
	url := cluster.Database(t)
	p := migrated(t, url)
	d := newTestDesk(t, p, 20*time.Millisecond)
	d.unchecked = true // it can't look while the database is away
	c := hostConfig{instance: "a", desk: d.listener.Addr().String(), lease: 3 * time.Second, workers: 4, steps: 2}
	a := startHost(t, url, c)
	c.instance = "b"
	b := startHost(t, url, c)
	a.isOpen()
	b.isOpen()
	const n = 1500
	seed(t, url, n)
	for _, how := range []syscall.Signal{pgtest.Fast, pgtest.Immediate, pgtest.Immediate} {
		before := countOf(t, p, sorted)
		eventually(t, 60*time.Second, "some ended", func() bool { return countOf(t, p, sorted) > before+20 })
		cluster.Stop(t, how)
		time.Sleep(4 * time.Second) // longer than the lease
		cluster.Start(t)
		at := countOf(t, p, sorted)
		t.Logf("%v: goes on after %s", how, eventually(t, 60*time.Second, "it goes on", func() bool { return countOf(t, p, sorted) > at+5 }))
	}
	eventually(t, 120*time.Second, "all ended", func() bool { return countOf(t, p, sorted) == n })
	if runs, doubled, _ := d.count(); runs != n || doubled != 0 {
		t.Errorf("%d of %d runs wrote, %d twice", runs, n, doubled)
	}
}

// A host is cut off for longer than its lease: another takes its runs, and it stores and
// sends nothing more of them when it is back.
func TestAHostThatIsCutOffLosesItsRuns(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := migrated(t, url)
	d := newTestDesk(t, p, 50*time.Millisecond)
	lease := 3 * time.Second
	c := hostConfig{instance: "a", desk: d.listener.Addr().String(), lease: lease, workers: 4, steps: 2}
	proxy := pgtest.NewProxy(t, url)
	a := startHost(t, proxy.URL(url), c)
	c.instance = "b"
	b := startHost(t, url, c)
	a.isOpen()
	b.isOpen()
	time.Sleep(lease)
	const n = 600
	seed(t, url, n)
	eventually(t, 60*time.Second, "some ended", func() bool { return countOf(t, p, sorted) > 20 })
	proxy.Mute()
	held := countOf(t, p, `otai.run WHERE state = 'running' AND owner LIKE 'a/%'`)
	took := eventually(t, 15*time.Second, "its runs are taken over", func() bool {
		return countOf(t, p, `otai.run WHERE state = 'running' AND owner LIKE 'a/%'`) == 0
	})
	time.Sleep(lease)
	proxy.Cut()
	proxy.Join()
	d.mu.Lock()
	before := d.by["a"]
	d.mu.Unlock()
	eventually(t, 60*time.Second, "all ended", func() bool { return countOf(t, p, sorted) == n })
	seed(t, url, n)
	eventually(t, 60*time.Second, "the host works again", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.by["a"] > before
	})
	eventually(t, 60*time.Second, "all ended", func() bool { return countOf(t, p, sorted) == 2*n })
	runs, doubled, stale := d.count()
	t.Logf("%d runs held by the host that was cut off, taken over after %s; %d runs, %d doubled, %d stale", held, took, runs, doubled, stale)
	if runs != 2*n || doubled != 0 || stale != 0 {
		t.Errorf("%d of %d runs wrote, %d twice, %d stale", runs, 2*n, doubled, stale)
	}
}

// What stands in a queue at which no living host listens begins anew at another one.
func TestRunsOfAHashThatNobodyHasBeginAnew(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := migrated(t, url)
	seed(t, url, 20)
	_, err := p.Exec(t.Context(), `UPDATE otai.run SET hash = 'old' WHERE runner = 'sort'`)
	must(t, err)
	_, err = p.Exec(t.Context(), `UPDATE otai.river_job SET queue = '`+queueOf("sort", "old")+`'`)
	must(t, err)
	d := newTestDesk(t, p, 0)
	startHost(t, url, hostConfig{instance: "a", desk: d.listener.Addr().String(), lease: 2 * time.Second, workers: 4}).isOpen()
	eventually(t, 60*time.Second, "all ended", func() bool { return countOf(t, p, sorted) == 20 })
}

// RUNS 40: what a process makes that keeps to itself, as with --once, others get when it
// has ended.
func TestItemsOfAProcessThatKeepsToItselfAreGivenToOthersWhenItEnds(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := migrated(t, url)
	d := newTestDesk(t, p, 0)
	startHost(t, url, hostConfig{instance: "a", desk: d.listener.Addr().String(), lease: 2 * time.Second, workers: 4}).isOpen()
	leave := keep(t, url, 20, true)
	time.Sleep(lost + 2*sweepEvery)
	if n := countOf(t, p, sorted); n != 0 {
		t.Errorf("%d were given to another host", n)
	}
	leave()
	eventually(t, 30*time.Second, "all ended", func() bool { return countOf(t, p, sorted) == 20 })
}

// RUNS 36: during a rolling update the tables have the form of the release to come.
func TestATableFormOfALaterReleaseIsUsedAsLongAsItCanBeRead(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := migrated(t, url)
	for _, sql := range []string{
		`INSERT INTO otai.river_migration (line, version) VALUES ('main', 1000)`,
		`UPDATE otai.meta SET value = '1000' WHERE name = 'schema_version'`,
		`ALTER TABLE otai.run ADD COLUMN later text NOT NULL DEFAULT 'x'`,
	} {
		_, err := p.Exec(t.Context(), sql)
		must(t, err)
	}
	if f, err := Check(t.Context(), url, schema, false); err != nil || !f.Made {
		t.Errorf("%+v, %v", f, err)
	}
	migrated(t, url) // as a host of this release does at its start
	d := newTestDesk(t, p, 0)
	startHost(t, url, hostConfig{instance: "a", desk: d.listener.Addr().String(), lease: 2 * time.Second, workers: 4}).isOpen()
	seed(t, url, 20)
	eventually(t, 30*time.Second, "all ended", func() bool { return countOf(t, p, sorted) == 20 })
	if n := countOf(t, p, `otai.meta WHERE name = 'schema_version' AND value = '1000'`); n != 1 {
		t.Error("the version was put back")
	}
	_, err := p.Exec(t.Context(), `UPDATE otai.meta SET value = '1000' WHERE name = 'min_reader'`)
	must(t, err)
	if _, _, _, err := openStore(t.Context(), url, nil); !errors.Is(err, sqlstore.ErrNewer) {
		t.Errorf("a form that it can't read: %v", err)
	}
}
