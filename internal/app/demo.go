package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/examples/demo"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// DemoOptions are the options of the demonstration.
type DemoOptions struct {
	Keep     bool // leave the help desk running after the report, until ctx ends
	Ready    func(url string, plugins []string)
	Progress func(DemoStep) // told of each ticket that was handled
	Report   func(DemoReport) error
}

// DemoStep says how far the demonstration is.
type DemoStep struct {
	Done, Of int
	Ticket   DemoTicket
}

// DemoTicket is what became of one ticket.
type DemoTicket struct {
	Number     string  `json:"number"`
	Subject    string  `json:"subject"`
	Queue      string  `json:"queue"`
	Priority   string  `json:"priority"`
	Confidence float64 `json:"confidence"` // of the queue, 0 to 1, as the note says it
	Expected   string  `json:"expected"`
	Notes      int     `json:"notes"`
}

// DemoReport is the answer of [Demo]. Its JSON form is stable.
type DemoReport struct {
	Tickets  int          `json:"tickets"`
	Moved    int          `json:"moved"`
	Fallback int          `json:"fallback"`
	Correct  int          `json:"correct"`
	Notes    int          `json:"notes"`
	Seconds  float64      `json:"seconds"`
	Plugins  []string     `json:"plugins"`
	HeldOut  DemoHeldOut  `json:"held_out"`
	List     []DemoTicket `json:"list"`
}

// DemoHeldOut is how often the models are right on tickets of another wording than
// those that they learned, from 0 to 1.
type DemoHeldOut struct {
	Tickets  int     `json:"tickets"`
	Queue    float64 `json:"queue"`
	Priority float64 `json:"priority"`
}

// demoLimit ends a demonstration that does not come to its end.
const demoLimit = 2 * time.Minute

var errDemoStopped = ExitWith(CodeRun, errors.New("the demonstration was stopped before its end"))

// Demo does the whole job against a help desk of its own: it fills the incoming
// queue, runs the demonstration's configuration with the real plugins and models
// until the queue is empty, and reports.
func Demo(ctx context.Context, s Settings, o DemoOptions) error {
	tickets, err := demoTickets()
	if err != nil {
		return ExitWith(CodeRun, err)
	}
	heldOut, err := demoHeldOut()
	if err != nil {
		return ExitWith(CodeRun, err)
	}
	dir, err := s.makeTemporary("otai-demo-")
	if err != nil {
		return fmt.Errorf("a folder for the demonstration's models and plugins: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := unpackDemo(dir); err != nil {
		return ExitWith(CodeRun, err)
	}

	password := rand.Text()
	server := helpdesk.New(helpdesk.Options{Mode: helpdesk.ModeZnuny, Login: HelpdeskLogin, Password: password, Logger: slog.New(slog.DiscardHandler)})
	ids := fill(server, tickets)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return ExitWith(CodeRun, fmt.Errorf("the demonstration's help desk can't listen: %w", err))
	}
	// The help desk outlives ctx, so that a step under way at the stop ends at once
	// instead of waiting for a server that has gone.
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- server.Serve(serving, listener) }()
	defer func() {
		stopServing()
		<-served
	}()

	url := "http://" + listener.Addr().String()
	a, err := prepareDemo(ctx, s, dir, url+server.BasePath(), password)
	if err != nil && ctx.Err() != nil {
		return errDemoStopped
	}
	if err != nil {
		return err
	}
	defer a.close()
	o.Ready(url, a.loaded())
	d := demonstration{server: server, tickets: tickets, ids: ids, progress: o.Progress}
	began := time.Now()
	if err := d.run(ctx, a); err != nil {
		return err
	}
	report := d.report()
	report.Seconds = time.Since(began).Seconds()
	report.Plugins = a.loaded()
	report.HeldOut = heldOut
	if err := o.Report(report); err != nil {
		return ExitWith(CodeRun, err)
	}
	if o.Keep {
		<-ctx.Done()
	}
	return nil
}

// demoHeldOut reads what was measured after the models' training.
func demoHeldOut() (DemoHeldOut, error) {
	var h DemoHeldOut
	for task, accuracy := range map[string]*float64{"queue": &h.Queue, "priority": &h.Priority} {
		name := "models/" + task + "/eval_results.json"
		data, err := demo.Files.ReadFile(name)
		if err != nil {
			return h, err
		}
		var results struct {
			Accuracy float64 `json:"eval_accuracy"`
			Samples  int     `json:"eval_samples"`
		}
		if err := json.Unmarshal(data, &results); err != nil {
			return h, fmt.Errorf("the demonstration's %s: %w", name, err)
		}
		*accuracy, h.Tickets = results.Accuracy, results.Samples
	}
	return h, nil
}

// unpackDemo writes the models to a folder, because a model is read from files.
func unpackDemo(dir string) error {
	models, err := fs.Sub(demo.Files, "models")
	if err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, "models"), models); err != nil {
		return fmt.Errorf("unpacking the demonstration's models: %w", err)
	}
	return nil
}

func prepareDemo(ctx context.Context, s Settings, dir, url, password string) (*application, error) {
	data, err := demo.Files.ReadFile("config.yml")
	if err != nil {
		return nil, ExitWith(CodeRun, err)
	}
	s.Environ = append(s.ofTheMachine(), "OTAI_DEMO_URL="+url, "OTAI_DEMO_PASSWORD="+password)
	// Nothing of it is to stay.
	s.StateDir = filepath.Join(dir, "state")
	if s.LogLevel == "" {
		s.LogLevel = "warn" // the progress is shown instead
	}
	a, err := prepare(ctx, s, prepareOptions{
		files:      []config.Source{{Name: "examples/demo/config.yml", Data: data}},
		fireAtOnce: true,
		dir:        dir,
	})
	if err == nil {
		if err = staysIn(url, a.document); err != nil {
			a.close()
		}
	}
	return a, err
}

// machineVariables say how otai works on this machine, and nothing of what a
// configuration says or its services read.
var machineVariables = []string{
	"HOME", "XDG_CACHE_HOME", "CACHE_DIRECTORY", "TERM", "NO_COLOR",
	"OTAI_PLUGIN_DIR", "OTAI_PROBE_TIMEOUT", "OTAI_TRUST_GROUP", "OTAI_HF_ISA",
}

// ofTheMachine is the environment for a configuration that is built in: what is set for
// the real one, such as OTAI__SERVICES__…, must not lead it to a real help desk.
func (s Settings) ofTheMachine() []string {
	var kept []string
	for _, name := range machineVariables {
		if value, set := s.lookup(name); set {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// staysIn holds the addresses that the services are to call against that of the
// demonstration's help desk, before anything is sent.
func staysIn(url string, d *config.Document) error {
	found := false
	for _, service := range d.Services {
		address, has := service.Params["base_url"]
		if has && address != url {
			return ExitWith(CodeRun, fmt.Errorf("the demonstration would work in the help desk at %v instead of its own; nothing was sent; please report this", address))
		}
		found = found || has
	}
	if !found {
		return ExitWith(CodeRun, errors.New("the demonstration's configuration names no help desk; please report this"))
	}
	return nil
}

type demonstration struct {
	server   *helpdesk.Server
	tickets  []demoTicket
	ids      []int64
	progress func(DemoStep)
}

// run runs the engine until no ticket is left in the incoming queue.
func (d *demonstration) run(ctx context.Context, a *application) error {
	running, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- a.run(running, RunOptions{}) }()

	const look = 20 * time.Millisecond
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	seen := make(map[int64]bool, len(d.ids))
	for {
		select {
		case err := <-ended:
			d.showNew(seen)
			switch {
			case err != nil:
				return err
			case ctx.Err() != nil:
				return errDemoStopped
			case len(seen) < len(d.ids):
				return ExitWith(CodeRun, fmt.Errorf("%d of %d tickets are still in %s after %s; see why with --log-level debug", len(d.ids)-len(seen), len(d.ids), demoIncoming, demoLimit))
			}
			return nil
		case <-ticker.C:
			if d.showNew(seen); len(seen) == len(d.ids) {
				cancel()
			}
		}
	}
}

// showNew tells of the tickets that left the incoming queue since the last look.
func (d *demonstration) showNew(seen map[int64]bool) {
	for i, id := range d.ids {
		if seen[id] {
			continue
		}
		ticket, ok := d.server.Ticket(id)
		// The move is written before the note: only both are a handled ticket.
		if !ok || ticket.Queue == demoIncoming || len(internalNotes(ticket)) == 0 {
			continue
		}
		seen[id] = true
		d.progress(DemoStep{Done: len(seen), Of: len(d.ids), Ticket: d.outcome(i)})
	}
}

func (d *demonstration) report() DemoReport {
	r := DemoReport{Tickets: len(d.ids)}
	for i := range d.ids {
		t := d.outcome(i)
		r.List = append(r.List, t)
		r.Notes += t.Notes
		if t.Queue != demoIncoming {
			r.Moved++
		}
		if t.Queue == demoFallback {
			r.Fallback++
		}
		if t.Queue == t.Expected {
			r.Correct++
		}
	}
	return r
}

func (d *demonstration) outcome(i int) DemoTicket {
	t, _ := d.server.Ticket(d.ids[i])
	notes := internalNotes(t)
	outcome := DemoTicket{
		Number: t.Number, Subject: t.Title, Queue: t.Queue, Priority: t.Priority,
		Expected: d.tickets[i].Expected.Queue, Notes: len(notes),
	}
	if len(notes) > 0 {
		outcome.Confidence = noteConfidence(notes[0].Body)
	}
	return outcome
}

func internalNotes(t helpdesk.Ticket) []helpdesk.Article {
	var notes []helpdesk.Article
	for _, a := range t.Articles {
		if !a.VisibleForCustomer {
			notes = append(notes, a)
		}
	}
	return notes
}

var percent = regexp.MustCompile(`(\d+(?:[.,]\d+)?) ?%`)

// noteConfidence reads the first percentage of a note, which is how the
// demonstration's configuration writes the queue's confidence.
func noteConfidence(body string) float64 {
	found := percent.FindStringSubmatch(body)
	if found == nil {
		return 0
	}
	value, err := strconv.ParseFloat(strings.Replace(found[1], ",", ".", 1), 64)
	if err != nil {
		return 0
	}
	return value / 100
}
