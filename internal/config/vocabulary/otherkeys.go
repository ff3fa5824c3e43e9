package vocabulary

import "strings"

// Elsewhere says where keys belong that people write at the top.
var Elsewhere = map[string]string{
	"steps":   "write it below orchestrator: params:",
	"runners": "write it below orchestrator:",
	"on":      "write it below orchestrator: runners:, or in the params of a base:SimpleSequentialRunner",
	"run":     "write it below orchestrator: runners:, or in the params of a base:SimpleSequentialRunner",
	"logging": "write it below infrastructure:",
	"params":  "write it below a service or below orchestrator:",

	"log_level": "write infrastructure: {logging: {level: …}}",
	"loglevel":  "write infrastructure: {logging: {level: …}}",
	"log_file":  "write infrastructure: {logging: {log_to_file: true, log_file_path: …}}",
}

// PythonLogging are keys of Open Ticket AI and of Python's logging. Log lines have
// one form here.
var PythonLogging = []string{"log_format", "date_format", "version", "root", "handlers", "formatters", "filters", "loggers", "disable_existing_loggers"}

// Normal is the same for all ways to write a key.
func Normal(key string) string { return strings.ToLower(strings.ReplaceAll(key, "-", "_")) }
