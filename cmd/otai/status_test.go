package main_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// statusPart is a line of `otai status --json`.
type statusPart struct {
	Kind, Name, State, Why string
	Blocks                 bool
}

// statusOf asks; ready is the exit code's answer.
func (w *witness) statusOf(env []string) (parts []statusPart, ready bool) {
	w.t.Helper()
	began := time.Now()
	cmd := newCommand(product.otai, "status", "--json")
	cmd.Env, cmd.Dir = env, w.t.TempDir()
	out, err := cmd.Output()
	code := exitCode(err)
	if took := time.Since(began); took > 10*time.Second { // 2 s, and the start of a process on a busy machine
		w.t.Errorf("status took %v", took)
	}
	var r struct {
		Ready bool
		Parts []statusPart
		Error string
	}
	if err := json.Unmarshal(out, &r); err != nil || r.Ready != (code == 0) {
		w.t.Fatalf("status ended with %d: %v\n%s", code, err, out)
	}
	return r.Parts, r.Ready
}

// wantStatus asks until it is so.
func (w *witness) wantStatus(env []string, within time.Duration, what string, ok func(parts []statusPart, ready bool) bool) {
	w.t.Helper()
	for until := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		parts, ready := w.statusOf(env)
		if ok(parts, ready) {
			return
		}
		if time.Now().After(until) {
			w.t.Fatalf("it isn't so that %s: ready %v, %+v", what, ready, parts)
		}
	}
}

func isReady(_ []statusPart, ready bool) bool { return ready }

// blocked is true where a part keeps otai from being ready for that reason.
func blocked(kind, why string) func([]statusPart, bool) bool {
	return func(parts []statusPart, ready bool) bool {
		for _, p := range parts {
			if p.Blocks && p.Kind == kind && strings.Contains(p.Why, why) {
				return !ready
			}
		}
		return false
	}
}

// wantMetrics asks by the socket until all lines are there.
func wantMetrics(t *testing.T, state string, lines ...string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(state, "otai.sock"))
	}}}
	missing, text := "any, since nobody answers", ""
	for until := time.Now().Add(patient); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		response, err := client.Get("http://otai/metrics")
		if err != nil {
			continue // it starts
		}
		content, err := io.ReadAll(response.Body)
		if _ = response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		missing, text = "", string(content)
		for _, line := range lines {
			if !strings.Contains("\n"+text, "\n"+line+"\n") {
				missing = line
			}
		}
		if missing == "" {
			return
		}
	}
	t.Errorf("there is no line %s in\n%s", missing, text)
}

// A service that works is ready; a help desk that is down makes it not ready, with the reason, and
// when it is up again otai is ready by itself.
func TestStatusSaysWhetherTheWorkIsDone(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	env := w.environment()
	if out, code := w.command(env, "status"); code != 1 || !strings.Contains(out, "no otai runs") {
		t.Errorf("where none runs: %d\n%s", code, out)
	}
	w.addMany(3, "x")
	l := live(t, env, "run", "-c", writeFile(t, rowConfig(1, "timeout: PT2S", priorityStep)))
	w.wantStatus(env, patient, "it is ready and has worked", func(parts []statusPart, ready bool) bool {
		return ready && len(parts) >= 5
	})
	wantMetrics(t, stateOf(env), `otai_ready 1`, `otai_runs_total{runner="sort",outcome="applied"} 3`, `otai_run_duration_seconds_count{runner="sort"} 3`,
		`otai_helpdesk_requests_total{service="desk",operation="update",outcome="ok"} 3`, `otai_tickets{runner="sort",standing="handled"} 3`, `otai_decisions_total{runner="sort",action="applied",label=""} 3`)
	w.web.Close()
	w.wantStatus(env, 2*time.Minute, "the runner is stuck", blocked("runner", "temporarily unavailable"))
	w.up()
	w.wantStatus(env, 2*time.Minute, "it is ready again", isReady)
	l.end(t)
	if out, code := w.command(env, "status"); code != 1 || !strings.Contains(out, "no otai runs") {
		t.Errorf("after its end: %d\n%s", code, out)
	}
}
