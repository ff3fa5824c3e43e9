package crashes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	must(t, Change(dir, func(m *Memory) { // a clock that is set back
		if within := m.Of(Plugin{Name: "otai-words", SHA256: "b"}); within.Died(now.Add(24*time.Hour)) != 1 || within.Died(now) != 1 || within.Died(now.Add(-time.Second)) != 2 {
			t.Errorf("deaths of the future count: %+v", within)
		}
	}))
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

func TestADamagedRecordHidesNoOther(t *testing.T) {
	dir := t.TempDir()
	first := die(t, dir, "panic: 1", time.Now())
	for n, content := range []string{"", "{", "\x00\x00", "[]"} {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("2%d.json", n)), []byte(content), 0o600))
	}
	kept, err := Deaths(dir)
	if err == nil || len(kept) != 1 || kept[0].Trace != first.Trace {
		t.Errorf("%v: %+v", err, kept)
	}
}

func TestNoOtherFileIsATrace(t *testing.T) {
	dir := t.TempDir()
	d := die(t, dir, "panic: 1", time.Now())
	record := strings.TrimSuffix(d.Trace, ".trace") + ".json"
	must(t, os.WriteFile(record, []byte(`{"trace": "/etc/passwd"}`), 0o600))
	kept, err := Deaths(dir)
	must(t, err)
	if len(kept) != 1 || kept[0].Trace != d.Trace {
		t.Errorf("%+v", kept)
	}
}

func TestTracesWithoutARecordAreBounded(t *testing.T) {
	dir := t.TempDir()
	one := die(t, dir, "panic: 1", time.Now())
	mine, err := Create(dir)
	must(t, err)
	defer mine.Close()
	for n := range 9 { // of processes that were killed with their supervisor
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("30000101T000000.%03d-1.trace", n)), []byte(strings.Repeat("x", n%2)), 0o600))
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("19700101T000000.%03d-1.trace", n)), []byte("x"), 0o600))
	}
	time.Sleep(2 * time.Millisecond)
	other, err := Create(dir)
	must(t, err)
	defer other.Close()
	left, err := names(dir, traceEnding)
	must(t, err)
	// The recorded one, both that are in use, and of the newest those that aren't empty.
	if len(left) != 5 {
		t.Errorf("%v", left)
	}
	for _, path := range []string{one.Trace, mine.Name(), other.Name()} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestAFullDisk is for the time when what is new has no room, and the room that is made then.
func TestAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=0700"); err != nil {
		t.Skipf("no file system can be mounted: %v; run the tests as root", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	for range maxTraces {
		die(t, dir, "panic: 1", time.Now())
	}
	file, err := Create(dir)
	must(t, err)
	defer file.Close()
	_, err = file.Write(make([]byte, 128<<10)) // as Go's runtime would, which can do nothing about it either
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%v, want a full disk", err)
	}
	if err := Keep(dir, &Death{Time: time.Now(), Pid: 1, How: "exit status 2", Trace: file.Name()}); err != nil {
		t.Errorf("no room was made: %v", err)
	}
	kept, err := Deaths(dir)
	if err != nil || len(kept) != maxTraces || kept[0].Trace != file.Name() {
		t.Errorf("%v: %+v", err, kept)
	}
	must(t, os.WriteFile(filepath.Join(dir, "full"), nil, 0o600))
	full, err := os.OpenFile(filepath.Join(dir, "full"), os.O_WRONLY, 0)
	must(t, err)
	for err == nil {
		_, err = full.Write(make([]byte, 1<<10))
	}
	must(t, full.Close())
	for n := range 2 * maxTraces { // all goes on without a record
		_ = Keep(dir, &Death{Time: time.Now().Add(time.Duration(n) * time.Second), Pid: 1, How: strings.Repeat("x", 5000)})
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 2*maxTraces+2 {
		t.Errorf("%v: %d files are left", err, len(entries))
	}
}
