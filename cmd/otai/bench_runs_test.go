package main_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// quickDesk is the built-in help desk, as fast as it is; it counts the updates.
type quickDesk struct {
	desk    *helpdesk.Server
	web     *httptest.Server
	updates atomic.Int64
}

func newQuickDesk(b *testing.B) *quickDesk {
	d := &quickDesk{desk: helpdesk.New(helpdesk.Options{Password: password})}
	d.desk.AddQueue("Incoming", "IT")
	handler := d.desk.Handler()
	d.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, "/ticket-update") {
			d.updates.Add(1)
		}
	}))
	b.Cleanup(d.web.Close)
	return d
}

func (d *quickDesk) add(n int) {
	for range n {
		d.desk.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: "ticket", Body: "Hello"})
	}
}

// cost is what a backlog took.
type cost struct {
	tickets int
	took    time.Duration // from the first update to the last
	cpu     time.Duration // of all processes
	working time.Duration // CPU of them within that time
	desk    time.Duration // CPU of this process: the help desk, and what waits here
	memory  [4]int64      // in KiB, of the first process, after each quarter of the tickets
}

func (c cost) rate() float64 { return float64(c.tickets) / c.took.Seconds() }

func (c cost) each(d time.Duration) float64 { return d.Seconds() * 1e3 / float64(c.tickets) }

// grows is how much more memory the process has at the end than after a quarter.
func (c cost) grows() float64 { return float64(c.memory[3]) / float64(c.memory[0]) }

func (c cost) String() string {
	return fmt.Sprintf("%6.0f tickets/s, CPU a ticket %.2f ms and %.2f of the help desk, memory after each quarter %d KiB", c.rate(), c.each(c.cpu), c.each(c.desk), c.memory)
}

// through lets processes of a binary work until n more updates are done, one a ticket.
func (d *quickDesk) through(b *testing.B, dist string, processes, n int, env func(process int) []string, config string) cost {
	b.Helper()
	file := filepath.Join(b.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	from, own := d.updates.Load(), ownCPU(b)
	var running []*exec.Cmd
	var logs []*buffer
	ended := make(chan error, processes)
	for p := range processes {
		cmd := newCommand(filepath.Join(dist, "bin", "otai"), "run", "-c", file, "--log-level", "warn")
		cmd.Dir = b.TempDir()
		cmd.Env = append([]string{
			"PATH=/usr/bin:/bin", "HOME=" + cmd.Dir, "OTAI_PLUGIN_DIR=" + filepath.Join(dist, "plugins"),
			"OTAI_OTOBO_ZNUNY_PASSWORD=" + password, "OTOBO_URL=" + d.web.URL + "/znuny/nph-genericinterface.pl",
		}, env(p)...)
		log := &buffer{}
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		go func() { ended <- cmd.Wait() }()
		running, logs = append(running, cmd), append(logs, log)
	}
	c := cost{tickets: n}
	var began time.Time
	for deadline := time.Now().Add(20 * time.Minute); ; time.Sleep(2 * time.Millisecond) {
		done := d.updates.Load() - from
		if done > 0 && began.IsZero() {
			began, c.working = time.Now(), -cpuOf(b, running)
		}
		for quarter := range c.memory {
			if c.memory[quarter] == 0 && done*4 >= int64(n*(quarter+1)) {
				// 0.1.0 works in the process that was started.
				c.memory[quarter] = memoryOf(cmp.Or(worker(running[0].Process.Pid), running[0].Process.Pid))
			}
		}
		if done >= int64(n) {
			break
		}
		if len(ended) > 0 || time.Now().After(deadline) {
			for _, cmd := range running {
				killAll(cmd.Process)
			}
			b.Fatalf("%d of %d tickets, then it ended, or 20 minutes were over\n%s", done, n, shortened(logs[0].String()))
		}
	}
	c.took, c.desk = time.Since(began), ownCPU(b)-own
	c.working += cpuOf(b, running)
	for _, cmd := range running {
		_ = cmd.Process.Signal(os.Interrupt)
	}
	for range running {
		if err := <-ended; err != nil {
			b.Errorf("%v\n%s", err, shortened(logs[0].String()))
		}
	}
	for _, cmd := range running {
		c.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if left := d.updates.Load() - from - int64(n); left != 0 {
		b.Errorf("%d updates too many", left)
	}
	return c
}

// cpuOf is the CPU time that processes and their workers have used up to now.
func cpuOf(b *testing.B, processes []*exec.Cmd) (sum time.Duration) {
	b.Helper()
	for _, cmd := range processes {
		for _, pid := range []int{cmd.Process.Pid, worker(cmd.Process.Pid)} {
			if pid != 0 {
				sum += used(b, pid)
			}
		}
	}
	return sum
}

// memoryOf is the resident memory of a process, in KiB.
func memoryOf(pid int) int64 { return figureOf(pid, "VmRSS") }

// figureOf is a figure that the kernel has of a process.
func figureOf(pid int, name string) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name+":" {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n
		}
	}
	return 0
}

func benchTickets() int {
	if n, err := strconv.Atoi(os.Getenv("OTAI_BENCH_TICKETS")); err == nil {
		return n
	}
	return 10_000
}

const sortStep = `
- id: move
  use: base:UpdateTicketPipe
  injects: { ticket_system: desk }
  params:
    ticket_id: "{{ get_pipe_result('ticket').id }}"
    updated_ticket: { queue: { name: IT }, notes: [ { subject: Sorted, body: by otai } ] }
`

func ownState(b *testing.B) func(int) []string {
	return func(int) []string { return []string{"OTAI_STATE_DIR=" + b.TempDir()} }
}

// BenchmarkBacklog goes through a backlog in turns: with a binary of 0.1.0
// (OTAI_BENCH_OLD: its folder with bin and plugins), which keeps nothing, with this one in
// Open Ticket AI's form, with a loop and 4 workers, and with two processes on PostgreSQL.
func BenchmarkBacklog(b *testing.B) {
	n := benchTickets()
	old := os.Getenv("OTAI_BENCH_OLD")
	type way struct {
		name, dist, config string
		processes          int
		env                func(int) []string
	}
	// Nothing but the work itself sets the pace: no pause between two cycles.
	one := strings.Replace(sorting, "orchestrator_sleep: PT0.01S", "orchestrator_sleep: PT0S", 1)
	loop := strings.Replace(forEach(allFetched, itemStep+sortStep), "orchestrator_sleep: PT0.01S", "orchestrator_sleep: PT0S", 1)
	if old == "" {
		b.Log("without OTAI_BENCH_OLD there is nothing to compare with: name a folder with bin/otai and plugins of 0.1.0")
	}
	ways := []way{
		{"one", product.dir, one, 1, ownState(b)},
		{"loop", product.dir, loop, 1, ownState(b)},
	}
	if old != "" {
		ways = slices.Insert(ways, 0, way{"old", old, one, 1, ownState(b)})
	}
	if os.Getenv("OTAI_BENCH_POSTGRES") != "no" {
		ways = append(ways, way{"postgres", product.dir, loop, 2, func(p int) []string { return nil }})
	}
	rates, grows := map[string][]float64{}, map[string][]float64{}
	for b.Loop() {
		for _, w := range ways {
			d := newQuickDesk(b)
			d.add(n)
			if w.name == "postgres" {
				url := pgtest.New(b).URL("postgres")
				w.env = func(int) []string { return []string{"OTAI_STATE_DIR=" + b.TempDir(), "OTAI_DATABASE_URL=" + url} }
			}
			c := d.through(b, w.dist, w.processes, n, w.env, w.config)
			rates[w.name], grows[w.name] = append(rates[w.name], c.rate()), append(grows[w.name], c.grows())
			b.Logf("%-8s %v", w.name, c)
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, w := range ways {
		b.ReportMetric(median(rates[w.name]), w.name+"-tickets/s")
		if w.name != "old" {
			b.ReportMetric(median(grows[w.name]), w.name+"-memory-4th/1st-quarter")
		}
		if old != "" && w.name != "old" {
			b.ReportMetric(median(rates[w.name])/median(rates["old"]), w.name+"/old")
		}
	}
}

func median(of []float64) float64 { return slices.Sorted(slices.Values(of))[len(of)/2] }

// BenchmarkTenPipes is the CPU time of a process for a ticket of ten pipes: with records,
// and by a binary that keeps none, which has only the pipes, the three requests and their
// answers. What is between the two is the cost of the records.
func BenchmarkTenPipes(b *testing.B) {
	var steps strings.Builder
	for n := range 7 {
		fmt.Fprintf(&steps, "- id: step%d\n  use: base:ExpressionPipe\n  params: { expression: \"{{ get_pipe_result('ticket').subject ~ %d }}\" }\n", n, n)
	}
	config := taking + indented(steps.String()+sortStep, 16) + onDesk
	const n = 2000
	dists := []string{product.dir, withoutRecords(b)}
	each := make([][]float64, len(dists))
	for b.Loop() {
		for i, dist := range dists {
			d := newQuickDesk(b)
			d.add(n)
			c := d.through(b, dist, 1, n, ownState(b), config)
			each[i] = append(each[i], c.each(c.cpu))
			b.Logf("records %-5v %v", i == 0, c)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(each[0]), "ms-cpu/ticket")
	b.ReportMetric(median(each[1]), "ms-cpu/ticket-without-records")
	b.ReportMetric(median(each[0])-median(each[1]), "ms-cpu/ticket-for-records")
}

// withoutRecords builds a binary whose runs are forgotten, and whose writes no gate keeps.
func withoutRecords(b *testing.B) (dist string) {
	return otherwise(b, map[string][]string{"internal/app/run.go": {"options.Wrap, options.Runs = kept.wrap, &kept.runs", "options.Runs = nil"}})
}

// otherwise builds a binary of other sources: in each file the first, third… text becomes the one behind
// it.
func otherwise(b *testing.B, files map[string][]string) (dist string) {
	b.Helper()
	dist = b.TempDir()
	replaced := map[string]string{}
	for name, changes := range files {
		source := filepath.Join(product.root, name)
		content, err := os.ReadFile(source)
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; i < len(changes); i += 2 {
			if !strings.Contains(string(content), changes[i]) {
				b.Fatalf("%s has no %q", source, changes[i])
			}
		}
		changed := filepath.Join(dist, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(changed, []byte(strings.NewReplacer(changes...).Replace(string(content))), 0o600); err != nil {
			b.Fatal(err)
		}
		replaced[source] = changed
	}
	overlay := filepath.Join(dist, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": replaced})
	if err == nil {
		err = errors.Join(os.WriteFile(overlay, replace, 0o600),
			os.Symlink(product.plugins, filepath.Join(dist, "plugins")), goBuild(product.root, "-overlay", overlay, "-o", filepath.Join(dist, "bin", "otai"), "./cmd/otai"))
	}
	if err != nil {
		b.Fatal(err)
	}
	return dist
}

// BenchmarkMetricsAndDecisions is what metrics and records of decisions cost a ticket that is
// classified by the demonstration's model: the CPU time of a binary that has both, of two that have
// one of them, and of one that has neither, in turns. A run's time is from its beginning to its
// end, at a help desk that answers at once; CPU is counted between the first update and the last,
// so that no start is among it.
func BenchmarkMetricsAndDecisions(b *testing.B) {
	const n, workers = 2000, 4
	noMetrics := map[string][]string{
		"internal/app/keptruns.go": {"Called: a.measures.Called, ", "", "Ended: a.measures.Ended,\n", ""},
		"internal/app/setup.go":    {", Classified: a.measures.Classified", ""},
	}
	noRecords := map[string][]string{
		"internal/runs/decided.go": {"s.r.unsaid = true", "s.r.unsaid = false", "if v.End.State != store.Ended {\n\t\treturn", "if v.End.State != store.Ended || true {\n\t\treturn"},
	}
	neither := maps.Clone(noMetrics)
	maps.Copy(neither, noRecords)
	ways := []struct{ name, dist string }{
		{"both", product.dir}, {"records", otherwise(b, noMetrics)}, {"metrics", otherwise(b, noRecords)}, {"neither", otherwise(b, neither)},
	}
	steps := itemStep + decideStep[:strings.Index(decideStep, "- id: decide")] + sortStep
	config := forEach(allFetched, steps) + "  models: { use: hf-local:HFClassificationService }\n"
	env := func(p int) []string { return append(ownState(b)(p), "CHECKOUT="+product.root) }
	cpu, run := make(map[string][]float64), make(map[string][]float64)
	cost := make(map[string][]float64) // more than neither, in the same round
	for round := 0; b.Loop(); round++ {
		of := make(map[string]float64)
		for turn := range ways { // who is first changes
			w := ways[(turn+round)%len(ways)]
			d := newQuickDesk(b)
			d.add(n)
			c := d.through(b, w.dist, 1, n, env, config)
			of[w.name] = c.each(c.working)
			run[w.name] = append(run[w.name], 1e3*workers/c.rate())
			b.Logf("%-8s %v", w.name, c)
		}
		for _, w := range ways {
			cpu[w.name], cost[w.name] = append(cpu[w.name], of[w.name]), append(cost[w.name], of[w.name]-of["neither"])
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, w := range ways {
		b.ReportMetric(median(cpu[w.name]), "ms-cpu/ticket-with-"+w.name)
	}
	b.ReportMetric(median(run["both"]), "ms/run")
	for _, w := range ways[:3] {
		b.ReportMetric(100*median(cost[w.name])/median(run["both"]), "%-of-a-run's-time-for-"+w.name)
		b.ReportMetric(100*median(cost[w.name])/median(cpu["both"]), "%-of-its-cpu-for-"+w.name)
	}
}

// BenchmarkStoreGrows compares the cost of a ticket at 1,000 runs in the store with that at
// 100,000 (OTAI_BENCH_RUNS).
func BenchmarkStoreGrows(b *testing.B) {
	runs := 100_000
	if n, err := strconv.Atoi(os.Getenv("OTAI_BENCH_RUNS")); err == nil {
		runs = n
	}
	const n = 1000
	config := forEach(allFetched, itemStep+sortStep)
	for b.Loop() {
		d := newQuickDesk(b)
		state := b.TempDir()
		env := func(int) []string { return []string{"OTAI_STATE_DIR=" + state} }
		work := func(n int) cost {
			d.add(n)
			return d.through(b, product.dir, 1, n, env, config)
		}
		work(n)
		few := work(n)
		work(runs - 2*n)
		many := work(n)
		b.Logf("behind %6d runs: %v", n, few)
		b.Logf("behind %6d runs: %v", runs-n, many)
		b.ReportMetric(many.each(many.cpu)/few.each(few.cpu), "cpu-many/few")
		b.ReportMetric(few.rate()/many.rate(), "time-many/few")
	}
	b.ReportMetric(0, "ns/op")
}
