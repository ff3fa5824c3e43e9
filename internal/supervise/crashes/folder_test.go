package crashes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func die(t *testing.T, dir, trace string, at time.Time) *Death {
	t.Helper()
	file, err := Create(dir)
	must(t, err)
	_, err = file.WriteString(trace)
	must(t, errors.Join(err, file.Close()))
	d := &Death{Time: at, Pid: os.Getpid(), How: "exit status 2", Trace: file.Name()}
	must(t, Keep(dir, d))
	time.Sleep(2 * time.Millisecond) // names have the time in milliseconds
	return d
}

func TestFiveTracesOfAMegabyteAreKept(t *testing.T) {
	dir := t.TempDir()
	for n := range 8 {
		die(t, dir, fmt.Sprintf("panic: %d\n%s", n, strings.Repeat("x", 3<<20)), time.Now())
	}
	kept, err := Deaths(dir)
	must(t, err)
	if len(kept) != 5 {
		t.Fatalf("%d deaths are kept", len(kept))
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 10 {
		t.Errorf("%d files are kept", len(entries))
	}
	for n, d := range kept {
		file, err := d.Open()
		must(t, err)
		info, err := file.Stat()
		must(t, err)
		begin := make([]byte, 8)
		_, err = file.Read(begin)
		must(t, errors.Join(err, file.Close()))
		if want := fmt.Sprintf("panic: %d", 7-n); info.Size() != 1<<20 || info.Mode() != 0o600 || string(begin) != want {
			t.Errorf("%d bytes, mode %v, %q, want %q", info.Size(), info.Mode(), begin, want)
		}
	}
}

func TestADeathWithoutATraceHasARecord(t *testing.T) {
	dir := t.TempDir()
	if d := die(t, dir, "", time.Now()); d.Trace != "" {
		t.Errorf("an empty trace is kept: %s", d.Trace)
	}
	must(t, Keep(dir, &Death{Time: time.Now(), Pid: 1, Trace: filepath.Join(dir, "none.trace")}))
	kept, err := Deaths(dir)
	must(t, err)
	if len(kept) != 2 || kept[0].Trace != "" || kept[1].Trace != "" {
		t.Errorf("%+v", kept)
	}
	if none, err := Deaths(filepath.Join(dir, "none")); none != nil || err != nil {
		t.Errorf("a folder that isn't there: %v, %v", none, err)
	}
}

func TestATraceThatLeadsElsewhereIsNotRead(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	must(t, os.WriteFile(secret, []byte("s"), 0o600))
	link := filepath.Join(dir, "a.trace")
	must(t, os.Symlink(secret, link))
	d := Death{Trace: link}
	if file, err := d.Open(); err == nil {
		_ = file.Close()
		t.Error("a link was followed")
	}
}

func TestAnEmptyTraceIsDiscarded(t *testing.T) {
	dir := t.TempDir()
	file, err := Create(dir)
	must(t, errors.Join(err, file.Close()))
	Discard(file.Name())
	if _, err := os.Stat(file.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it is left")
	}
	file, err = Create(dir)
	must(t, err)
	_, err = file.WriteString("x")
	must(t, errors.Join(err, file.Close()))
	Discard(file.Name())
	if _, err := os.Stat(file.Name()); err != nil {
		t.Error("one that isn't empty was removed")
	}
}

func TestTheMemory(t *testing.T) {
	dir := t.TempDir()
	m, err := Recall(dir)
	must(t, err)
	if len(m.Plugins) != 0 {
		t.Errorf("%+v", m)
	}
	words := Plugin{Name: "otai-words", Path: "/p/otai_words.so", SHA256: "a"}
	now := time.Now()
	for n, ago := range []time.Duration{2 * time.Hour, time.Hour - time.Minute, time.Minute, 0} {
		must(t, Change(dir, func(m *Memory) {
			if within, want := m.Of(words).Died(now.Add(-ago)), min(n+1, []int{1, 1, 2, 3}[n]); within != want {
				t.Errorf("%d deaths within the hour, want %d", within, want)
			}
		}))
	}
	must(t, Change(dir, func(m *Memory) { m.Of(words).Refused = &Rejection{How: "exit status 5"} }))
	m, err = Recall(dir)
	must(t, err)
	if k := m.Plugins["a"]; k == nil || k.Refused == nil || k.Crashes != 4 || k.Name != words.Name {
		t.Errorf("%+v", k)
	}
	must(t, Change(dir, func(m *Memory) {
		if m.Retry("otai-other") || !m.Retry("otai-words") || m.Retry("otai-words") {
			t.Error("another one is tried again, or not this one, or twice")
		}
	}))
	must(t, os.WriteFile(filepath.Join(dir, memoryFile), []byte("damaged"), 0o600))
	if _, err := Recall(dir); err == nil {
		t.Error("a damaged memory has no error")
	}
	must(t, Change(dir, func(m *Memory) { m.Restarts++ }))
	if m, err := Recall(dir); err != nil || m.Restarts != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestTheMemoryHasBounds(t *testing.T) {
	dir := t.TempDir()
	must(t, Change(dir, func(m *Memory) {
		for n := range 2 * maxKnown {
			k := m.Of(Plugin{SHA256: fmt.Sprint(n)})
			k.Ready = time.Unix(int64(n), 0)
			if n == 0 {
				k.Refused = &Rejection{}
			}
		}
	}))
	m, err := Recall(dir)
	must(t, err)
	if len(m.Plugins) != maxKnown || m.Plugins["0"] == nil || m.Plugins["1"] != nil || m.Plugins[fmt.Sprint(2*maxKnown-1)] == nil {
		t.Errorf("%d are kept", len(m.Plugins))
	}
}
