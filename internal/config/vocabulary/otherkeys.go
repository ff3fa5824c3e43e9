package vocabulary

import "strings"

// Elsewhere says where keys belong that people write at the top.
var Elsewhere = map[string]string{
	"steps":   "write it below orchestrator: params:",
	"runners": "write it below orchestrator:",
	"on":      "write it below orchestrator: runners:, or in the params of a base:SimpleSequentialRunner",
	"run":     "write it below orchestrator: runners:, or in the params of a base:SimpleSequentialRunner",
	"logging": "write it below infrastructure:",
	"runs":    "write it below infrastructure:",
	"params":  "write it below a service or below orchestrator:",

	"database":     "write infrastructure: {runs: {database: …}}",
	"database_url": "write infrastructure: {runs: {database: …}}",

	"log_level": "write infrastructure: {logging: {level: …}}",
	"loglevel":  "write infrastructure: {logging: {level: …}}",
	"log_file":  "write infrastructure: {logging: {log_to_file: true, log_file_path: …}}",
}

// PipeWords are what people call the keys of pipes and services.
var PipeWords = map[string]string{
	"uses": "use", "type": "use", "class": "use", "plugin": "use", "kind": "use",
	"with": "params", "args": "params", "config": "params", "options": "params", "settings": "params", "arguments": "params", "parameter": "params", "parameters": "params", "param": "params",
	"name": "id", "key": "id",
}

// PipeHints are for keys that pipes have in other versions and other products.
var PipeHints = map[string]string{
	"steps":      "there are steps below params: already; move these to them",
	"if":         "use a step of base:ExpressionPipe that calls fail(): it stops the steps after it",
	"when":       "use a step of base:ExpressionPipe that calls fail(): it stops the steps after it",
	"depends_on": "steps run in the order in which they stand",
	"pipes":      "write params: with steps: below it",
	"pipelines":  "write params: with steps: below it, or runners: [{on: …, run: …}]",

	"services":       "write it at the top, beside orchestrator:",
	"plugins":        "write it at the top, beside orchestrator:",
	"infrastructure": "write it at the top, beside orchestrator:",
}

// PythonLogging are keys of Open Ticket AI and of Python's logging. Log lines have
// one form here.
var PythonLogging = []string{"log_format", "date_format", "version", "root", "handlers", "formatters", "filters", "loggers", "disable_existing_loggers"}

// Normal is the same for all ways to write a key.
func Normal(key string) string { return strings.ToLower(strings.ReplaceAll(key, "-", "_")) }
