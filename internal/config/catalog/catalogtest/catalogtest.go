// Package catalogtest is a catalog for tests: small relatives of the real services and
// pipes, found as the application finds them.
package catalogtest

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// The params of the catalog below are small relatives of the real ones.
type (
	noParams    struct{}
	otoboParams struct {
		BaseURL  string            `otai:"base_url,required"`
		Username string            `otai:"username" default:"open_ticket_ai"`
		Password string            `otai:"password,secret"`
		Service  string            `otai:"webservice_name" default:"OpenTicketAI"`
		Timeout  time.Duration     `otai:"timeout" default:"30s"`
		Retries  int               `otai:"retries" default:"3" min:"0" max:"10"`
		URLs     map[string]string `otai:"operation_urls"`
	}
	hfParams struct {
		APIToken string         `otai:"api_token,secret"`
		Model    string         `otai:"model_name"`
		Spare    api.Classifier `inject:"spare,optional"`
	}
	compositeParams struct {
		Steps []api.ChildPipe `otai:"steps"`
		Extra map[string]any  `otai:",rest"`
	}
	orchestratorParams struct {
		Steps []api.ChildPipe `otai:"steps,required"`
		Sleep time.Duration   `otai:"orchestrator_sleep" default:"10ms"`
		Retry time.Duration   `otai:"exception_sleep" default:"5s"`
		Go    bool            `otai:"always_retry" default:"true"`
	}
	runnerParams struct {
		On      api.ChildPipe  `otai:"on,required"`
		Run     api.ChildPipe  `otai:"run,required"`
		Workers int            `otai:"workers" default:"1" min:"1"`
		Extra   map[string]any `otai:",rest"`
	}
	forEachParams struct {
		Items   []any           `otai:"items,required"`
		As      string          `otai:"as" default:"item"`
		Workers int             `otai:"workers" default:"4" min:"1"`
		Steps   []api.ChildPipe `otai:"steps,required"`
	}
	switchParams struct {
		Cases map[string]api.ChildPipe `otai:"cases"`
	}
	intervalParams struct {
		Interval time.Duration `otai:"interval,required"`
	}
	expressionParams struct {
		Expression any `otai:"expression,required"`
	}
	Criteria struct {
		Queue  *api.Entity  `otai:"queue"`
		States []api.Entity `otai:"states"`
		Limit  int          `otai:"limit" default:"10" min:"1"`

		Fields map[string]any `otai:"fields"`
	}
	fetchParams struct {
		Tickets  api.TicketSystem `inject:"ticket_system"`
		Criteria Criteria         `otai:"ticket_search_criteria"`
		Claim    *bool            `otai:"claim"`
	}
	updateParams struct {
		Tickets  api.TicketSystem `inject:"ticket_system"`
		TicketID string           `otai:"ticket_id,required"`
		Update   api.TicketUpdate `otai:"updated_ticket,required"`
	}
	noteParams struct {
		Tickets  api.TicketSystem `inject:"ticket_system"`
		TicketID string           `otai:"ticket_id,required"`
		Note     api.Note         `otai:"note"`
	}
	classifyParams struct {
		Classifier api.Classifier `inject:"classification_service"`
		Text       string         `otai:"text,required"`
		Model      string         `otai:"model_name"`
	}
)

type (
	// FakeTickets is a ticket system, by its methods.
	FakeTickets    struct{ api.TicketSystem }
	fakeClassifier struct{ api.Classifier }
	fakeRenderer   struct{ api.TemplateRenderer }
)

// Catalog answers as the application does from its registry.
type Catalog struct {
	Offered map[string]api.Injectable
	Reasons map[string]string // why uses are missing
}

// Pipe is one that never runs.
func Pipe[P any](name string) api.Injectable {
	return api.NewPipeFunc(name, "For tests.", func(context.Context, P, api.Scope) (api.PipeResult, error) {
		return api.PipeResult{}, errors.New("is never run")
	})
}

// Service is one that is never built.
func Service[P, S any](name string) api.Injectable {
	return api.NewService(name, "For tests.", func(P, api.Host) (S, error) {
		var s S
		return s, errors.New("is never built")
	})
}

// New has what the bundled plugins offer, and two of another plugin.
func New() Catalog {
	return Catalog{Offered: map[string]api.Injectable{
		"base:JinjaRenderer":                        Service[noParams, fakeRenderer]("JinjaRenderer").WithLabel("language", "jinja"),
		"base:SimpleSequentialOrchestrator":         Pipe[orchestratorParams]("SimpleSequentialOrchestrator").WithLabel("children", "separate").WithLabel("pause", "orchestrator_sleep").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"base:SimpleSequentialRunner":               Pipe[runnerParams]("SimpleSequentialRunner").WithLabel("children", "separate,parent-params").WithLabel("triggered-by", "on").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"base:CompositePipe":                        Pipe[compositeParams]("CompositePipe").WithLabel("children", "sequence").WithLabel("yields", "*").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"base:ForEachPipe":                          Pipe[forEachParams]("ForEachPipe").WithLabel("children", "sequence,parent-params,param-in:as").WithLabel("items", "items").WithLabel("yields", "count:number").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"base:IntervalTrigger":                      Pipe[intervalParams]("IntervalTrigger").WithLabel("interval", "interval").WithLabel("yields", "").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"base:ExpressionPipe":                       Pipe[expressionParams]("ExpressionPipe").WithLabel("yields", "value").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"base:FetchTicketsPipe":                     Pipe[fetchParams]("FetchTicketsPipe").WithLabel("yields", "fetched_tickets").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"base:UpdateTicketPipe":                     Pipe[updateParams]("UpdateTicketPipe").WithLabel("updates", "updated_ticket").WithLabel("yields", "").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"base:AddNotePipe":                          Pipe[noteParams]("AddNotePipe").WithLabel("adds-note", "note").WithLabel("yields", "").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"base:ClassificationPipe":                   Pipe[classifyParams]("ClassificationPipe").WithLabel("yields", "label:text,confidence:fraction,scores,truncated:bool,backend:text").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		"otobo-znuny:OTOBOZnunyTicketSystemService": Service[otoboParams, FakeTickets]("OTOBOZnunyTicketSystemService").WithLabel("open-tickets", "{ StateType: [new, open], Locks: [unlock] }"),
		"otobo-znuny:FetchTicketsPipe":              Pipe[fetchParams]("FetchTicketsPipe").WithLabel("yields", "fetched_tickets"),
		"hf-local:HFClassificationService":          Service[hfParams, fakeClassifier]("HFClassificationService"),
		"acme:Switch":                               Pipe[switchParams]("Switch"),
		"acme:MustacheRenderer":                     Service[noParams, fakeRenderer]("MustacheRenderer"),
	}, Reasons: map[string]string{
		"zammad:ZammadService": "the plugin otai_zammad.so was refused: go-version",
	}}
}

// Find implements [catalog.Catalog].
func (c Catalog) Find(use string) (catalog.Component, bool) {
	i, ok := c.Offered[use]
	if !ok {
		return catalog.Component{}, false
	}
	offer, err := loader.Describe(i)
	if err != nil {
		panic(err)
	}
	component := catalog.Component{
		Service: offer.Service, Doc: offer.Doc, Labels: offer.Labels, Params: offer.Params, Methods: offer.Methods, Needs: offer.Needs,
		Renderer: i.Provides != nil && i.Provides.Implements(reflect.TypeFor[api.TemplateRenderer]()),
	}
	component.Yields, component.YieldKinds = catalog.Yields(offer.Labels)
	return component, true
}

// Names implements [catalog.Catalog].
func (c Catalog) Names() []string {
	var names []string
	for name := range c.Offered {
		names = append(names, name)
	}
	return names
}

// Missing implements [catalog.Catalog].
func (c Catalog) Missing(use string) string { return c.Reasons[use] }
