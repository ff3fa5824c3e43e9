package river

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	engine "github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/postgres"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// A host of these tests is a process of its own: this test binary, which works with the
// engine, the store and the queue as otai does. A step of each run writes to a desk, which
// knows whether the writer may.

// hostConfig is what a host is given, as arguments.
type hostConfig struct {
	instance string
	desk     string // address
	lease    time.Duration
	workers  int
	steps    int           // beside the one that writes
	slow     time.Duration // each write takes
}

func (c hostConfig) args() []string {
	return []string{c.instance, c.desk, c.lease.String(), strconv.Itoa(c.workers), strconv.Itoa(c.steps), c.slow.String()}
}

func parseHost(args []string) (c hostConfig) {
	c.instance, c.desk = args[0], args[1]
	c.lease, _ = time.ParseDuration(args[2])
	c.workers, _ = strconv.Atoi(args[3])
	c.steps, _ = strconv.Atoi(args[4])
	c.slow, _ = time.ParseDuration(args[5])
	return c
}

var sortPlace = &orchestrator.Place{Runner: "sort", Path: "p", Hash: "h", Workers: 4, Retry: orchestrator.Retry{First: time.Second, Longest: time.Minute, Attempts: 6}}

// openStore opens a store whose runs are carried by a queue.
func openStore(ctx context.Context, url string, log *slog.Logger) (*pgxpool.Pool, *postgres.Store, *Queue, error) {
	p, err := Connect(ctx, url, false)
	if err != nil {
		return nil, nil, nil, err
	}
	var s *postgres.Store
	q, err := New(Options{Pool: p, Schema: schema, Logger: log, DueFor: func(ctx context.Context, longer time.Duration) ([]store.ReadyRun, error) {
		return s.DueFor(ctx, longer)
	}})
	if err == nil {
		s, err = postgres.Open(ctx, postgres.Options{Pool: p, Schema: schema, Due: q.Due, Over: q.Over})
	}
	if err != nil {
		p.Close()
	}
	return p, s, q, err
}

// hostMain is the life of a host, until SIGTERM.
func hostMain(url string) {
	c := parseHost(os.Args[len(os.Args)-6:])
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := &host{c: c}
	silent := slog.New(slog.DiscardHandler)
	p, s, q, err := openStore(ctx, url, silent)
	for ; err != nil; p, s, q, err = openStore(ctx, url, silent) {
		time.Sleep(100 * time.Millisecond)
	}
	defer p.Close()
	place := *sortPlace
	place.Workers = c.workers
	e := engine.New(engine.Options{Store: s, Queue: q, Logger: log, Host: store.Host{Instance: c.instance, Version: "test", Lease: c.lease}, Finish: h.finish})
	for e.Open(ctx, []*orchestrator.Place{&place}) != nil {
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println("open")
	var workers sync.WaitGroup
	for range c.workers {
		workers.Go(func() {
			for ctx.Err() == nil {
				r, ok, err := e.Next(ctx, &place)
				if err == nil && ok {
					h.handle(ctx, r)
					continue
				}
				select {
				case <-ctx.Done():
				case <-e.Ready(&place):
				case <-time.After(time.Second):
				}
			}
		})
	}
	workers.Wait()
	last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := e.Close(last); err != nil {
		log.Error("closing", "err", err.Error())
	}
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	fmt.Println("cpu", time.Duration(use.Utime.Nano()+use.Stime.Nano()).Milliseconds())
}

type host struct{ c hostConfig }

func (h *host) handle(ctx context.Context, r orchestrator.Run) {
	ctx = context.WithoutCancel(ctx)
	var result api.PipeResult
	var err error
	for i := range h.c.steps {
		if result, err = r.Step(ctx, orchestrator.Step{Key: "s" + strconv.Itoa(i), Path: "p.s", Name: "s", Params: "p"}, func(context.Context) (api.PipeResult, error) {
			return api.Success(map[string]any{"label": "Queue::Sub", "confidence": 0.25}), nil
		}); err != nil {
			break
		}
	}
	if err == nil {
		result, err = r.Step(ctx, orchestrator.Step{Key: "write", Path: "p.write", Name: "write", Params: "p"}, h.write)
	}
	_ = r.End(ctx, result, err)
}

func (h *host) write(ctx context.Context) (api.PipeResult, error) {
	s, ok := gate.StepOf(ctx)
	if !ok {
		return api.PipeResult{}, errors.New("no step")
	}
	run := s.Tickets()[0].Ticket // each run has a ticket with its own name
	key := s.NextWrite("note", run)
	for _, e := range s.Effects() {
		if e.Key == key && e.State == store.Done { // finished before the step was called again
			return api.Success(nil), nil
		}
	}
	f := store.Effect{Key: key, Step: s.Key(), Operation: "note", System: "desk", Service: "d", Ticket: run, State: store.Intent, Intent: []byte(run)}
	if err := s.Commit(ctx, store.Batch{Durable: true, Effects: []store.Effect{f}}); err != nil {
		return api.PipeResult{}, err
	}
	if err := h.send(ctx, s, f.Key, run); err != nil {
		s.Failed(err)
		return api.PipeResult{}, err
	}
	f.State = store.Done
	s.Later(store.Batch{Durable: true, Effects: []store.Effect{f}})
	return api.Success(nil), nil
}

// finish looks whether the write is there, and has the step written again if not.
func (h *host) finish(ctx context.Context, s gate.Step, e store.Effect) error {
	e.State = store.Refused
	there, err := h.ask(ctx, "look "+string(e.Intent))
	if err != nil {
		return err
	}
	if there == "yes" {
		e.State = store.Done
	}
	return s.Commit(ctx, store.Batch{Durable: true, Effects: []store.Effect{e}})
}

var errLate = fmt.Errorf("the answer of the fence is too old: %w", api.ErrTemporary)

func (h *host) send(ctx context.Context, s gate.Step, effect, run string) error {
	conn, err := net.Dial("tcp", h.c.desk)
	if err != nil {
		return err
	}
	defer conn.Close()
	asked := time.Now()
	if err := s.Fence(ctx, effect, 5*time.Second); err != nil {
		return err
	}
	line := []byte("write " + run + " " + h.c.instance + "\n")
	if time.Since(asked) > h.c.lease/4-50*time.Millisecond {
		return errLate
	}
	if _, err := conn.Write(line); err != nil {
		return err
	}
	_, err = bufio.NewReader(conn).ReadString('\n')
	return err
}

func (h *host) ask(_ context.Context, line string) (string, error) {
	conn, err := net.Dial("tcp", h.c.desk)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(line + "\n")); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(answer), err
}

// testDesk is what the hosts write to. It looks into the store who may.
type testDesk struct {
	t        testing.TB
	pool     *pgxpool.Pool
	listener net.Listener
	slow     time.Duration

	unchecked bool // it doesn't look who may

	mu     sync.Mutex
	writes map[string]int
	stale  int
	last   time.Time
	by     map[string]int // writes by instance
}

func newTestDesk(t testing.TB, p *pgxpool.Pool, slow time.Duration) *testDesk {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	d := &testDesk{t: t, pool: p, listener: l, slow: slow, writes: make(map[string]int), by: make(map[string]int)}
	var ends sync.WaitGroup
	ends.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			ends.Go(func() { d.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); ends.Wait() })
	return d
}

func (d *testDesk) serve(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	words := strings.Fields(line)
	if words[0] == "look" {
		d.mu.Lock()
		there := d.writes[words[1]] > 0
		d.mu.Unlock()
		_, _ = io.WriteString(conn, map[bool]string{true: "yes\n", false: "no\n"}[there])
		return
	}
	// At this moment the run is the writer's, or the write is stale.
	owns := d.unchecked
	if !owns {
		_ = d.pool.QueryRow(context.Background(), `SELECT count(*) > 0 FROM otai.run r JOIN otai.host h ON h.id = r.owner
		WHERE r.id = $1 AND h.instance = $2 AND h.dead = 0`, words[1], words[2]).Scan(&owns)
	}
	d.mu.Lock()
	d.writes[words[1]]++
	d.by[words[2]]++
	d.last = time.Now()
	if !owns {
		d.stale++
	}
	d.mu.Unlock()
	time.Sleep(d.slow)
	_, _ = io.WriteString(conn, "ok\n")
}

func (d *testDesk) count() (runs, doubled, stale int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.writes {
		if n > 1 {
			doubled++
		}
	}
	return len(d.writes), doubled, d.stale
}

// seed makes runs that are due, as a ForEach does.
func seed(t testing.TB, url string, n int) { t.Helper(); keep(t, url, n, false)() }

// keep makes them so that their host keeps them to itself until the function is called.
func keep(t testing.TB, url string, n int, alone bool) (leave func()) {
	t.Helper()
	ctx := context.Background()
	p, s, _, err := openStore(ctx, url, slog.New(slog.DiscardHandler))
	must(t, err)
	id := strconv.FormatInt(time.Now().UnixNano(), 36)
	must(t, s.Register(ctx, store.Host{ID: "seed/" + id, Instance: "seed" + id, Version: "test", Lease: time.Minute}))
	parent := store.Run{ID: "parent" + id, Runner: "seed", Place: "p", Hash: "seed"}
	held := store.Held{Run: parent.ID, Host: "seed/" + id, Fence: 1}
	b := store.Batch{Held: held, Create: &parent, Durable: true}
	for i := range n {
		run := "r" + id + strconv.Itoa(i)
		item := store.Run{ID: run, Runner: sortPlace.Runner, Place: sortPlace.Path, Hash: sortPlace.Hash}
		if alone {
			item.Owner = held.Host
		}
		b.Spawn = append(b.Spawn, item)
		b.Tickets = append(b.Tickets, store.Ticket{Runner: sortPlace.Runner, System: "desk", Ticket: run, Run: run, Working: true, Fetched: true})
	}
	_, err = s.Commit(ctx, b)
	must(t, err)
	_, err = s.Commit(ctx, store.Batch{Held: held, End: &store.End{State: store.Ended, Outcome: store.Left}})
	must(t, err)
	return func() {
		must(t, s.Leave(ctx, "seed/"+id))
		p.Close()
	}
}

// process is a host that runs.
type process struct {
	t   testing.TB
	cmd *exec.Cmd
	out *os.File
}

func startHost(t testing.TB, url string, c hostConfig) *process {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	must(t, err)
	cmd := exec.Command(self, append([]string{"-test.run=^$"}, c.args()...)...)
	cmd.Env = append(os.Environ(), "OTAI_TEST_HOST="+url)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Start())
	p := &process{t, cmd, out}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s:\n%s", c.instance, p.tail())
		}
		_ = out.Close()
	})
	return p
}

func (p *process) text() string {
	text, _ := os.ReadFile(p.out.Name())
	return string(text)
}

func (p *process) tail() string {
	text := p.text()
	return text[max(0, len(text)-3000):]
}

func (p *process) isOpen() {
	p.t.Helper()
	eventually(p.t, 20*time.Second, "the host is open", func() bool { return strings.Contains(p.text(), "open\n") })
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// cpu is what the process has used so far, in milliseconds.
func (p *process) cpu() int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	words := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(words[11])
	system, _ := strconv.Atoi(words[12])
	return 10 * (user + system)
}

// finish ends the host as it should and returns the milliseconds of CPU that it used.
func (p *process) finish() int {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
	_, after, _ := strings.Cut(p.text(), "\ncpu ")
	n, err := strconv.Atoi(strings.TrimSpace(after))
	if err != nil {
		p.t.Errorf("the host didn't end well: %v", err)
	}
	return n
}

// migrated is the database of a test, with its tables.
func migrated(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	p := pool(t, url, false)
	t.Cleanup(func() {
		if t.Failed() {
			dump(t, p)
		}
	})
	must(t, Migrate(context.Background(), p, schema, func(ctx context.Context, tx pgxTx) error { return postgres.Migrate(ctx, tx, schema) }))
	return p
}

func countOf(t testing.TB, p *pgxpool.Pool, where string) (n int) {
	_ = p.QueryRow(context.Background(), `SELECT count(*) FROM `+where).Scan(&n)
	return n
}

func envInt(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// dump shows what is in the store.
func dump(t testing.TB, p *pgxpool.Pool) {
	t.Helper()
	rows, err := p.Query(context.Background(), `SELECT concat_ws(' ', 'run', state, reason, outcome, owner, left(err, 80), 'attempts', attempts, 'deaths', deaths, 'fence', fence, 'begun', begun, 'due', due_at - (extract(epoch FROM clock_timestamp()) * 1000000)::bigint > 0, count(*))
		FROM otai.run GROUP BY state, reason, outcome, owner, err, attempts, deaths, fence, begun, due_at - (extract(epoch FROM clock_timestamp()) * 1000000)::bigint > 0
		UNION ALL SELECT concat_ws(' ', 'job', state, queue, priority, scheduled_at > now(), count(*)) FROM otai.river_job GROUP BY state, queue, priority, scheduled_at > now()
		UNION ALL SELECT concat_ws(' ', 'host', id, dead, lease_until - (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) FROM otai.host`)
	if err != nil {
		t.Log(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		_ = rows.Scan(&line)
		t.Log(line)
	}
}
