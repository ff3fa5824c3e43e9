package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// childOf makes the test binary a process of its own: see TestChild.
const childOf = "OTAI_TEST_RUN_STORE"

// child is what a killed process does: it takes runs up where they stand, and prints what
// it was promised to find again.
func child(t *testing.T, dir string) {
	s := openIn(t, dir)
	ctx := context.Background()
	id := fmt.Sprintf("%s/%d", host, os.Getpid())
	must(t, s.Register(ctx, store.Host{ID: id, Instance: "a", Places: []store.HostPlace{{Runner: "r", Hash: "h"}}}))
	out := bufio.NewWriter(os.Stdout)
	say := func(format string, args ...any) {
		fmt.Fprintf(out, format+"\n", args...)
		must(t, out.Flush())
	}
	say("begun")
	for n := 0; ; {
		l, _, err := s.Take(ctx, id, "r", "h")
		must(t, err)
		if l == nil {
			n++
			mark, err := s.Mark(ctx)
			must(t, err)
			run := fmt.Sprintf("%d-%d", os.Getpid(), n)
			c, err := s.Claim(ctx, store.Claim{
				Held: store.Held{Run: run, Host: id, Fence: 1}, Create: &store.Run{ID: run, Runner: "r", Hash: "h"}, Runner: "r", Hash: "h", System: "s",
				Tickets: []string{run}, Limit: 1, Since: mark,
			})
			must(t, err)
			l = &store.Loaded{Run: store.Run{ID: run, Fence: 1}, Tickets: c.Tickets}
		}
		held := store.Held{Run: l.Run.ID, Host: id, Fence: l.Run.Fence}
		for step := len(l.Steps); step < 5; step++ {
			key := fmt.Sprint("step", step)
			_, err := s.Commit(ctx, store.Batch{Held: held, Durable: step == 3, Steps: []store.Step{{Key: key, Result: []byte(strings.Repeat(key, 200))}}})
			must(t, err)
			say("step %s %d", held.Run, step)
		}
		_, err = s.Commit(ctx, store.Batch{
			Held: held, Tickets: []store.Ticket{{Runner: "r", System: "s", Ticket: l.Tickets[0].Ticket, Standing: store.Handled}},
			End: &store.End{State: store.Ended, Outcome: store.Applied},
		})
		must(t, err)
		say("ended %s", held.Run)
	}
}

func TestChild(t *testing.T) {
	switch dir := os.Getenv(childOf); {
	case dir == "":
		t.Skip("it is the process that other tests start")
	case os.Getenv(childOf+"_FULL") != "":
		fullChild(t, dir)
	default:
		child(t, dir)
	}
}

func startChild(t *testing.T, dir string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), append(env, childOf+"="+dir)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err, cmd.Start())
	return cmd, bufio.NewScanner(out)
}

// TestNothingIsLostByKills: also what wasn't durable survives the end of the process.
func TestNothingIsLostByKills(t *testing.T) {
	kills := 15
	if os.Getenv("OTAI_TEST_ALL") != "" {
		kills = 100
	}
	dir := t.TempDir()
	steps, ended := make(map[string]int), make(map[string]bool)
	var worst time.Duration
	for range kills {
		start := time.Now()
		cmd, lines := startChild(t, dir)
		begun := make(chan struct{}, 1)
		read := make(chan struct{})
		go func() {
			defer close(read)
			for lines.Scan() {
				var run string
				var step int
				switch text := lines.Text(); {
				case text == "begun":
					worst = max(worst, time.Since(start))
					begun <- struct{}{}
				case strings.HasPrefix(text, "step "):
					_, _ = fmt.Sscanf(text, "step %s %d", &run, &step)
					if step < steps[run] {
						t.Errorf("step %d of %s was repeated", step, run)
					}
					steps[run] = step + 1
				case strings.HasPrefix(text, "ended "):
					ended[strings.TrimPrefix(text, "ended ")] = true
				}
			}
		}()
		select {
		case <-begun:
		case <-time.After(30 * time.Second):
			t.Error("it didn't begin")
		}
		time.Sleep(time.Duration(rand.N(60)) * time.Millisecond)
		must(t, cmd.Process.Kill())
		_ = cmd.Wait()
		<-read
	}
	s := openIn(t, dir)
	defer s.Close()
	if s.Moved != "" {
		t.Fatal("the file was damaged by a kill")
	}
	integrity(t, s)
	for run, n := range steps {
		l, err := s.Load(t.Context(), run)
		must(t, err)
		if ended[run] != (l.Run.State == store.Ended) && ended[run] || !ended[run] && l.Run.State != store.Ended && len(l.Steps) < n {
			t.Errorf("%s has %d steps and is %s; %d had been stored, ended: %v", run, len(l.Steps), l.Run.State, n, ended[run])
		}
	}
	t.Logf("%d kills, %d runs, %d ended, a start took at most %v", kills, len(steps), len(ended), worst)
}

func integrity(t *testing.T, s *Store) {
	t.Helper()
	var answer string
	must(t, s.db.reading.QueryRow("PRAGMA integrity_check").Scan(&answer))
	if answer != "ok" {
		t.Errorf("integrity_check: %s", answer)
	}
}

// fullChild works with a file that must not grow, until it is let to.
func fullChild(t *testing.T, dir string) {
	ctx := context.Background()
	s := openIn(t, dir)
	register(t, s)
	held := begin(t, s, "run", "1")
	integritySize := uint64(400 << 10)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: integritySize, Max: 1 << 40}))
	body := []byte(strings.Repeat("x", 20<<10))
	stored := 0
	for {
		_, err := s.Commit(ctx, store.Batch{Held: held, Durable: true, Steps: []store.Step{{Key: fmt.Sprintf("a%03d", stored), Result: body}, {Key: fmt.Sprintf("b%03d", stored), Result: body}}})
		if err != nil {
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("a full disk is %v", err)
			}
			break
		}
		stored++
	}
	if stored == 0 || stored > 500 {
		t.Errorf("%d batches went into a full disk", stored)
	}
	_, err := s.Load(ctx, "run") // reading goes on
	must(t, err)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 40, Max: 1 << 40}))
	_, err = s.Commit(ctx, store.Batch{Held: held, Steps: []store.Step{{Key: "after"}}})
	must(t, err)
	l, err := s.Load(ctx, "run")
	must(t, err)
	if len(l.Steps) != 2*stored+1 {
		t.Errorf("%d steps are stored, want %d: one was half", len(l.Steps), 2*stored+1)
	}
	integrity(t, s)
	must(t, s.Close())
	fmt.Println("survived", stored)
}

func TestAFullDiskStoresNothingHalfAndIsForgotten(t *testing.T) {
	cmd, lines := startChild(t, t.TempDir(), childOf+"_FULL=1")
	var all []string
	for lines.Scan() {
		all = append(all, lines.Text())
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(strings.Join(all, "\n"), "survived") {
		t.Errorf("%v\n%s", err, strings.Join(all, "\n"))
	}
}
