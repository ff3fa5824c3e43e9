package main_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
)

// laterRelease builds otai as a release that has changed the form of its store: a column
// that it writes, an index and a table. With OTAI_LATER=2 it is the one after that, which
// has given up the form of this one.
func laterRelease(t *testing.T) (otai string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for file, changes := range map[string][]string{
		"schema.go": {
			fmt.Sprintf("const (\n\tSchema = %d\n\tReads  = 1\n)", sqlstore.Schema),
			fmt.Sprintf(`var Schema, Reads = func() (int, int) {
	if os.Getenv("OTAI_LATER") == "2" {
		return %d, %d
	}
	return %d, 1
}()`, sqlstore.Schema+2, sqlstore.Schema+1, sqlstore.Schema+1),
			"}}\n\nconst (\n\tmetaSchema",
			"}, {\n" +
				"`ALTER TABLE {s}run ADD COLUMN later text NOT NULL DEFAULT 'earlier'`,\n" +
				"`CREATE INDEX {i}run_later ON {s}run (later) WHERE state = 'waiting'`,\n" +
				"`CREATE TABLE {s}later (run text PRIMARY KEY, state text NOT NULL){norowid}`,\n" +
				"`INSERT INTO {s}later (run, state) SELECT id, state FROM {s}run`,\n}, {\n" +
				"`DROP TABLE {s}later`,\n}}\n\nconst (\n\tmetaSchema",
			"\t\"fmt\"\n", "\t\"fmt\"\n\t\"os\"\n",
		},
		"rows.go": {
			"created, ended_at)\n\tVALUES", "created, ended_at, later)\n\tVALUES",
			"'', $17, '', $14, 0)", "'', $17, '', $14, 0, 'later')",
		},
	} {
		source := filepath.Join(product.root, "internal", "runs", "sqlstore", file)
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		for i := 0; i < len(changes); i += 2 {
			if strings.Count(text, changes[i]) != 1 {
				t.Fatalf("%s has not once %q", source, changes[i])
			}
			text = strings.Replace(text, changes[i], changes[i+1], 1)
		}
		replace[source] = filepath.Join(dir, file)
		if err := os.WriteFile(replace[source], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay := filepath.Join(dir, "overlay.json")
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, content, 0o600); err != nil {
		t.Fatal(err)
	}
	otai = filepath.Join(dir, "bin", "otai")
	if err := os.Symlink(product.plugins, filepath.Join(dir, "plugins")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(filepath.Dir(otai), 0o755), keptAs("otai-later", otai, product.root, "-overlay", overlay, "./cmd/otai")); err != nil {
		t.Fatal(err)
	}
	return otai
}

// RUNS 36: a later release changes the form of the store while runs wait and are set
// aside; this one goes on with them, and the later one after it. A form that this one
// can't read it refuses, and says what to do.
func TestThisReleaseGoesOnWithWhatALaterOneHasChanged(t *testing.T) {
	t.Parallel()
	later := laterRelease(t)
	for name, env := range map[string]func(*testing.T) ([]string, func(string) string){
		"SQLite": func(t *testing.T) ([]string, func(string) string) { return nil, nil },
		"PostgreSQL": func(t *testing.T) ([]string, func(string) string) {
			c := postgres(t)
			return []string{"OTAI_DATABASE_URL=" + c.url}, func(query string) string { return answerOf(t, "pgx", c.url, query) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			more, database := env(t)
			downgrade(t, later, more, database)
		})
	}
}

func downgrade(t *testing.T, later string, more []string, database func(string) string) {
	w := newWitness(t, "Secret")
	w.SetAccess("Secret", store.AccessRead)
	env := w.environment(more...)
	schema := "otai."
	if database == nil {
		schema = ""
		database = func(query string) string {
			return answerOf(t, "sqlite", filepath.Join(stateOf(env), "runs.db"), query)
		}
	}
	config := writeFile(t, rowConfig(1, "timeout: PT2S, late: PT1S", moveByTitleStep+noteStep))
	run := func(program string, more ...string) *life {
		l := &life{Cmd: newCommand(program, "run", "-c", config), log: &buffer{}, ended: make(chan struct{})}
		l.Env, l.Dir = append(append([]string{}, env...), more...), t.TempDir()
		l.Stdout, l.Stderr = l.log, l.log
		return l.begin(t)
	}
	done := goal{queue: "IT", note: "Sorted"}

	// This release makes the store; the later one changes it, with something that waits.
	aside := w.add("Secret")
	l := run(product.otai)
	eventually(t, "one is set aside", func() bool { return strings.Contains(l.log.String(), "a ticket is set aside") })
	l.end(t)
	l = run(later)
	first := w.addMany(2, "IT")
	w.wantSoon(first, done)
	hangs := make(chan struct{})
	hang := sync.OnceFunc(func() { close(hangs) })
	w.treats(func(q *request) treatment {
		if q.update() {
			return treatment{hook: hang, after: 5 * time.Second}
		}
		return treatment{}
	})
	waits := w.add("IT") // its request is at work
	select {
	case <-hangs:
	case <-time.After(patient):
		t.Fatal("nothing is sent")
	}
	refused := w.add("Secret")
	l.kill()
	w.treats(func(*request) treatment { return treatment{} })
	if got := database("SELECT count(*) FROM " + schema + "run WHERE state IN ('waiting', 'running')"); got != "2" {
		t.Errorf("%s runs wait or are at work, want 2", got)
	}

	// Back.
	l = run(product.otai)
	more2 := append(append([]string{}, waits...), w.addMany(3, "IT")...)
	w.wantSoon(more2, done)
	eventually(t, "the other one is set aside as well", func() bool {
		return database("SELECT count(*) FROM "+schema+"ticket WHERE standing = 'aside'") == "2"
	})
	w.SetAccess("Secret", store.AccessFull)
	if out, code := w.command(env, "runs", "retry", "--all", "-c", config); code != 0 {
		t.Errorf("%d: %s", code, out)
	}
	moved := goal{queue: "Secret", note: "Sorted"}
	w.wantSoon(append(aside, refused...), moved)
	l.end(t)
	for query, want := range map[string]string{
		"SELECT value FROM " + schema + "meta WHERE name = 'schema_version'":       strconv.Itoa(sqlstore.Schema + 1),
		"SELECT value FROM " + schema + "meta WHERE name = 'min_reader'":           "1",
		"SELECT count(*) FROM " + schema + "later":                                 "1",
		"SELECT count(*) FROM " + schema + "run WHERE later = 'later'":             "3",
		"SELECT count(*) FROM " + schema + "run WHERE later = 'earlier'":           "5",
		"SELECT count(*) FROM " + schema + "run WHERE state <> 'ended'":            "0",
		"SELECT count(*) FROM " + schema + "ticket WHERE standing <> 'handled'":    "0",
		"SELECT count(*) FROM " + schema + "effect WHERE state = 'intent'":         "0",
		"SELECT count(DISTINCT ticket) FROM " + schema + "ticket WHERE note <> ''": "0",
	} {
		if got := database(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}

	// And forth, to the release after it.
	l = run(later)
	again := w.add("IT")
	w.wantSoon(again, done)
	l.end(t)
	l = run(later, "OTAI_LATER=2")
	last := w.add("IT")
	w.wantSoon(last, done)
	l.end(t)
	for _, args := range [][]string{{"run", "-c", config}, {"runs", "waiting", "-c", config}, {"runs", "retry", "--all", "-c", config}} {
		out, code := w.command(env, args...)
		const says = "the run store was made by a newer otai: use that release or a later one"
		if code != 1 || !strings.Contains(strings.Join(strings.Fields(out), " "), says) {
			t.Errorf("%s: %d\n%s", args[:2], code, out)
		}
	}
	all := append(append(append(append([]string{}, first...), more2...), again...), last...)
	w.wantAllDone(all, done)
	w.wantAllDone(append(aside, refused...), moved)
}

// wantSoon waits until tickets have what a goal says.
func (w *witness) wantSoon(ids []string, g goal) {
	w.t.Helper()
	w.all(patient, ids, g)
	w.wantAllDone(ids, g)
}

// answerOf asks a database for one text.
func answerOf(t *testing.T, driver, url, query string) (answer string) {
	t.Helper()
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
