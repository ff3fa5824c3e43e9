package demo

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

	assets "github.com/open-ticket-ai/otai/examples/demo"
	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Options are the options of the demonstration.
type Options struct {
	Keep     bool // leave the help desk running after the report, until ctx ends
	Ready    func(url string, plugins []string)
	Progress func(Step) // called for each ticket that was handled
	Report   func(Report) error
}

// Step says how far the demonstration is.
type Step struct {
	Done, Of int
	Ticket   Ticket
}

// Ticket is what became of one ticket.
type Ticket struct {
	Number     string  `json:"number"`
	Subject    string  `json:"subject"`
	Queue      string  `json:"queue"`
	Priority   string  `json:"priority"`
	Confidence float64 `json:"confidence"` // of the queue, 0 to 1, as the note says it
	Expected   string  `json:"expected"`
	Notes      int     `json:"notes"`
	Run        string  `json:"run"` // its id
}

// Report is the answer of [Run]. Its JSON form is stable.
type Report struct {
	Tickets  int      `json:"tickets"`
	Moved    int      `json:"moved"`
	Fallback int      `json:"fallback"`
	Correct  int      `json:"correct"`
	Notes    int      `json:"notes"`
	Seconds  float64  `json:"seconds"`
	Plugins  []string `json:"plugins"`
	HeldOut  HeldOut  `json:"held_out"`
	List     []Ticket `json:"list"`
}

// HeldOut is how often the models are right on tickets of another wording than
// those that they learned, from 0 to 1.
type HeldOut struct {
	Tickets  int     `json:"tickets"`
	Queue    float64 `json:"queue"`
	Priority float64 `json:"priority"`
}

// limit ends a demonstration that does not come to its end.
const limit = 2 * time.Minute

var errStopped = app.ExitWith(app.CodeRun, errors.New("the demonstration was stopped before its end"))

// Run does the whole job against a help desk of its own: it fills the incoming
// queue, runs the demonstration's configuration with the real plugins and models
// until the queue is empty, and reports.
func Run(ctx context.Context, s app.Settings, o Options) error {
	tickets, err := readTickets()
	if err != nil {
		return app.ExitWith(app.CodeRun, err)
	}
	heldOut, err := readHeldOut()
	if err != nil {
		return app.ExitWith(app.CodeRun, err)
	}
	dir, err := s.MakeTemporary("otai-demo-")
	if err != nil {
		return fmt.Errorf("a folder for the demonstration's models and plugins: %w", err)
	}
	defer os.RemoveAll(dir)
	s.Worker.Temporary(dir)
	if err := unpack(dir); err != nil {
		return app.ExitWith(app.CodeRun, err)
	}

	password := rand.Text()
	server := helpdesk.New(helpdesk.Options{Mode: helpdesk.ModeZnuny, Login: HelpdeskLogin, Password: password, Logger: slog.New(slog.DiscardHandler)})
	ids := fill(server, tickets)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return app.ExitWith(app.CodeRun, fmt.Errorf("the demonstration's help desk can't listen: %w", err))
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
	a, err := prepare(ctx, s, dir, url+server.BasePath(), password)
	if err != nil && ctx.Err() != nil {
		return errStopped
	}
	if err != nil {
		return err
	}
	defer a.Close()
	o.Ready(url, a.Loaded())
	d := demonstration{server: server, tickets: tickets, ids: ids, progress: o.Progress}
	began := time.Now()
	if err := d.run(ctx, a); err != nil {
		return err
	}
	report := d.report()
	if err := d.addRuns(ctx, s, dir, a.Document, report.List); err != nil {
		return app.ExitWith(app.CodeRun, err)
	}
	report.Seconds = time.Since(began).Seconds()
	report.Plugins = a.Loaded()
	report.HeldOut = heldOut
	if err := o.Report(report); err != nil {
		return app.ExitWith(app.CodeRun, err)
	}
	if o.Keep {
		<-ctx.Done()
	}
	return nil
}

// readHeldOut reads what was measured after the models' training.
func readHeldOut() (HeldOut, error) {
	var h HeldOut
	for task, accuracy := range map[string]*float64{"queue": &h.Queue, "priority": &h.Priority} {
		name := "models/" + task + "/eval_results.json"
		data, err := assets.Files.ReadFile(name)
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

// stateOf is the state folder of a demonstration in dir, where its runs are kept, too.
func stateOf(dir string) string { return filepath.Join(dir, "state") }

// addRuns gives each ticket the id of the run that changed it.
func (d *demonstration) addRuns(ctx context.Context, s app.Settings, dir string, of *config.Document, list []Ticket) error {
	s.StateDir = stateOf(dir)
	kept, err := s.LookIntoRuns(ctx, of, false)
	if err != nil {
		return err
	}
	found, err := kept.Runs(ctx, store.Filter{Outcomes: []store.Outcome{store.Applied}})
	if err = errors.Join(err, kept.Close()); err != nil {
		return err
	}
	by := make(map[string]string, len(found))
	for _, r := range found {
		for _, ticket := range r.Tickets {
			by[ticket] = r.ID
		}
	}
	for i := range list {
		list[i].Run = by[strconv.FormatInt(d.ids[i], 10)]
	}
	return nil
}

// unpack writes the models to a folder, because a model is read from files.
func unpack(dir string) error {
	models, err := fs.Sub(assets.Files, "models")
	if err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, "models"), models); err != nil {
		return fmt.Errorf("unpacking the demonstration's models: %w", err)
	}
	return nil
}

func prepare(ctx context.Context, s app.Settings, dir, url, password string) (*app.Setup, error) {
	data, err := assets.Files.ReadFile("config.yml")
	if err != nil {
		return nil, app.ExitWith(app.CodeRun, err)
	}
	s.Environ = append(ofTheMachine(s), "OTAI_DEMO_URL="+url, "OTAI_DEMO_PASSWORD="+password)
	// Nothing of it is to stay.
	s.StateDir = stateOf(dir)
	if s.LogLevel == "" {
		s.LogLevel = "warn" // the progress is shown instead
	}
	a, err := app.Prepare(ctx, s, app.PrepareOptions{
		Files:      []config.Source{{Name: "examples/demo/config.yml", Data: data}},
		FireAtOnce: true,
		Dir:        dir,
	})
	if err == nil {
		if err = staysIn(url, a.Document); err != nil {
			a.Close()
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
func ofTheMachine(s app.Settings) []string {
	var kept []string
	for _, name := range machineVariables {
		if value, set := s.Lookup(name); set {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// staysIn checks that the services call the demonstration's help desk and no other
// address, before anything is sent.
func staysIn(url string, d *config.Document) error {
	found := false
	for _, service := range d.Services {
		address, has := service.Params["base_url"]
		if has && address != url {
			return app.ExitWith(app.CodeRun, fmt.Errorf("the demonstration would work in the help desk at %v instead of its own; nothing was sent; please report this", address))
		}
		found = found || has
	}
	if !found {
		return app.ExitWith(app.CodeRun, errors.New("the demonstration's configuration names no help desk; please report this"))
	}
	return nil
}

type demonstration struct {
	server   *helpdesk.Server
	tickets  []exampleTicket
	ids      []int64
	progress func(Step)
}

// run runs the engine until no ticket is left in the incoming queue.
func (d *demonstration) run(ctx context.Context, a *app.Setup) error {
	running, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running, app.RunOptions{}) }()

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
				return errStopped
			case len(seen) < len(d.ids):
				return app.ExitWith(app.CodeRun, fmt.Errorf("%d of %d tickets are still in %s after %s; see why with --log-level debug", len(d.ids)-len(seen), len(d.ids), incoming, limit))
			}
			return nil
		case <-ticker.C:
			if d.showNew(seen); len(seen) == len(d.ids) {
				cancel()
			}
		}
	}
}

// showNew reports the tickets that left the incoming queue since the last look.
func (d *demonstration) showNew(seen map[int64]bool) {
	for i, id := range d.ids {
		if seen[id] {
			continue
		}
		ticket, ok := d.server.Ticket(id)
		// The move is written before the note: only both are a handled ticket.
		if !ok || ticket.Queue == incoming || len(internalNotes(ticket)) == 0 {
			continue
		}
		seen[id] = true
		d.progress(Step{Done: len(seen), Of: len(d.ids), Ticket: d.outcome(i)})
	}
}

func (d *demonstration) report() Report {
	r := Report{Tickets: len(d.ids)}
	for i := range d.ids {
		t := d.outcome(i)
		r.List = append(r.List, t)
		r.Notes += t.Notes
		if t.Queue != incoming {
			r.Moved++
		}
		if t.Queue == fallback {
			r.Fallback++
		}
		if t.Queue == t.Expected {
			r.Correct++
		}
	}
	return r
}

func (d *demonstration) outcome(i int) Ticket {
	t, _ := d.server.Ticket(d.ids[i])
	notes := internalNotes(t)
	outcome := Ticket{
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
