package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// keywords labels a text by the first of its words that is known.
type keywords map[string]string

func (k keywords) Classify(_ context.Context, r api.ClassificationRequest) (api.Classification, error) {
	for word, label := range k {
		if strings.Contains(strings.ToLower(r.Text), word) {
			return api.Classification{Label: label, Confidence: 1, Scores: []api.Score{{Label: label, Confidence: 1}}}, nil
		}
	}
	return api.Classification{}, fmt.Errorf("no word of %q is known: %w", r.Text, api.ErrInvalid)
}

// A classifier is a service with the method Classify. BatchClassifier is optional.
func ExampleClassifier() {
	service := api.NewService("Keywords", "Labels texts by words.", func(struct{}, api.Host) (keywords, error) {
		return keywords{"vpn": "Network"}, nil
	})
	built, _ := service.BuildService(&struct{}{}, api.Host{})
	answers, err := api.ClassifyAll(context.Background(), built.(api.Classifier), []api.ClassificationRequest{{Text: "The VPN is down"}})
	fmt.Println(answers[0].Label, answers[0].Confidence, err)
	// Output: Network 1 <nil>
}

// memoryDesk is a ticket system that forgets all at its end.
type memoryDesk struct {
	mu      sync.Mutex
	tickets map[string]api.Ticket
}

func (d *memoryDesk) FindTickets(_ context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := []api.Ticket{} // none found is an empty list and no error
	for _, t := range d.tickets {
		if c.Queue == nil || c.Queue.String() == t.Queue.String() {
			found = append(found, t)
		}
	}
	return found, nil
}

func (d *memoryDesk) GetTicket(_ context.Context, id string) (api.Ticket, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.tickets[id]
	if !ok {
		return api.Ticket{}, fmt.Errorf("get ticket %s: %w", id, api.ErrNotFound)
	}
	return t, nil
}

func (d *memoryDesk) UpdateTicket(_ context.Context, id string, u api.TicketUpdate) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.tickets[id]
	if !ok {
		return fmt.Errorf("update ticket %s: %w", id, api.ErrNotFound)
	}
	if u.Queue != nil { // nil leaves a field as it is
		t.Queue = u.Queue
	}
	t.Notes = append(t.Notes, u.Notes...)
	d.tickets[id] = t
	return nil
}

func (d *memoryDesk) AddNote(ctx context.Context, id string, n api.Note) error {
	return d.UpdateTicket(ctx, id, api.TicketUpdate{Notes: []api.Note{n}})
}

// A ticket system is a service with four methods; all pipes for tickets work with it.
func ExampleTicketSystem() {
	service := api.NewService("MemoryDesk", "Tickets in memory.", func(struct{}, api.Host) (*memoryDesk, error) {
		return &memoryDesk{tickets: map[string]api.Ticket{"7": {ID: "7", Queue: &api.Entity{Name: "Incoming"}}}}, nil
	})
	built, _ := service.BuildService(&struct{}{}, api.Host{})
	desk, ctx := built.(api.TicketSystem), context.Background()

	err := desk.UpdateTicket(ctx, "7", api.TicketUpdate{Queue: &api.Entity{Name: "Network"}, Notes: []api.Note{{Subject: "Sorted"}}})
	found, _ := desk.FindTickets(ctx, api.SearchCriteria{Queue: &api.Entity{Name: "Network"}})
	fmt.Println(err, len(found), found[0].Notes[0].Subject)
	// Output: <nil> 1 Sorted
}

// dollars is a template language: $name is the param of that name.
type dollars struct{}

type dollarTemplate string

func (dollars) Parse(source string) (api.Template, error) {
	if strings.HasSuffix(source, "$") {
		return nil, &api.TemplateError{Line: 1, Column: len(source), Err: errors.New("a name is missing behind $")}
	}
	return dollarTemplate(source), nil
}

func (t dollarTemplate) Render(_ context.Context, scope api.Scope) (api.Rendered, error) {
	text := string(t)
	for name, value := range scope.Params() {
		text = strings.ReplaceAll(text, "$"+name, fmt.Sprint(value))
	}
	return api.Rendered{Text: text, Value: text}, nil
}

// A template renderer is a service with the method Parse. A configuration has one.
func ExampleTemplateRenderer() {
	service := api.NewService("DollarRenderer", "Templates with $name.", func(struct{}, api.Host) (dollars, error) {
		return dollars{}, nil
	})
	built, _ := service.BuildService(&struct{}{}, api.Host{})
	renderer := built.(api.TemplateRenderer)
	template, _ := renderer.Parse("Hello $name")
	rendered, _ := template.Render(context.Background(), api.Scope{}.WithParam("name", "Ada"))
	fmt.Println(rendered.Text)
	_, err := renderer.Parse("Hello $")
	fmt.Println(err)
	// Output:
	// Hello Ada
	// 1:7: a name is missing behind $
}
