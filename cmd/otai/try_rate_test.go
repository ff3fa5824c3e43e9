package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// spent is what something took: for the machine, and of otai's or the script's own.
type spent struct{ wall, cpu time.Duration }

func (s spent) String() string {
	return fmt.Sprintf("%s (CPU %s)", s.wall.Round(time.Millisecond), s.cpu.Round(time.Millisecond))
}

// replay is a script that makes requests again which it has seen.
type replay struct {
	*testing.T
	service        string // its address, up to the operation
	searches, gets [][]byte
	texts          map[string][]string // by model
}

func newReplay(t *testing.T, desk string) *replay {
	return &replay{T: t, service: desk + "/Webservice/OpenTicketAI/", texts: map[string][]string{}}
}

// sees keeps a request of try.
func (r *replay) sees(operation string, body []byte) {
	if operation == "ticket-get" {
		r.gets = append(r.gets, body)
	} else {
		r.searches = append(r.searches, body)
	}
}

// classifies keeps which texts try has classified: those of the tickets in its report.
func (r *replay) classifies(report []decisions.Record, texts map[string]string) {
	model := map[string]string{"sort": "queue", "rank": "priority"}
	for _, p := range report {
		r.texts[model[p.Runner]] = append(r.texts[model[p.Runner]], texts[p.Ticket])
	}
}

// inTurns compares the script with try; the first time of each isn't counted.
func (r *replay) inTurns(rounds int, try func() spent) string {
	r.Helper()
	r.script()
	var walls, cpus []float64
	for n := range rounds {
		var got [2]spent
		for i := range got {
			if i = (i + n) % 2; i == 0 {
				got[i] = r.script()
			} else {
				got[i] = try()
			}
		}
		walls, cpus = append(walls, got[1].wall.Seconds()/got[0].wall.Seconds()), append(cpus, got[1].cpu.Seconds()/got[0].cpu.Seconds())
		r.Logf("script %v; try %v; ratio %.3f, of CPU %.3f", got[0], got[1], walls[n], cpus[n])
	}
	slices.Sort(walls)
	slices.Sort(cpus)
	return fmt.Sprintf("%d searches, %d reads, %d and %d texts: ratio %.3f, of CPU %.3f (medians of %d)", len(r.searches), len(r.gets), len(r.texts["queue"]), len(r.texts["priority"]), walls[rounds/2], cpus[rounds/2], rounds)
}

func (r *replay) otai(env []string, input string, args ...string) spent {
	r.Helper()
	began := time.Now()
	cmd := newCommandContext(r.Context(), product.otai, args...)
	cmd.Env, cmd.Dir, cmd.Stdin = env, r.TempDir(), strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("%q: %v\n%s", args, err, out)
	}
	return spent{time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

func (r *replay) script() (s spent) {
	r.Helper()
	began, before := time.Now(), ownCPU(r.T)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 4, MaxIdleConnsPerHost: 4}}
	defer client.CloseIdleConnections()
	post := func(operation string, body []byte) {
		a, err := client.Post(r.service+operation, "application/json", bytes.NewReader(body))
		if err != nil {
			r.Error(err)
			return
		}
		defer a.Body.Close()
		var answer map[string]any
		if err := json.NewDecoder(a.Body).Decode(&answer); err != nil || answer["Error"] != nil {
			r.Errorf("%s: %v, %v", operation, err, answer["Error"])
		}
	}
	for _, body := range r.searches {
		post("ticket-search", body)
	}
	var reading sync.WaitGroup
	gets := make(chan []byte)
	for range 4 {
		reading.Go(func() {
			for body := range gets {
				post("ticket-get", body)
			}
		})
	}
	for _, body := range r.gets {
		gets <- body
	}
	close(gets)
	reading.Wait()
	s.cpu = ownCPU(r.T) - before
	for model, texts := range r.texts {
		s.cpu += r.otai(environment(r.T), strings.Join(texts, "\n")+"\n", "classify", "--json", "--model", filepath.Join(product.root, "examples", "demo", "models", model), "-").cpu
	}
	s.wall = time.Since(began)
	return s
}

// TestTryBesideAScript prints what TestSystemTryTakesLittleMoreThanAScript does, at the built-in help desk.
func TestTryBesideAScript(t *testing.T) {
	needsThorough(t)
	w := newWitness(t, "IT::Software", "IT::Hardware", "IT::Network", "IT::Accounts", "HR", "Facilities", "Unclassified")
	examples, texts := exampleTexts(t), map[string]string{}
	const tickets, rounds = 500, 5
	for i := range tickets {
		text := examples[i%len(examples)]
		n := helpdesk.NewTicket{Queue: "Incoming", Title: text[0], Body: text[1]}
		if i%4 == 3 {
			n.Queue = "IT::Software"
		}
		if i%5 < 2 {
			n.State = "closed successful"
		}
		texts[strconv.FormatInt(w.AddTicket(n), 10)] = strings.Join(strings.Fields(text[0]+" "+text[1]), " ")
	}
	config, env := writeFile(t, tryConfig()), w.environment()
	report := filepath.Join(t.TempDir(), "report.jsonl")
	r := newReplay(t, w.url())
	try := func() spent {
		return r.otai(env, "", "try", "-c", config, "--last", strconv.Itoa(tickets), "--closed", "-o", report)
	}
	try()
	for _, q := range w.seen(func(*request) bool { return true }) {
		body, err := json.Marshal(q.Body)
		if err != nil {
			t.Fatal(err)
		}
		r.sees(q.Operation, body)
	}
	r.classifies(recordsIn(t, report), texts)
	row(t, "try beside a script", "%s", r.inTurns(rounds, try))
}
