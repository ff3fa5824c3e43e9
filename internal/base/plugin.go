package base

import (
	"time"

	"github.com/open-ticket-ai/otai/internal/base/batch"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Name is the plugin's package name; its registry prefix is "base".
const Name = "otai-base"

// RendererUse is the registry name of the template renderer that is used unless the
// configuration names another.
const RendererUse = "base:JinjaRenderer"

// Options are the host's choices for the built-in plugin.
type Options struct {
	// FireAtOnce makes an IntervalTrigger succeed at its first run instead of after
	// its first interval, so that a single cycle does the work.
	FireAtOnce bool
	// Locate returns where the value at a path of the configuration was written, as
	// file:line:column, "" if that isn't known. It may be nil.
	Locate func(path string) string
	// Classified is called after each call of a classifier, with how many texts it was about. It may
	// be nil.
	Classified func(by api.Classifier, texts int, took time.Duration, err error)
	Clocks     *Clocks // hears of each interval trigger; nil: nobody wants to know
	// Named reads a file that belongs to the configuration; nil: as it is at that moment.
	Named func(path string) ([]byte, error)
	// Written reports whether a text stands in the configuration, so that an error may quote it;
	// nil: none does.
	Written func(text string) bool
}

// New describes the built-in plugin. It needs no file, but is registered like any
// other.
func New(version string, o Options) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: Name, Version: version, API: ">=1.0.0 <2", Description: "The built-in services and pipes."},
		api.NewService("JinjaRenderer", "Renders params written in Jinja2's language.", newJinjaRenderer).WithLabel("language", "jinja"),
		api.NewPipeFunc("SimpleSequentialOrchestrator", "Runs each of its steps again and again; the root of a configuration.", orchestrate).
			WithLabel("children", "separate").WithLabel("pause", "orchestrator_sleep").WithLabel("concurrent", "true"),
		api.NewPipeFunc("SimpleSequentialRunner", "Runs a pipe when its trigger succeeds.", runWhenTriggered).
			WithLabel("children", "separate,parent-params").WithLabel("triggered-by", "on").WithLabel("concurrent", "true"),
		api.NewPipe("IntervalTrigger", "Succeeds once per interval.", o.newIntervalTrigger).WithLabel("interval", "interval").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		api.NewPipeFunc("CompositePipe", "Runs its steps in order, up to the first that fails.", composite).
			WithLabel("yields", "*").WithLabel("children", "sequence").WithLabel("concurrent", "true"),
		api.NewPipeFunc("ForEachPipe", "Runs its steps for each item, as a run of its own.", forEach).
			WithLabel("yields", "count:number,applied:number,left:number,waiting:number,dead:number,other:number").
			WithLabel("children", "sequence,parent-params,param-in:as").WithLabel("items", "items").WithLabel("concurrent", "true"),
		api.NewPipeFunc("ExpressionPipe", "Yields the value of an expression.", evaluate).
			WithLabel("yields", "value").WithLabel("concurrent", "true").WithLabel("effect", "none").WithLabel("brief", "true"),
		api.NewPipeFunc("FetchTicketsPipe", "Finds tickets.", fetchTickets).
			WithLabel("yields", "fetched_tickets").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		api.NewPipe("ClassificationPipe", "Labels a text by a model.", o.newClassificationPipe(&batch.Groups{Called: o.Classified})).
			WithLabel("yields", "label:text,confidence:fraction,scores,truncated:bool,backend:text").WithLabel("concurrent", "true").WithLabel("effect", "none"),
		api.NewPipe("DecisionPipe", "Applies or suggests what a label means for a ticket, or leaves the ticket to people.", o.newDecisionPipe).
			WithLabel("yields", "action:text,target,reason:text,label:text,confidence:fraction").
			WithLabel("concurrent", "true").WithLabel("effect", "none").WithLabel("brief", "true"),
		api.NewPipe("UpdateTicketPipe", "Changes a ticket: queue, priority, state, notes.", o.newUpdateTicketPipe).
			WithLabel("yields", "").WithLabel("updates", "updated_ticket").WithLabel("concurrent", "true").WithLabel("effect", "none").WithLabel("brief", "true"),
		api.NewPipe("AddNotePipe", "Adds a note to a ticket.", o.newAddNotePipe).
			WithLabel("yields", "").WithLabel("adds-note", "note").WithLabel("concurrent", "true").WithLabel("effect", "none").WithLabel("brief", "true"),
	)
}
