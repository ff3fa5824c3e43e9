package base

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/plugintest"
)

func TestTheBuiltInPluginKeepsWhatHostsExpect(t *testing.T) {
	done := plugintest.Child("done", api.Success(nil))
	ticket := map[string]any{"id": "1"}
	plugintest.Run(
		t, func(api.AppConfig) api.Plugin { return New("1.0.0", Options{}) },
		plugintest.Live(),
		plugintest.Skip("DecisionPipe/works", "it decides by the result of a step before, and here is none"),
		plugintest.Params("SimpleSequentialOrchestrator", map[string]any{"steps": []api.ChildPipe{done}}),
		plugintest.Params("SimpleSequentialRunner", map[string]any{"on": done, "run": done}),
		plugintest.Params("IntervalTrigger", map[string]any{"interval": "PT10S"}),
		plugintest.Params("CompositePipe", map[string]any{"steps": []api.ChildPipe{done, done}}),
		plugintest.Params("ForEachPipe", map[string]any{"items": []any{ticket}, "steps": []api.ChildPipe{done}}),
		plugintest.Params("ExpressionPipe", map[string]any{"expression": ticket}),
		plugintest.Params("FetchTicketsPipe", map[string]any{"ticket_search_criteria": map[string]any{"limit": 1}}),
		plugintest.Params("ClassificationPipe", map[string]any{"text": "My screen is black"}),
		plugintest.Params("DecisionPipe", map[string]any{"ticket_id": 1, "from": "classify", "map": map[string]any{"VPN": map[string]any{"queue": "IT"}}}),
		plugintest.Params("UpdateTicketPipe", map[string]any{"ticket_id": 1, "updated_ticket": map[string]any{"subject": "Screen"}}),
		plugintest.Params("AddNotePipe", map[string]any{"ticket_id": 1, "note": map[string]any{"body": "Seen."}}),
	)
}
