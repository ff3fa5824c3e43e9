package river

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
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
	url := pgtest.NewPooler(t, pgtest.Database(t))
	a, b := newRuns(t, url, "a", true), newRuns(t, url, "b", true)
	a.open(2, "h")
	b.open(2, "h")
	for i := range 5 {
		a.add("runner", "h", 0, fmt.Sprint("now", i))
	}
	a.add("runner", "h", 1500e6, "later")
	eventually(t, 20e9, "all ended", func() bool { return a.ended() == 6 })
}
