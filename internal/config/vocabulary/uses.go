package vocabulary

// The pipes that a configuration stands for where its author named none.
const (
	DefaultOrchestrator = "base:SimpleSequentialOrchestrator"
	DefaultRunner       = "base:SimpleSequentialRunner"
	DefaultComposite    = "base:CompositePipe"
	DefaultTrigger      = "base:IntervalTrigger"
)

// TriggerLines are what a runner without a trigger lacks below key.
func TriggerLines(key string) string {
	return "add " + key + ": {use: base:IntervalTrigger, params: {interval: PT10S}}, which runs it every ten seconds"
}

// RenamedUses are services that earlier versions called otherwise.
var RenamedUses = map[string]string{
	"hf-local:HuggingFaceLocalTextClassificationService": "hf-local:HFClassificationService",
	"hf-local:HFLocalTextClassificationService":          "hf-local:HFClassificationService",
}

const classifyForm = "write use: base:ClassificationPipe with injects: {classification_service: ID} and params: {text: …, model_name: …}"

// RetiredUses never ran in this form. What to write instead is more than a name.
var RetiredUses = map[string]string{
	"hf-local:TextClassificationPipe":                 classifyForm,
	"hf-local:HFLocalTextClassificationPipe":          classifyForm,
	"hf-local:HuggingFaceLocalTextClassificationPipe": classifyForm,
	"base:JinjaExpressionPipe":                        "write use: base:ExpressionPipe with params: {expression: …}",
	"base:DefaultPipe":                                "write use: base:CompositePipe with params: {steps: […]}",
}

// RenamedParams are params that earlier versions called otherwise.
var RenamedParams = map[string]map[string]string{
	"base:FetchTicketsPipe":        {"search_criteria": "ticket_search_criteria"},
	"otobo-znuny:FetchTicketsPipe": {"search_criteria": "ticket_search_criteria"},
	"base:ClassificationPipe":      {"model": "model_name"},
}
