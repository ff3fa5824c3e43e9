package main_test

import (
	"fmt"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// plantedPassword is the password in the URL of a database; the tests' clusters accept any.
const plantedPassword = "planted%2Dpa55-w0rd"

// with changes a URL: other parameters, and the planted password.
func with(t *testing.T, address string, pairs ...string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	u.RawQuery = q.Encode() + "&password=" + plantedPassword
	return u.String()
}

// exposes reports whether an output has a URL or its password.
func exposes(out, address string) bool {
	return strings.Contains(out, "pa55-w0rd") || strings.Contains(out, address) || strings.Contains(out, "postgres:///") || strings.Contains(out, "postgres://postgres")
}

// RUNS 34, 39: what stands against a database is said with what to do, by every command
// that needs it, and its URL never is.
func TestADatabaseThatWillNotDoIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	c := postgres(t)
	c.Exec(t, "postgres", `CREATE ROLE nothing LOGIN; CREATE ROLE old LOGIN SUPERUSER; ALTER ROLE old SET search_path = public, pg_catalog;
		CREATE ROLE readonly LOGIN SUPERUSER; ALTER ROLE readonly SET default_transaction_read_only = on;`)
	name := strings.TrimPrefix(strings.Split(c.url, "?")[0], "postgres:///")
	c.Exec(t, name, `CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE sql STABLE AS $$
		SELECT CASE $1 WHEN 'server_version' THEN '12.22' WHEN 'server_version_num' THEN '120022' ELSE pg_catalog.current_setting($1) END $$`)
	standby := c.Standby(t)
	w := newWitness(t)
	config := writeFile(t, rowConfig(1, "timeout: PT5S", noteStep))
	for n, test := range []struct {
		name, url string
		want      []string
	}{
		{"nobody listens", "postgres://otai@127.0.0.1:1/otai?sslmode=disable", []string{"the database can't be reached: is PostgreSQL running there"}},
		{"no such database", with(t, c.URL("missing")), []string{"doesn't accept this user, password or name", "pg_hba.conf"}},
		{"no such user", with(t, c.url, "user", "stranger"), []string{"doesn't accept this user, password or name"}},
		{"a standby", with(t, standby.URL(name)), []string{"the server is a standby", "give the URL of the primary"}},
		{"read-only", with(t, c.url, "user", "readonly"), []string{"default_transaction_read_only must be off"}},
		{"below 13", with(t, c.url, "user", "old"), []string{"PostgreSQL 12.22 is too old: otai needs 13 or later"}},
		{"a pooler of transactions", with(t, pgtest.NewPooler(t, c.url)), []string{"give the port of PostgreSQL itself", "set infrastructure.runs.poll_only to true"}},
		{"no rights", with(t, c.url, "user", "nothing"), []string{"user nothing may not make them", "otai runs migrate", "--print-sql"}},
		{"TLS that isn't there", with(t, pgtest.NewPooler(t, c.url), "sslmode", "require"), []string{"the database can't be reached"}},
		{"a certificate that isn't there", with(t, pgtest.NewPooler(t, c.url), "sslmode", "verify-full", "sslrootcert", "/nowhere/ca.crt"), []string{"the database's URL names a file that can't be read: open /nowhere/ca.crt"}},
		{"not a URL of a database", "mysql://otai:" + plantedPassword + "@db.example.org/otai", []string{"postgres://USER:PASSWORD@HOST:5432/DATABASE"}},
		{"not a URL at all", "postgres://otai:" + plantedPassword + "@:x:y/otai", []string{"postgres://USER:PASSWORD@HOST:5432/DATABASE"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := w.environment("OTAI_DATABASE_URL="+test.url, "OTAI_LOG_LEVEL=debug")
			for a, args := range [][]string{{"run", "--once"}, {"doctor"}, {"runs", "list"}, {"runs", "waiting", "--json"}, {"runs", "retry", "--all"}, {"runs", "migrate"}} {
				if a > 0 && a != 1+n%5 && !thorough() {
					continue // each command is in one row in five
				}
				out, code := w.command(env, append(slices.Clone(args), "-c", config)...)
				if code == 0 {
					t.Errorf("%s: exit code 0\n%s", args, out)
				}
				if exposes(out, test.url) || strings.Contains(out, "db.example.org") {
					t.Errorf("%s has the URL:\n%s", args, out)
				}
				if args[0] == "runs" && args[1] != "migrate" {
					continue // beside a service they ask for what they read, not for all that it needs
				}
				flat := strings.Join(strings.Fields(out), " ")
				for _, want := range test.want {
					if !strings.Contains(flat, want) {
						t.Errorf("%s doesn't say %q:\n%s", args, want, out)
					}
				}
			}
		})
	}
}

// RUNS 34: the URL is a secret as a whole in every output, also where all goes well.
func TestTheURLOfTheDatabaseIsInNoOutput(t *testing.T) {
	t.Parallel()
	c := postgres(t)
	address := with(t, c.url)
	w := newWitness(t)
	ids := w.addMany(3, "x")
	text := rowConfig(1, "timeout: PT5S", noteStep)
	rows := 0
	for name, given := range map[string]struct{ env, config string }{
		"in the environment": {"OTAI_DATABASE_URL=" + address, text},
		"in the file":        {"OTAI_DATABASE_URL=", text + "\ninfrastructure: { runs: { database: \"" + address + "\", keep: P7D } }\n"},
		"of both the environment's": {
			"OTAI_DATABASE_URL=" + address,
			text + "\ninfrastructure: { runs: { database: \"postgres://other:" + plantedPassword + "@db.example.org/otai\" } }\n",
		},
	} {
		rows++
		t.Run(name, func(t *testing.T) {
			env := w.environment(given.env, "OTAI_LOG_LEVEL=debug")
			config := writeFile(t, given.config)
			for a, args := range [][]string{
				{"validate"},
				{"validate", "--json"},
				{"run", "--once"},
				{"run", "--until-empty"},
				{"run", "--dry-run", "--once"},
				{"doctor"},
				{"doctor", "--json"},
				{"runs", "list"},
				{"runs", "waiting", "--json"},
				{"runs", "retry", "--all"},
				{"runs", "migrate"},
			} {
				if rows > 1 && a%3 != 2 && !thorough() {
					continue // wherever the URL is given, it is one when it is used
				}
				out, code := w.command(env, append(slices.Clone(args), "-c", config)...)
				if code != 0 && args[0] != "doctor" { // which warns of the desk's rights
					t.Errorf("%s: %d\n%s", args, code, out)
				}
				if exposes(out, address) || strings.Contains(out, "db.example.org") {
					t.Errorf("%s has the URL:\n%s", args, out)
				}
			}
		})
	}
	w.wantAllDone(ids, onlyNoted)
}

// RUNS 39, A33: a database administrator makes the tables, and a user that may not make
// any works with them, upwards and downwards.
func TestWhatAnAdministratorMadeARestrictedUserWorksWith(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("there is no psql: install the package postgresql-client")
	}
	t.Parallel()
	c := postgres(t)
	c.Exec(t, "postgres", `CREATE ROLE works LOGIN`)
	w := newWitness(t)
	ids := w.addMany(5, "x")
	config := writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
	env := w.environment("OTAI_DATABASE_URL=" + with(t, c.url, "user", "works"))
	if out, code := w.command(env, "run", "--until-empty", "-c", config); code != 1 || !strings.Contains(out, "--print-sql") {
		t.Errorf("without tables: %d\n%s", code, out)
	}
	print := newCommand(product.otai, "runs", "migrate", "--print-sql", "-c", config)
	print.Env = env
	statements, err := print.Output()
	if err != nil {
		t.Fatal(err)
	}
	admin := func(more string) {
		t.Helper()
		run := newCommand(psql, "-v", "ON_ERROR_STOP=1", "-q", c.url)
		run.Stdin = strings.NewReader(more)
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	admin(string(statements))
	// What it says to do is what helps.
	for step := 0; ; step++ {
		out, code := w.command(env, "run", "--until-empty", "-c", config)
		if code == 0 {
			break
		}
		_, grants, ok := strings.Cut(strings.Join(strings.Fields(out), " "), ": GRANT ")
		if !ok || step == 3 {
			t.Fatalf("%d\n%s", code, out)
		}
		var clean []string
		for _, one := range strings.Split("GRANT "+strings.ReplaceAll(grants, `\"`, `"`), ";") {
			if i := strings.Index(one, " TO works"); i >= 0 {
				clean = append(clean, one[:i+len(" TO works")])
			}
		}
		admin(strings.Join(clean, ";") + ";")
	}
	w.wantAllDone(ids, whole)
	for _, args := range [][]string{{"doctor"}, {"runs", "list"}, {"runs", "waiting"}} {
		if out, code := w.command(env, append(args, "-c", config)...); strings.Contains(out, "permission denied") || code != 0 && args[0] != "doctor" {
			t.Errorf("%s: %d\n%s", args, code, out)
		}
	}
	if out, code := w.command(env, "runs", "retry", "--handled", "-c", config); code != 0 || !strings.Contains(out, fmt.Sprint(len(ids))+" tried again") {
		t.Errorf("%d: %s", code, out)
	}
}

// PROCESSES 8: a service whose database is down when it starts waits for it, and can be
// stopped meanwhile. A command that ends by itself does so (above).
func TestAServiceWaitsForADatabaseThatIsDownWhenItStarts(t *testing.T) {
	t.Parallel()
	c := postgres(t)
	w := newWitness(t)
	ids := w.addMany(2, "x")
	config := writeFile(t, rowConfig(1, "timeout: PT5S", noteStep))
	c.Stop(t, pgtest.Fast)
	const lost, back = "the run store can't be reached", "the run store can be reached"
	begin := func() *life {
		l := live(t, w.environment("OTAI_DATABASE_URL="+c.url), "run", "-c", config)
		eventually(t, lost, func() bool { return strings.Contains(l.log.String(), lost) })
		return l
	}
	stopped := begin()
	if stopped.end(t); stopped.ProcessState.ExitCode() != 0 {
		t.Errorf("stopped while it waits: %v", stopped.ProcessState)
	}
	l := begin()
	time.Sleep(2 * time.Second) // for another try
	c.Start(t)
	if !w.all(time.Minute, ids, goal{note: "Sorted"}) {
		t.Error("nothing is done after the database has come back")
	}
	l.end(t)
	if log := l.log.String(); strings.Count(log, lost) != 1 || strings.Count(log, back) != 1 {
		t.Error("that the database is down, and is back, is said once each")
	}
}
