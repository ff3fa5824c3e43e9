package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// docs/backup.md, with the real binary: a help desk whose tickets stay where they are, so that only
// the run store knows which have their note.
const onlyNoteStep = `
- { id: note, use: base:AddNotePipe, injects: { ticket_system: desk }, params: { ticket_id: "{{ get_pipe_result('ticket').id }}", note: { subject: Sorted, body: by otai } } }
`

func TestABackupUnderLoadIsGoneBackTo(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.addMany(sized(60, 300), "x")
	config := writeFile(t, forEach(allFetched, itemStep+onlyNoteStep))
	env := w.environment()
	copied := filepath.Join(t.TempDir(), "runs-copy.db")
	noted := goal{note: "Sorted"}
	w.treats(func(q *request) treatment { return treatment{before: 20 * time.Millisecond} })

	l := live(t, env, "run", "-c", config)
	eventually(t, "some tickets have their note", func() bool { return w.judge(ids, noted).Done > 3 })
	out, code := w.command(env, "runs", "backup", copied)
	if code != 0 || !strings.Contains(out, copied) {
		t.Fatalf("%d: %s", code, out)
	}
	had := w.judge(ids, noted).Done
	size := fileSize(t, copied)
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v", info, err)
	}
	if out, code := w.command(env, "runs", "backup", copied); code != 1 || !strings.Contains(out, "exists") {
		t.Errorf("a second one to the same file: %d: %s", code, out)
	}
	after := w.addMany(20, "after the copy")
	ids = append(ids, after...)
	w.all(patientFor(30*time.Second), ids, noted)
	l.kill()

	// The disk is lost, and the copy is what there is.
	state := stateOf(env)
	must(t, os.RemoveAll(state), os.MkdirAll(state, 0o700), os.Rename(copied, filepath.Join(state, "runs.db")))
	late := w.addMany(5, "later")
	l = live(t, env, "run", "-c", config)
	w.all(patientFor(30*time.Second), late, noted)
	eventually(t, "those that the copy doesn't know are looked at", func() bool {
		return strings.Count(l.log.String(), "a note stands on the ticket already") >= len(after)
	})
	l.end(t)
	w.wantAllDone(append(ids, late...), noted)
	const said = "the run store is a copy"
	if !strings.Contains(l.log.String(), said) {
		t.Error("the log doesn't say that it works with a copy")
	}
	if out, _ := w.command(env, "run", "--once", "-c", config); strings.Contains(out, said) {
		t.Errorf("the second start says it again: %s", out)
	}
	v := w.wantAllDone(append(ids, late...), noted)
	row(t, "a backup under load", "%d of %d tickets had their note when it was made, %d bytes; after its restore: %v", had, len(ids)-len(after), size, v)
}

// The lines of docs/backup.md about PostgreSQL, as they stand there; also those who have gone back before.
func TestACopyOfADatabaseIsGoneBackTo(t *testing.T) {
	if _, err := exec.LookPath("pg_restore"); err != nil {
		t.Skip("there is no pg_restore: install the package postgresql-client")
	}
	t.Parallel()
	c := postgres(t)
	w := newWitness(t)
	config := writeFile(t, forEach(allFetched, itemStep+onlyNoteStep))
	env := w.environment("OTAI_DATABASE_URL=" + c.url)
	noted := goal{note: "Sorted"}
	dir := t.TempDir()
	types := func(begins string) {
		t.Helper()
		for _, b := range blocks(t, filepath.Join(product.root, "docs", "backup.md")) {
			if !strings.HasPrefix(b.text, begins) {
				continue
			}
			cmd := newCommand("sh", "-ec", b.text)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "OTAI_DATABASE_URL="+c.url)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", b.text, err, out)
			}
			return
		}
		t.Fatalf("the page has no block any more that begins with %s", begins)
	}
	var ids []string
	for round := range 2 {
		ids = append(ids, w.addMany(5, "x")...)
		l := live(t, env, "run", "-c", config)
		w.all(patientFor(30*time.Second), ids, noted)
		types("pg_dump")
		after := w.addMany(5, "after the copy")
		ids = append(ids, after...)
		w.all(patientFor(30*time.Second), ids, noted)
		l.end(t)
		types("psql")
		late := w.addMany(2, "later")
		ids = append(ids, late...)
		l = live(t, env, "run", "-c", config)
		w.all(patientFor(30*time.Second), late, noted)
		eventually(t, "those that the copy doesn't know are looked at", func() bool {
			return strings.Count(l.log.String(), "a note stands on the ticket already") >= len(after)
		})
		l.end(t)
		w.wantAllDone(ids, noted)
		if !strings.Contains(l.log.String(), "the run store is a copy") {
			t.Errorf("the log doesn't say that it works with a copy (%d)", round)
		}
		must(t, os.Remove(filepath.Join(dir, "otai.dump")))
	}
}

func TestOtaiMovesToAnotherFolderWithItsRuns(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.addMany(sized(60, 300), "x")
	config := writeFile(t, forEach(allFetched, itemStep+moveStep+priorityStep+noteStep))
	env := w.environment()
	l := live(t, env, "run", "-c", config)
	eventually(t, "some tickets are done", func() bool { return w.judge(ids, whole).Done > len(ids)/4 })
	l.end(t) // systemctl stop

	was, is := stateOf(env), filepath.Join(t.TempDir(), "moved")
	must(t, os.Rename(was, is))
	there := make([]string, 0, len(env))
	for _, e := range env {
		there = append(there, strings.Replace(e, "OTAI_STATE_DIR="+was, "OTAI_STATE_DIR="+is, 1))
	}
	live(t, there, "run", "-c", config)
	w.all(patientFor(30*time.Second), ids, whole)
	w.wantAllDone(ids, whole)
}

func fileSize(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
