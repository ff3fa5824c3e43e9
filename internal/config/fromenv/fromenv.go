package fromenv

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/open-ticket-ai/otai/internal/config"
)

// What became of a variable of Open Ticket AI 2.0.
const (
	Used    = "used"
	Changed = "changed"  // used otherwise than 2.0 does; Message says how
	Default = "default"  // not set: what stands in its place
	LeftOut = "left-out" // nothing in otai answers to it
	Unknown = "unknown"  // no setting of 2.0
)

// Variable says what became of a variable. No message shows a secret.
type Variable struct {
	Name    string `json:"name"`
	From    string `json:"from"` // file:line, FromProcess, or "" where it is not set
	Status  string `json:"status"`
	Path    string `json:"path,omitempty"` // in the configuration
	Message string `json:"message,omitempty"`
	Secret  bool   `json:"secret,omitempty"` // the configuration refers to it by name
}

// FromProcess is where a variable comes from that the process was started with.
const FromProcess = "environment"

//go:embed fromenv.yml
var fromEnvText string

var fromEnvTemplate = template.Must(template.New("fromenv.yml").Delims("<<", ">>").Parse(fromEnvText))

// Write returns the configuration for the settings of Open Ticket AI 2.0
// that o's environment and .env files hold: one fixed pipeline. Secrets are
// referred to by name. With an error among the diagnostics there is no text.
func Write(o config.Options) (text []byte, variables []Variable, diags config.Diagnostics) {
	reporter := &config.Reporter{}
	s := readSettings(o, reporter)
	v := fromEnvValues{
		Level:      s.level(),
		BaseURL:    s.baseURL(),
		Username:   s.secret(otoboUsername, "services.help_desk.params.username", ""),
		Password:   s.password(),
		Webservice: s.param(otoboWebservice, s.text(otoboWebservice, "services.help_desk.params.webservice_name", "OpenTicketAI")),
		Token:      s.secret(hfAPIToken, "services.models.params.api_token", ""),
		Interval:   s.interval(),
		Incoming:   yamlText(s.text(incomingQueue, stepPath(0, "ticket_search_criteria.queue.name"), "OpenTicketAI::Incoming")),
		QueueModel: yamlText(s.text(queueModel, stepPath(2, "model_name"), "softoft/otai-queue-de-bert-v1")),
	}
	sure := s.threshold()
	v.QueueChoice = choice("queue", sure, jinjaText(s.text(fallbackQueue, stepPath(3, "expression"), "OpenTicketAI::Unclassified")))
	v.PriorityModel = yamlText(s.text(priorityModel, stepPath(4, "model_name"), "softoft/otai-priority-de-bert-v1"))
	v.PriorityChoice = choice("priority", sure, s.fallbackPriority())
	s.system()
	s.rest()
	slices.SortStableFunc(s.variables, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	diags = reporter.All()
	if diags.HasErrors() {
		return nil, s.variables, diags
	}
	var out bytes.Buffer
	if err := fromEnvTemplate.Execute(&out, v); err != nil {
		reporter.ReportError(config.Position{}, nil, "internal", "please report this", "the configuration can't be written: %v", err)
		return nil, s.variables, reporter.All()
	}
	return out.Bytes(), s.variables, diags
}

// fromEnvValues are the places of fromenv.yml, in YAML.
type fromEnvValues struct {
	Level, BaseURL, Username, Password, Webservice, Token, Interval, Incoming string
	QueueModel, QueueChoice, PriorityModel, PriorityChoice                    string
}

const runnerPath = "orchestrator.params.steps[0].params."

// stepPath is the place of a step's param in fromenv.yml.
func stepPath(step int, param string) string {
	return fmt.Sprintf(runnerPath+"run.params.steps[%d].params.%s", step, param)
}

// choice is the template that takes a label, or what else there is below the threshold.
func choice(step, sure, otherwise string) string {
	return yamlText(fmt.Sprintf("{{ get_pipe_result('%[1]s_classify', 'label') if get_pipe_result('%[1]s_classify', 'confidence') >= %[2]s else %[3]s }}", step, sure, otherwise))
}

// yamlText is a text in double quotes. JSON's are YAML's.
func yamlText(text string) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string always has a JSON form
	return strings.TrimSpace(out.String())
}

// jinjaText is a text as it is written in a template.
func jinjaText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
