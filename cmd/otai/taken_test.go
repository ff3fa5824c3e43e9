package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheStateFolderIsTakenAwayWhileOtaiRuns: who asks learns of it, nothing is kept where nobody finds it,
// and otai goes on when it is back.
func TestTheStateFolderIsTakenAwayWhileOtaiRuns(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	must(t, os.Mkdir(state, 0o700))
	w := newWitness(t)
	env := w.environment("OTAI_STATE_DIR=" + state)
	l := live(t, env, "run", "-c", writeFile(t, rowConfig(2, "timeout: PT3S, late: PT2S", allInOneStep)))
	w.wantStatus(env, patient, "it is ready", isReady)

	file, aside := filepath.Join(state, "runs.db"), filepath.Join(state, "aside")
	must(t, os.Rename(file, aside))
	w.wantStatus(env, patient, "the store is lost", blocked("store", "was removed, renamed or replaced"))
	ids := w.addMany(3, "x")
	must(t, os.Rename(aside, file), os.Remove(filepath.Join(state, "otai.sock")))
	w.wantStatus(env, patient, "it is ready again, and can be asked", isReady)
	w.all(patient, ids, whole)
	w.wantAllDone(ids, whole)

	const gone = "was removed, renamed or replaced"
	before := strings.Count(l.log.String(), gone)
	must(t, os.Rename(state, state+".other"))
	eventually(t, "the log says that the folder is gone", func() bool { return strings.Count(l.log.String(), gone) > before })
	must(t, os.Rename(state+".other", state))
	w.wantStatus(env, patient, "it is ready once more", isReady)
	l.end(t)
	if code := l.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
