package river

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// T3, T4: nothing is lost when PostgreSQL goes and comes, and all goes on by itself.
func TestAllGoesOnWhenPostgreSQLIsBack(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	url := c.Database(t)
	a, b := newRuns(t, url, "a", false), newRuns(t, url, "b", false)
	const n = 600
	a.add("runner", "h", 0, names(n)...)
	slow := func(string) { time.Sleep(10 * time.Millisecond) }
	a.hold, b.hold = slow, slow
	a.open(4, "h")
	b.open(4, "h")
	for _, how := range []struct {
		name string
		stop func()
	}{
		{"fast", func() { c.Stop(t, pgtest.Fast) }},
		{"immediate", func() { c.Stop(t, pgtest.Immediate) }},
	} {
		before := a.ended()
		eventually(t, 20*time.Second, "some ended", func() bool { return a.ended() > before+50 })
		how.stop()
		time.Sleep(2 * time.Second)
		c.Start(t)
		at := a.ended()
		t.Logf("%s: goes on after %s, %d ended before", how.name, eventually(t, 30*time.Second, "it goes on", func() bool { return a.ended() > at+10 }), at)
	}
	eventually(t, 150*time.Second, "all ended", func() bool { return a.ended() == n })
	t.Logf("%d runs had more than one attempt", a.count("otai.run WHERE attempts > 1"))
	eventually(t, 20*time.Second, "no job is left", func() bool {
		return a.count("otai.river_job WHERE state NOT IN ('completed', 'discarded')") == 0
	})
}

func TestAHostThatWasCutOffGoesOnWhenItIsBack(t *testing.T) {
	t.Parallel()
	for _, how := range []struct {
		name string
		cut  func(*pgtest.Proxy)
	}{
		{"connections are closed", (*pgtest.Proxy).Cut},
		{"nothing arrives", (*pgtest.Proxy).Mute},
	} {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			proxy := pgtest.NewProxy(t, url)
			a, b := newRuns(t, url, "a", false), newRuns(t, proxy.URL(url), "b", false)
			a.open(1, "h")
			b.open(1, "h")
			work := func(prefix string) {
				ids := names(20)
				for i := range ids {
					ids[i] = prefix + ids[i]
				}
				a.add("runner", "h", 0, ids...)
			}
			work("1")
			eventually(t, 10*time.Second, "all ended", func() bool { return a.ended() == 20 })
			how.cut(proxy)
			work("2")
			eventually(t, 20*time.Second, "the other host does all", func() bool { return a.ended() == 40 })
			proxy.Cut()
			proxy.Join()
			slow := func(string) { time.Sleep(100 * time.Millisecond) }
			a.mu.Lock()
			a.hold = slow
			a.mu.Unlock()
			b.mu.Lock()
			done := len(b.begun)
			b.mu.Unlock()
			var round int
			eventually(t, 30*time.Second, "the host works again", func() bool {
				round++
				work(string(rune('a' + round)))
				time.Sleep(500 * time.Millisecond)
				b.mu.Lock()
				defer b.mu.Unlock()
				return len(b.begun) > done
			})
		})
	}
}

// The hosts' clocks count for nothing: what is due and when is said by the database's.
func TestAClockThatIsAMinuteOffChangesNothing(t *testing.T) {
	t.Parallel()
	for _, off := range []string{"60 s", "-60 s"} {
		t.Run(off, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			shiftClock(t, url, off)
			a, b := newRuns(t, url, "a", false), newRuns(t, url, "b", false)
			a.open(2, "h")
			b.open(2, "h")
			a.add("runner", "h", 0, "now1", "now2", "now3")
			took := eventually(t, 10*time.Second, "what is due ended", func() bool { return a.ended() == 3 })
			if took > 50*time.Second { // a clock that counted would make it a minute
				t.Errorf("what was due at once ended after %s", took)
			}
			for i, after := range []time.Duration{2 * time.Second, 12 * time.Second} { // the host's, River's
				began := time.Now()
				a.add("runner", "h", after, "after"+after.String())
				eventually(t, after+15*time.Second, "it ended", func() bool { return a.ended() == 4+i })
				took := time.Since(began)
				t.Logf("due after %s, ended after %s", after, took)
				if took < after {
					t.Errorf("due after %s, ended after %s", after, took)
				}
			}
		})
	}
}

// shiftClock makes the database's clock, as every statement sees it, differ from the hosts'.
func shiftClock(t *testing.T, database, off string) {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	p := pool(t, database, false)
	for _, name := range []string{"now", "clock_timestamp", "transaction_timestamp", "statement_timestamp"} {
		if name == "now" {
			_, err = p.Exec(context.Background(), `CREATE SCHEMA shifted`)
			must(t, err)
		}
		_, err = p.Exec(context.Background(), `CREATE FUNCTION shifted.`+name+`() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT pg_catalog.`+name+`() + interval ''`+off+`'''`)
		must(t, err)
	}
	_, err = p.Exec(context.Background(), `ALTER DATABASE `+strings.TrimPrefix(u.Path, "/")+` SET search_path = shifted, pg_catalog, public`)
	must(t, err)
	p.Close()
}
