package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// beast is a kind of harm that a plugin's code does after its file was judged to be sound:
// TestNoPluginFileHurtsTheHost is about the files. One source has all kinds, in
// testdata/zoo/beast.
type beast struct {
	kind   string // of testdata/zoo/beast
	moment string // open, describe, build, start, call, answer, close, later
	does   string // for people
	fate   fate
	cause  string // a pattern that the line of the log has which names plugin and file
	use    string // what the configuration uses of it; "" is both

	quiet bool // it does no harm, and nobody can know that it tried: no line names it
	rare  bool // only with OTAI_TEST_ALL: it takes long
}

// probedFor is how long it may take to be tried: as long as a busy machine wants, where the harm comes
// later.
func (b beast) probedFor() time.Duration {
	switch b.moment {
	case "build", "start", "call", "answer", "close", "later":
		return time.Minute
	}
	return 3 * time.Second
}

// fate is what has to become of the host.
type fate string

const (
	lives    fate = "lives"    // the process goes on, and misses no cycle of another runner
	restarts fate = "restarts" // the process dies, and another one goes on within a second and the start
	without  fate = "without"  // the host goes on without the plugin
	refuses  fate = "refuses"  // nothing runs, exit code 3, since the plugin is used
	faulty   fate = "faulty"   // nothing runs, exit code 2, since the configuration can't be built
	stops    fate = "stops"    // SIGTERM ends it, with nothing left
)

// What of the beast the configuration uses.
const (
	usesBoth    = ""
	usesNothing = "nothing" // its file is in the folder
	usesSearch  = "search"  // another plugin's step searches with its service
)

const tickPackage = "otai_z_ticking"

// TestNoPluginCodeHurtsTheHost lets each beast work beside a plugin that is watched.
func TestNoPluginCodeHurtsTheHost(t *testing.T) {
	t.Parallel()
	c := newCage(t)
	ran := 0
	for _, b := range beasts() {
		name := b.kind
		if b.use != usesBoth {
			name += ", uses " + b.use
		}
		t.Run(name, func(t *testing.T) {
			switch {
			case b.rare:
				needsAll(t)
			case !thorough() && !slices.Contains(everyBeast, b.kind) && !(ofEachCause() && slices.Contains(beastsOfACause, b.kind)):
				t.Skip("much like others of its moment: set OTAI_TEST_ALL=1")
			}
			ran++
			t.Parallel()
			c.watch(t, b)
		})
	}
	row(t, "plugins that do harm", "%d kinds tried", ran)
}

// everyBeast are the kinds that each run of the tests tries: one for each thing that keeps the host
// from harm. See selection_test.go.
var everyBeast = strings.Fields(`
		secondexit0 daemon globals sigignore stdout open-limits describe-exits describe-otherwise
		validate-error-panics build-goexit start-exits startblock call-exits call-crashes-in-c typednil
		error-blocks result-wide result-racing closedead close-exits later-panics find-error-nil`)

// beastsOfACause are further kinds, of which each stands for others with the same cause.
var beastsOfACause = strings.Fields(`
		secondexit killparent latepanic
		validateexit evilerr evilresult
		open-quits constructor-forks open-swallows-in-c open-environment open-contract open-redirects
		describe-prints build-exits build-error-panics
		start-forks start-error-nil
		call-goexit call-kills-group call-map-writes
		error-around result-panics
		close-child close-goexit later-crashes-in-c`)

// TestEachBeastIsInTheTable compares the table with the sources.
func TestEachBeastIsInTheTable(t *testing.T) {
	known := map[string]bool{}
	for _, b := range beasts() {
		known[b.kind] = true
		switch b.moment {
		case "open", "describe", "build", "start", "call", "answer", "close", "later":
		default:
			t.Errorf("%s: the moment %q", b.kind, b.moment)
		}
		if _, err := regexp.Compile(b.cause); err != nil || (b.cause == "") != b.quiet {
			t.Errorf("%s: the cause %q: %v", b.kind, b.cause, err)
		}
	}
	files, err := filepath.Glob("testdata/zoo/beast/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\t"([a-z0-9-]+)": +\{`).FindAllStringSubmatch(string(source), -1) {
			if !known[m[1]] && m[1] != "secretenv" && m[1] != "call-prints" && !strings.HasPrefix(m[1], "probe-") && !strings.HasPrefix(m[1], "ask-") { // see beasts_probe_test.go, beasts_commands_test.go
				t.Errorf("%s: %s is not tried", f, m[1])
			}
		}
	}
}

// cage has what each beast needs: the files, and how it is where nobody does harm.
type cage struct {
	content   []byte // of the beast of every kind
	ticking   string
	reference func() (*visit, error)
}

func newCage(t *testing.T) *cage {
	z := newZoo(product.otai)
	content, err := os.ReadFile(z.build(t, build{source: "beast"}))
	if err != nil {
		t.Fatal(err)
	}
	c := &cage{content: content, ticking: z.build(t, build{source: "ticking"})}
	c.reference = sync.OnceValues(func() (*visit, error) {
		v := c.enter(t, beast{kind: "harmless", fate: lives})
		v.until(2*time.Minute, func() bool { return len(v.ticks()) > 5 })
		v.leave(t)
		if len(v.ticks()) == 0 {
			return v, fmt.Errorf("nothing ran beside a harmless plugin:\n%s", v.log)
		}
		return v, nil
	})
	return c
}

// of is the file of a kind: the text in it that says which is overwritten.
func (c *cage) of(t *testing.T, kind string) []byte {
	t.Helper()
	before, length := "the kind of this beast: ", 32
	mark := []byte(before + strings.Repeat(".", length))
	if len(kind) > length || bytes.Count(c.content, mark) != 2 { // Go's and C's
		t.Fatalf("the kind %s can't be written into the file, in which %d places are for it", kind, bytes.Count(c.content, mark))
	}
	return bytes.ReplaceAll(c.content, mark, []byte(before+kind+strings.Repeat(".", length-len(kind))))
}

// visit is a run of the host with a beast.
type visit struct {
	dir      string // everything of this visit is in it
	file     string // name of the beast's
	cmd      *exec.Cmd
	out, log *buffer
	began    time.Time
	ended    chan struct{}
}

func (c *cage) enter(t *testing.T, b beast) *visit {
	t.Helper()
	v := c.prepare(t, b)
	v.begin(t)
	return v
}

// prepare is all but the start.
func (c *cage) prepare(t *testing.T, b beast) *visit {
	t.Helper()
	dir, err := os.MkdirTemp("", "otai-beast-") // without the name of the test, which is the kind
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	v := &visit{dir: dir, file: "otai_" + strings.ReplaceAll(b.kind, "-", "_") + ".so", out: &buffer{}, log: &buffer{}, ended: make(chan struct{})}
	for _, d := range []string{"plugins", "home", "tmp", "work"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeAt(t, filepath.Join(dir, "plugins", v.file), c.of(t, b.kind))
	copyFile(t, c.ticking, filepath.Join(dir, "plugins", tickPackage+".so"))
	config := filepath.Join(dir, "config.yml")
	writeAt(t, config, []byte(b.configuration(filepath.Join(dir, "ticks"))))
	v.cmd = newCommand(product.otai, "run", "-c", config)
	v.cmd.Dir = filepath.Join(dir, "work")
	v.cmd.Env = append([]string{
		"PATH=/usr/bin:/bin", "HOME=" + filepath.Join(dir, "home"), "TMPDIR=" + filepath.Join(dir, "tmp"),
		"OTAI_STATE_DIR=" + filepath.Join(dir, "state"), "OTAI_PLUGIN_DIR=" + filepath.Join(dir, "plugins"),
		"OTAI_OTOBO_ZNUNY_PASSWORD=" + password, "OTAI_PROBE_TIMEOUT=" + b.probedFor().String(),
	}, coverage()...)
	// Of its own, since some beasts kill their group.
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	v.cmd.Stdout, v.cmd.Stderr = v.out, v.log
	v.cmd.WaitDelay = 500 * time.Millisecond
	return v
}

func (v *visit) begin(t *testing.T) {
	t.Helper()
	v.began = time.Now()
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = v.cmd.Wait()
		close(v.ended)
	}()
	t.Cleanup(func() {
		v.sweep()
		<-v.ended
	})
}

func (b *beast) configuration(ticks string) string {
	var text strings.Builder
	if b.use != usesNothing {
		fmt.Fprintf(&text, "services:\n  s: { use: \"%s:S\" }\n", b.kind)
	}
	limit := "PT3S"
	if strings.HasSuffix(b.kind, "-overflows") {
		limit = "PT1M" // a stack must be filled first
	}
	text.WriteString("infrastructure: { start_timeout: " + limit + " }\norchestrator:\n  params:\n    steps:\n")
	runner := func(id, step string) {
		fmt.Fprintf(&text, "      - id: %s\n        use: base:SimpleSequentialRunner\n        params:\n          on: { use: base:IntervalTrigger, params: { interval: PT0.1S } }\n          run: %s\n", id, step)
	}
	switch b.use {
	case usesBoth:
		runner("bad", fmt.Sprintf(`{ id: act, use: "%s:P" }`, b.kind))
	case usesSearch:
		runner("bad", `{ id: act, use: "base:FetchTicketsPipe", injects: { ticket_system: s }, params: { ticket_search_criteria: { limit: 1 } } }`)
	}
	runner("good", fmt.Sprintf(`{ id: tick, use: "z-ticking:Tick", params: { file: %q } }`, ticks))
	return text.String()
}

// tick is a line that the watched plugin left.
type tick struct {
	At    time.Time
	PID   int
	Facts map[string]string
}

func (v *visit) ticks() (all []tick) {
	content, _ := os.ReadFile(filepath.Join(v.dir, "ticks"))
	for line := range bytes.Lines(content) {
		var one tick
		if json.Unmarshal(line, &one) == nil { // the last may be half written
			for k, value := range one.Facts {
				one.Facts[k] = strings.ReplaceAll(value, v.dir, "DIR")
			}
			all = append(all, one)
		}
	}
	return all
}

func (v *visit) over() bool {
	select {
	case <-v.ended:
		return true
	default:
		return false
	}
}

// until looks often whether it is so, for at most that long, or until the host has ended.
func (v *visit) until(limit time.Duration, ok func() bool) bool {
	for deadline := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(deadline) || v.over() {
			return ok()
		}
	}
}

// names reports whether a line of the log has the plugin's name, its file and the cause.
func (v *visit) names(b beast) bool {
	cause := regexp.MustCompile(b.cause)
	for line := range strings.Lines(v.log.String()) {
		rest := strings.ReplaceAll(line, v.file, "")
		named := strings.Contains(rest, b.kind) || strings.Contains(rest, strings.TrimSuffix(v.file, ".so"))
		if rest != line && named && cause.MatchString(rest) {
			return true
		}
	}
	return false
}

// leave ends the host as a person does, and then all that is left of it.
func (v *visit) leave(t *testing.T) (code int, took time.Duration) {
	t.Helper()
	asked := time.Now()
	_ = v.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-v.ended:
	case <-time.After(20 * time.Second):
		t.Error("SIGTERM did not end it within 20 s")
		_ = v.cmd.Process.Kill()
		v.sweep()
		<-v.ended
	}
	return v.cmd.ProcessState.ExitCode(), time.Since(asked)
}

// left are the processes that the visit left, whoever their parents are now.
func (v *visit) left() (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err == nil && bytes.Contains(env, []byte(v.dir+"/")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (v *visit) sweep() {
	for _, pid := range v.left() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// locked are the files of the state folder that somebody still locks.
func (v *visit) locked() (names []string) {
	_ = filepath.WalkDir(v.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.Contains(d.Name(), "lock") {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return nil
		}
		defer f.Close()
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			names = append(names, path)
		}
		return nil
	})
	return names
}

func (c *cage) watch(t *testing.T, b beast) {
	calm, err := c.reference()
	if err != nil {
		t.Fatal(err)
	}
	start := calm.ticks()[0].At.Sub(calm.began)
	v := c.enter(t, b)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s; log of the host, after %v:\n%s", b.does, v.cmd.ProcessState, shortened(v.log.String()))
		}
	})
	if b.moment == "close" {
		v.until(2*time.Minute, func() bool { return len(v.ticks()) > 5 })
		c.judgeEnd(t, b, v)
		if !b.quiet && !v.names(b) {
			t.Errorf("no line of the log has the name, the file and %q", b.cause)
		}
		return
	}
	patience := time.Duration(float64(10*time.Second) * busy())
	if b.rare {
		patience += 90 * time.Second // a step is named after a minute
	}
	named := b.quiet || v.until(patience, func() bool { return v.names(b) })
	switch b.fate {
	case refuses, faulty:
		v.until(2*time.Minute, v.over)
		named = b.quiet || v.names(b)
	default: // a second more, in which the cycles go on
		known := len(v.ticks())
		v.until(time.Duration(float64(start+4*time.Second)*busy()), func() bool { return len(v.ticks()) >= known+10 })
	}
	if !named {
		t.Errorf("no line of the log has the name, the file and %q", b.cause)
	}
	if v.over() && b.fate != refuses && b.fate != faulty {
		t.Errorf("it ended by itself: %v", v.cmd.ProcessState)
	}
	ticks := v.ticks()
	c.judgeEnd(t, b, v)
	b.judgeTicks(t, ticks, v.began, start)
	if b.moment == "open" && (b.fate == lives || b.fate == without) && len(ticks) > 0 {
		facts := ticks[len(ticks)-1].Facts
		for name, was := range calm.ticks()[0].Facts {
			if facts[name] != was {
				t.Errorf("changed: %s is %s, without the plugin %s", name, facts[name], was)
			}
		}
	}
}

// TestEachOfSeveralDeathsIsExplained: a worker that is to say why the one before it died may die before that.
func TestEachOfSeveralDeathsIsExplained(t *testing.T) {
	t.Parallel()
	c := newCage(t)
	v := c.prepare(t, beast{kind: "harmless", use: usesNothing})
	other := beastOf(t, newZoo(product.otai), "example.com/other")
	for kind, from := range map[string]*cage{"constructor-aborts": c, "open-overflows": {content: other}} {
		writeAt(t, filepath.Join(v.dir, "plugins", "otai_"+strings.ReplaceAll(kind, "-", "_")+".so"), from.of(t, kind))
	}
	if err := os.Remove(filepath.Join(v.dir, "plugins", v.file)); err != nil {
		t.Fatal(err)
	}
	v.begin(t)
	if !v.until(2*time.Minute, func() bool { return len(v.ticks()) > 0 }) {
		t.Errorf("nothing runs")
	}
	v.leave(t)
	for kind, cause := range map[string]string{"otai-constructor-aborts": "SIGABRT", "otai-open-overflows": "stack exceeds"} {
		n := 0
		for line := range strings.Lines(v.log.String()) {
			if strings.Contains(line, "why the worker process before this one died") && strings.Contains(line, kind) && strings.Contains(line, cause) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("why %s ended a worker is said %d times:\n%s", kind, n, shortened(v.log.String()))
		}
	}
}

// busy is how often the machine has more to do than it can: times are longer by that.
func busy() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return min(max(1, load/float64(runtime.NumCPU())), 20)
}

// judgeTicks wants the cycles of the other runner to have gone on.
func (b *beast) judgeTicks(t *testing.T, ticks []tick, began time.Time, start time.Duration) {
	t.Helper()
	if b.fate == refuses || b.fate == faulty || b.fate == stops {
		return
	}
	if len(ticks) == 0 {
		t.Error("no cycle of the other runner")
		return
	}
	processes, last, gap := map[int]bool{}, ticks[0].At, time.Duration(0)
	for _, one := range ticks {
		processes[one.PID] = true
		gap, last = max(gap, one.At.Sub(last)), one.At
	}
	first := ticks[0].At.Sub(began)
	t.Logf("row: %s: %d cycles of the other runner in %d processes, the first after %v, the longest pause %v; a start takes %v",
		b.kind, len(ticks), len(processes), first.Round(time.Millisecond), gap.Round(time.Millisecond), start.Round(time.Millisecond))
	limit := time.Duration(float64(time.Second) * busy())
	switch {
	case b.fate == lives && len(processes) != 1:
		t.Errorf("%d processes, want the first to go on", len(processes))
	case b.fate == restarts && len(processes) < 2:
		t.Error("one process, though it was to die")
	}
	if b.fate == restarts {
		limit += 2 * max(first, start) // a start is measured on a busy machine
	}
	longest := limit + 3*start
	if strings.HasSuffix(b.kind, "-stops") {
		// It is taken for dead after 30 s without a report, and killed 5 s later.
		limit, longest = limit+40*time.Second, longest+40*time.Second
	}
	if gap > limit {
		t.Errorf("the other runner paused for %v, want at most %v", gap, limit)
	}
	if strings.HasSuffix(b.kind, "-blocks") {
		longest += b.probedFor()
	}
	if strings.HasSuffix(b.kind, "-overflows") {
		longest += 10 * time.Second // a stack must be filled first, and be written out
	}
	if b.fate == without && first > longest {
		t.Errorf("the first cycle came after %v, want it within %v: a second and the starts", first, longest)
	}
	if last := ticks[len(ticks)-1].At; b.fate != stops && len(ticks) < 5 {
		t.Errorf("%d cycles, the last at %v", len(ticks), last)
	}
}

// judgeEnd ends the host and wants it to leave nothing.
func (c *cage) judgeEnd(t *testing.T, b beast, v *visit) {
	t.Helper()
	want := 0
	switch b.fate {
	case refuses:
		want = 3
	case faulty:
		want = 2
	}
	alone := v.over()
	code, took := v.leave(t)
	switch {
	case code != want && (!alone || b.fate == refuses || b.fate == faulty) && (b.moment != "close" || code != 1):
		t.Errorf("it ended with %d, want %d", code, want)
	case took > 17*time.Second:
		t.Errorf("SIGTERM ended it only after %v", took)
	}
	v.wantNothingLeft(t)
	if strings.Contains(v.log.String(), password) {
		t.Error("the password is in the log")
	}
	if strings.ContainsAny(v.log.String(), "\x1b\x07") {
		t.Error("the log would do something to a terminal")
	}
	if size := len(v.log.String()); size > 4<<20 {
		t.Errorf("the log has %d bytes", size)
	}
}

// wantNothingLeft is for a host that has ended.
func (v *visit) wantNothingLeft(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Second); len(v.left()) > 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	if left := v.describeLeft(); len(left) > 0 {
		t.Errorf("processes that it left: %v", left)
	}
	if locked := v.locked(); len(locked) > 0 {
		t.Errorf("still locked: %v", locked)
	}
}

func (v *visit) describeLeft() (list []string) {
	for _, pid := range v.left() {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		list = append(list, fmt.Sprintf("%d %.80q", pid, line))
	}
	return list
}
