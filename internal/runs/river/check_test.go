package river

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

func reasonOf(err error) Reason {
	if unfit := (*Unfit)(nil); errors.As(err, &unfit) {
		return unfit.Reason
	}
	return ""
}

// as returns the URL for another user.
func as(t *testing.T, database, user string) string {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	q := u.Query()
	q.Set("user", user)
	u.RawQuery = q.Encode()
	return u.String()
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	must(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	must(t, err)
}

func TestADatabaseThatWillDo(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	f, err := Check(t.Context(), url, schema, false)
	if err != nil || f.Made || !f.Make || f.User != "postgres" || f.Version == "" {
		t.Errorf("%+v, %v", f, err)
	}
	must(t, Migrate(t.Context(), pool(t, url, false), schema, makeTable))
	if f, err := Check(t.Context(), url, schema, false); err != nil || !f.Made || !f.Make {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestADatabaseThatWillNotDo(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	made, empty := c.Database(t), c.Database(t)
	must(t, Migrate(t.Context(), pool(t, made, false), schema, makeTable))
	c.Exec(t, "postgres", `CREATE ROLE nothing LOGIN; CREATE ROLE usage LOGIN; CREATE ROLE works LOGIN; CREATE ROLE tables LOGIN; CREATE ROLE readonly LOGIN SUPERUSER;
		ALTER ROLE readonly SET default_transaction_read_only = on`)
	exec1(t, made, `GRANT USAGE ON SCHEMA otai TO usage, works, tables; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA otai TO works, tables;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA otai TO works`)
	for _, test := range []struct {
		name, url, schema string
		want              Reason
	}{
		{"nobody listens", "postgres://127.0.0.1:1/x?password=planted", schema, Unreachable},
		{"not a URL", "postgres://planted@:x:y/", schema, Unreachable},
		{"no such database", c.URL("missing"), schema, Login},
		{"no such user", as(t, made, "stranger"), schema, Login},
		{"read-only", as(t, made, "readonly"), schema, Standby},
		{"may not enter the schema", as(t, made, "nothing"), schema, Rights},
		{"may not use the tables", as(t, made, "usage"), schema, Rights},
		{"may not use the sequences", as(t, made, "tables"), schema, Rights},
		{"may not make the schema", as(t, empty, "works"), schema, Tables},
		{"a schema's name that River can't use", empty, "My Schema", Tables},
		{"may use all, make nothing", as(t, made, "works"), schema, ""},
		{"a pooler of transactions", pgtest.NewPooler(t, made), schema, Pooler},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Check(t.Context(), test.url, test.schema, false)
			if got := reasonOf(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("%+v, %v", f, err)
			}
			if err != nil && strings.Contains(err.Error(), "planted") {
				t.Errorf("it has the password: %v", err)
			}
		})
	}
	if _, err := Check(t.Context(), pgtest.NewPooler(t, made), schema, true); err != nil {
		t.Errorf("a pooler with poll_only: %v", err)
	}
}

func TestAPoolerIsRecognizedEachTime(t *testing.T) {
	t.Parallel()
	url := pgtest.NewPooler(t, pgtest.Database(t))
	for range 20 {
		if _, err := Check(t.Context(), url, schema, false); reasonOf(err) != Pooler {
			t.Fatal(err)
		}
	}
}

// RUNS 39: a real one, until it is the primary.
func TestAStandbyIsRefused(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	url := c.Database(t)
	must(t, Migrate(t.Context(), pool(t, url, false), schema, makeTable))
	s := c.Standby(t)
	name := strings.TrimPrefix(strings.Split(url, "?")[0], "postgres:///")
	eventually(t, 30e9, "it follows", func() bool {
		conn, err := pgx.Connect(t.Context(), s.URL(name))
		if err != nil {
			return false
		}
		defer conn.Close(t.Context())
		var n int
		return conn.QueryRow(t.Context(), "SELECT count(*) FROM otai.run").Scan(&n) == nil
	})
	for _, pollOnly := range []bool{false, true} {
		_, err := Check(t.Context(), s.URL(name), schema, pollOnly)
		if reasonOf(err) != Standby || !strings.Contains(err.Error(), "give the URL of the primary") {
			t.Errorf("poll_only %v: %v", pollOnly, err)
		}
	}
	// Of a URL that names both, the primary is taken.
	both := "postgres:///" + name + "?host=" + folderOf(s) + "," + folderOf(c) + "&port=5432,5432&user=postgres&target_session_attrs=read-write"
	if f, err := Check(t.Context(), both, schema, false); err != nil || !f.Made {
		t.Errorf("of both: %+v, %v", f, err)
	}
	s.Exec(t, "postgres", "SELECT pg_promote()")
	eventually(t, 30e9, "it is the primary", func() bool {
		f, err := Check(t.Context(), s.URL(name), schema, false)
		return err == nil && f.Made
	})
}

func folderOf(c *pgtest.Cluster) string { return filepath.Dir(c.Socket()) }

// RUNS 39: what a server says of its version is its answer to a query, so one that answers
// otherwise stands for an old one.
func TestAServerThatIsTooOldIsRefused(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	url := c.Database(t)
	c.Exec(t, "postgres", `CREATE ROLE old LOGIN SUPERUSER; ALTER ROLE old SET search_path = public, pg_catalog`)
	exec1(t, url, `CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE sql STABLE AS $$
		SELECT CASE $1 WHEN 'server_version' THEN '12.22' WHEN 'server_version_num' THEN '120022' ELSE pg_catalog.current_setting($1) END $$`)
	for _, pollOnly := range []bool{false, true} {
		_, err := Check(t.Context(), as(t, url, "old"), schema, pollOnly)
		if reasonOf(err) != TooOld || err.Error() != "PostgreSQL 12.22 is too old: otai needs 13 or later" {
			t.Errorf("poll_only %v: %v", pollOnly, err)
		}
	}
}

// RUNS 39: the real PgBouncer.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	database := c.Database(t)
	must(t, Migrate(t.Context(), pool(t, database, false), schema, makeTable))
	url := c.PgBouncer(t, database, "transaction")
	for range 20 {
		_, err := Check(t.Context(), url, schema, false)
		if reasonOf(err) != Pooler || !strings.Contains(err.Error(), "give the port of PostgreSQL itself") || !strings.Contains(err.Error(), "set infrastructure.runs.poll_only to true") {
			t.Fatal(err)
		}
	}
	if f, err := Check(t.Context(), url, schema, true); err != nil || !f.Made {
		t.Errorf("with poll_only: %+v, %v", f, err)
	}
	if f, err := Check(t.Context(), c.PgBouncer(t, database, "session"), schema, false); err != nil || !f.Made {
		t.Errorf("of sessions: %+v, %v", f, err)
	}
	must(t, Migrate(t.Context(), pool(t, c.PgBouncer(t, c.Database(t), "transaction"), true), schema, makeTable))
	carriedByPolling(t, url)
}

// T6: rivermigrate alone fails for one of two with 23505.
func TestHostsThatMigrateAtOnceDontDisturbEachOther(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var all sync.WaitGroup
	for range 6 {
		p := pool(t, url, false)
		all.Go(func() {
			if err := Migrate(context.Background(), p, schema, makeTable); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// What a database administrator runs makes the same tables.
func TestTheStatementsThatArePrintedMakeWhatMigrateMakes(t *testing.T) {
	t.Parallel()
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("there is no psql: install the package postgresql-client")
	}
	byHand, byItself := pgtest.Database(t), pgtest.Database(t)
	text, err := SQL(schema, []string{"CREATE TABLE otai.run (id text)"})
	must(t, err)
	run := exec.Command(psql, "-v", "ON_ERROR_STOP=1", "-q", "-f", "-", byHand)
	run.Stdin = strings.NewReader(text)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	must(t, Migrate(t.Context(), pool(t, byItself, false), schema, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE otai.run (id text)")
		return err
	}))
	if made, err := Migrated(t.Context(), pool(t, byHand, false), schema); err != nil || !made {
		t.Errorf("made: %v, %v", made, err)
	}
	describe := func(url string) string {
		rows, err := pool(t, url, false).Query(t.Context(), `SELECT table_name || '.' || column_name || ' ' || data_type || coalesce(' ' || column_default, '')
			FROM information_schema.columns WHERE table_schema = 'otai' ORDER BY 1`)
		must(t, err)
		columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(t, err)
		return strings.Join(columns, "\n")
	}
	if a, b := describe(byHand), describe(byItself); a != b {
		t.Errorf("by hand:\n%s\nby itself:\n%s", a, b)
	}
	must(t, Migrate(t.Context(), pool(t, byHand, false), schema, func(context.Context, pgx.Tx) error { return nil }))
}

func TestBehindAPoolerRunsAreCarriedByPolling(t *testing.T) {
	t.Parallel()
	carriedByPolling(t, pgtest.NewPooler(t, pgtest.Database(t)))
}

func carriedByPolling(t *testing.T, url string) {
	t.Helper()
	a, b := newRuns(t, url, "a", true), newRuns(t, url, "b", true)
	a.open(2, "h")
	b.open(2, "h")
	for i := range 5 {
		a.add("runner", "h", 0, fmt.Sprint("now", i))
	}
	a.add("runner", "h", 1500e6, "later")
	eventually(t, 20e9, "all ended", func() bool { return a.ended() == 6 })
}
