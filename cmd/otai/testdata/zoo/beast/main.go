// One plugin that does harm in many ways. Which way is a text in its file, which the test
// overwrites: so all kinds are linked once, and each has a file, a name and a content of
// its own. Each kind is one act; the others are dead code in its file.
package main

import (
	"context"
	"os"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// mark is overwritten in the file. The test looks for the text before the dots.
var mark = "the kind of this beast: ................................"

func kind() string {
	_, name, _ := strings.Cut(mark, ": ")
	return strings.Trim(name, ".")
}

// act is what a kind does, and when.
type act struct {
	open     func()
	describe func()                          // in CreatePlugin
	plugin   func(api.Plugin) api.Plugin     // what CreatePlugin returns
	validate func() error                    // of the params
	build    func() (*service, error)        // of the service
	start    func(context.Context) error     // of the service
	find     func() ([]api.Ticket, error)    // of the service, used by another's pipe
	asked    func() error                    // of the service: about its health, or for a label
	call     func(context.Context, api.Host) // in Process
	answer   func() (api.PipeResult, error)  // of Process
	close    func() error                    // of the service
}

var acts = map[string]act{}

// also is for the files, whose order doesn't matter.
func also(more map[string]act) bool {
	for name, a := range more {
		acts[name] = a
	}
	return true
}

// probed is whether this is a process that only tries the file: what is bad behaves there.
func probed() bool { return len(os.Args) > 1 && os.Args[1] == "__probe-plugin" }

// unseen does it only where it hurts.
func unseen(f func()) func() {
	return func() {
		if !probed() {
			f()
		}
	}
}

func mine() act { return acts[kind()] }

func init() {
	if f := mine().open; f != nil {
		f()
	}
}

type params struct {
	Text string `otai:"text" default:"x"`
}

func (*params) Validate() error {
	if f := mine().validate; f != nil {
		return f()
	}
	return nil
}

type service struct{}

func build(params, api.Host) (*service, error) {
	if f := mine().build; f != nil {
		return f()
	}
	return &service{}, nil
}

func (*service) Start(ctx context.Context) error {
	if f := mine().start; f != nil {
		return f(ctx)
	}
	return nil
}

func (*service) Close() error {
	if f := mine().close; f != nil {
		return f()
	}
	return nil
}

func (*service) FindTickets(context.Context, api.SearchCriteria) ([]api.Ticket, error) {
	if f := mine().find; f != nil {
		return f()
	}
	return nil, nil
}

func (*service) GetTicket(_ context.Context, id string) (api.Ticket, error) {
	return api.Ticket{ID: id}, nil
}
func (*service) UpdateTicket(context.Context, string, api.TicketUpdate) error { return nil }
func (*service) AddNote(context.Context, string, api.Note) error              { return nil }

func (*service) CheckHealth(context.Context) error { return asked() }

func asked() error {
	if f := mine().asked; f != nil {
		return f()
	}
	return nil
}

func (*service) Classify(context.Context, api.ClassificationRequest) (api.Classification, error) {
	err := asked()
	return api.Classification{Label: "x", Confidence: 1}, err
}

// What otai model asks for.

func (*service) ModelFolder() string { return "" }

func (*service) EnsureModel(context.Context, string, func(string, int64, int64)) (string, error) {
	return "", nil
}

func (*service) PullModel(context.Context, string, bool, func(string, int64, int64)) (map[string]any, error) {
	return nil, asked()
}

func (*service) ListModels(context.Context) ([]map[string]any, error) { return nil, asked() }

func (*service) VerifyModel(context.Context, string, func(string, int64, int64)) (map[string]any, error) {
	return nil, asked()
}

type pipe struct{ host api.Host }

type pipeParams struct{}

func (p *pipe) Process(ctx context.Context, _ pipeParams, _ api.Scope) (api.PipeResult, error) {
	if f := mine().call; f != nil {
		f(ctx, p.host)
	}
	if f := mine().answer; f != nil {
		return f()
	}
	return api.PipeResult{}, nil
}

func CreatePlugin(api.AppConfig) api.Plugin {
	if f := mine().describe; f != nil {
		f()
	}
	p := api.NewPlugin(
		api.Metadata{Name: "otai-" + kind(), Version: "1.0.0", API: ">=1.0.0 <2"},
		api.NewService("S", "A help desk without tickets.", build),
		api.NewPipe("P", "A step.", func(h api.Host) (*pipe, error) { return &pipe{h}, nil }),
	)
	if f := mine().plugin; f != nil {
		return f(p)
	}
	return p
}

func main() {}
