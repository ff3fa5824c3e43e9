package config

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/internal/redact"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// What became of a variable of Open Ticket AI 2.0.
const (
	VariableUsed    = "used"
	VariableChanged = "changed"  // used otherwise than 2.0 does; Message says how
	VariableDefault = "default"  // not set: what stands in its place
	VariableLeftOut = "left-out" // nothing in otai answers to it
	VariableUnknown = "unknown"  // no setting of 2.0
)

// Variable tells what became of a variable. No message shows a secret.
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

// settingPrefix begins the settings of Open Ticket AI 2.0.
const settingPrefix = "OTAI_"

// The settings of Open Ticket AI 2.0, without the prefix.
const (
	ticketSystemType  = "TICKET_SYSTEM_TYPE"
	otoboBaseURL      = "OTOBO_BASE_URL"
	otoboUsername     = "OTOBO_USERNAME"
	otoboPassword     = "OTOBO_PASSWORD"
	otoboWebservice   = "OTOBO_WEBSERVICE_NAME"
	hfAPIToken        = "HF_API_TOKEN"
	logLevel          = "LOG_LEVEL"
	orchestratorSleep = "ORCHESTRATOR_SLEEP"
	triggerInterval   = "TRIGGER_INTERVAL"
	threshold         = "CLASSIFICATION_CONFIDENCE_THRESHOLD"
	incomingQueue     = "INCOMING_QUEUE"
	fallbackQueue     = "FALLBACK_QUEUE"
	fallbackPriority  = "FALLBACK_PRIORITY"
	queueModel        = "QUEUE_MODEL"
	priorityModel     = "PRIORITY_MODEL"
)

// withoutCounterpart are the settings that nothing in otai answers to, and what that means.
var withoutCounterpart = map[string]string{
	"API_HOST":            "otai has no HTTP API; its configuration and its log take that place",
	"API_PORT":            "otai has no HTTP API; its configuration and its log take that place",
	"ZAMMAD_BASE_URL":     "otai has no service for Zammad",
	"ZAMMAD_ACCESS_TOKEN": "otai has no service for Zammad",
	orchestratorSleep:     "the interval alone says when otai looks for tickets",
}

var carriedOver = []string{
	ticketSystemType, otoboBaseURL, otoboUsername, otoboPassword, otoboWebservice, hfAPIToken, logLevel, triggerInterval,
	threshold, incomingQueue, fallbackQueue, fallbackPriority, queueModel, priorityModel,
}

// otaisOwn are variables with the same prefix that otai itself reads.
var otaisOwn = lazyregexp.New(`^OTAI_(_.*|CONFIG|CONFIG_DIR|PLUGIN_DIR|STATE_DIR|PROBE_TIMEOUT|TRUST_GROUP|SIGN_PASSWORD|HF_ISA|ONNXRUNTIME|OTOBO_ZNUNY_PASSWORD|DEMO_URL|DEMO_PASSWORD|DEMO_MODELS)$`)

// HasSettings reports whether variables hold a setting by which Open Ticket AI 2.0
// is told from other programs. Its log level alone is not.
func HasSettings(o Options) bool {
	environment, dotEnv := variables(o, &Reporter{})
	for _, set := range []map[string]string{environment, dotEnv} {
		for name, value := range set {
			if setting, ok := settingName(name); ok && value != "" && setting != logLevel && slices.Contains(carriedOver, setting) {
				return true
			}
		}
	}
	return false
}

// settingName returns a variable's name without the prefix. The settings' names are
// read without regard to case.
func settingName(name string) (string, bool) {
	upper := strings.ToUpper(name)
	if !strings.HasPrefix(upper, settingPrefix) || otaisOwn.MatchString(upper) {
		return "", false
	}
	return upper[len(settingPrefix):], true
}

// FromEnvironment writes the configuration for the settings of Open Ticket AI 2.0
// that o's environment and .env files hold: one fixed pipeline. Secrets are
// referred to by name. With an error among the diagnostics there is no text.
func FromEnvironment(o Options) (text []byte, variables []Variable, diags Diagnostics) {
	reporter := &Reporter{}
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
		reporter.ReportError(Position{}, "", "internal", "please report this", "the configuration can't be written: %v", err)
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

// settings are what Open Ticket AI 2.0 would read.
type settings struct {
	diags     *Reporter
	values    map[string]given // by name without the prefix
	own       bool             // OTAI_OTOBO_ZNUNY_PASSWORD is set
	variables []Variable
}

// given is a variable that is set.
type given struct {
	name, value string
	at          Position
}

func (g given) from() string {
	if g.at.Line == 0 {
		return FromProcess
	}
	return fmt.Sprintf("%s:%d", g.at.File, g.at.Line)
}

func readSettings(o Options, diags *Reporter) *settings {
	environment, dotEnv := variables(o, diags)
	s := &settings{diags: diags, values: map[string]given{}}
	for _, set := range []map[string]string{dotEnv, environment} { // the environment wins
		for _, name := range slices.Sorted(maps.Keys(set)) {
			setting, ok := settingName(name)
			s.own = s.own || name == settingPrefix+"OTOBO_ZNUNY_PASSWORD" && set[name] != ""
			if !ok {
				continue
			}
			g := given{name: name, value: set[name], at: Position{File: name}}
			if _, here := dotEnv[name]; here {
				g.at = dotEnvPosition(o.DotEnv, name)
			}
			s.values[setting] = g
		}
	}
	return s
}

// dotEnvPosition is where .env files give a variable. Of several lines the last one
// counts.
func dotEnvPosition(files []Source, name string) Position {
	line := lazyregexp.New(`^\s*(?:export\s+)?` + regexp.QuoteMeta(name) + `\s*[=:]`)
	for _, s := range files {
		at := Position{}
		for i, text := range source.Lines(s.Data) {
			if line.MatchString(text) {
				at = Position{File: s.Name, Line: i + 1, Column: 1}
			}
		}
		if at.Line > 0 {
			return at
		}
	}
	return Position{File: name}
}

func (s *settings) describe(setting, status, path, format string, args ...any) {
	v := Variable{Name: settingPrefix + setting, Status: status, Path: path, Message: fmt.Sprintf(format, args...)}
	if g, set := s.values[setting]; set {
		v.Name, v.From = g.name, g.from()
	}
	s.variables = append(s.variables, v)
}

func (s *settings) fail(setting, hint, format string, args ...any) {
	g := s.values[setting]
	s.diags.ReportError(g.at, "", "bad-setting", hint, "%s %s", g.name, fmt.Sprintf(format, args...))
}

// get returns the value of a setting. An empty one counts as not set.
func (s *settings) get(setting string) (string, bool) {
	value := s.values[setting].value
	return value, value != ""
}

// text returns the value of a setting that a configuration takes as it is.
func (s *settings) text(setting, path, otherwise string) string {
	value, set := s.get(setting)
	if !set {
		s.describe(setting, VariableDefault, path, "%s", otherwise)
		return otherwise
	}
	switch {
	case !utf8.ValidString(value):
		s.fail(setting, "save the file as UTF-8", "is no UTF-8 text")
	case strings.ContainsFunc(value, unicode.IsControl):
		s.fail(setting, "write it in one line", "holds a line break or another control character")
	case jinja.HasTemplate(value) || strings.Contains(value, "${"):
		s.fail(setting, "write the name itself", "holds {{, {%% or ${, which begin a template or a variable in a configuration")
	}
	if of := s.secretIn(value); of != "" {
		s.fail(setting, "give both their own value; a secret belongs into its variable alone", "holds the value of %s, which would stand in the configuration in clear", of)
		value = "***"
	}
	s.describe(setting, VariableUsed, path, "%s", value)
	return value
}

// secretIn names the variable whose secret a value shows: all of it, or in it, where the
// secret is too long to be there by accident.
func (s *settings) secretIn(value string) string {
	for _, setting := range []string{otoboPassword, hfAPIToken} {
		secret, set := s.get(setting)
		if set && (value == secret || len(secret) >= redact.Long && strings.Contains(value, secret)) {
			return s.values[setting].name
		}
	}
	return ""
}

// secret returns a reference to a setting that is set, else otherwise.
func (s *settings) secret(setting, path, otherwise string) string {
	if _, set := s.get(setting); !set {
		return otherwise
	}
	name := s.values[setting].name
	s.describe(setting, VariableUsed, path, "as ${%s}", name)
	s.variables[len(s.variables)-1].Secret = true
	return yamlText("${" + name + "}")
}

func (s *settings) password() string {
	const path = "services.help_desk.params.password"
	name := settingPrefix + otoboPassword
	if _, set := s.get(otoboPassword); set {
		return s.secret(otoboPassword, path, "")
	}
	if s.own {
		name = settingPrefix + "OTOBO_ZNUNY_PASSWORD"
		s.describe(otoboPassword, VariableDefault, path, "as ${%s}, which is set", name)
	} else {
		s.diags.Warn(Position{File: name}, "", "unset-variable", "write "+name+"=… into .env", "the agent's password is not set")
	}
	return yamlText("${" + name + "}")
}

func (s *settings) baseURL() string {
	value := s.text(otoboBaseURL, "services.help_desk.params.base_url", "http://localhost/otobo/nph-genericinterface.pl")
	if u, err := url.Parse(strings.TrimSpace(value)); err != nil || u.User != nil || u.RawQuery != "" {
		s.diags.ReportError(s.values[otoboBaseURL].at, "", "bad-setting", "write it as in https://desk.example.org/otobo/nph-genericinterface.pl",
			"%s is no address, or holds a login or a query", s.values[otoboBaseURL].name)
		s.variables[len(s.variables)-1].Message = "***"
	}
	return s.param(otoboBaseURL, value)
}

var noReference = lazyregexp.New(`^[\pL\pN._~:/ -]*$`)

// param is a value in a service's params, where one such as $NAME is refused as a
// mistake: then by reference, since what a variable holds is taken as it is.
func (s *settings) param(setting, value string) string {
	if !noReference.MatchString(value) {
		value = "${" + s.values[setting].name + "}"
	}
	return yamlText(value)
}

// levels are 2.0's, which are Python's, in otai's words.
var levels = map[string]string{"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "fatal"}

func (s *settings) level() string {
	const path = "infrastructure.logging.level"
	value, set := s.get(logLevel)
	level, known := levels[strings.ToUpper(value)]
	switch {
	case known:
		s.describe(logLevel, VariableUsed, path, "%s", level)
		return level
	case set:
		s.fail(logLevel, "write DEBUG, INFO, WARNING, ERROR or CRITICAL", "is no log level")
	}
	return "info"
}

// number returns a setting that is a number, and whether it is set.
func (s *settings) number(setting string, otherwise, most float64) (float64, bool) {
	value, set := s.get(setting)
	if !set {
		return otherwise, false
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(n >= 0 && n <= most) {
		s.fail(setting, "", "must be a number from 0 to %v", most)
		return otherwise, false
	}
	return n, true
}

func (s *settings) threshold() string {
	n, set := s.number(threshold, 0.8, 1)
	text := strconv.FormatFloat(n, 'f', -1, 64)
	status := VariableUsed
	if !set {
		status = VariableDefault
	}
	s.describe(threshold, status, stepPath(3, "expression"), "%s, of both models", text)
	return text
}

// shortestInterval is what a help desk bears all day, in seconds: each search holds
// one of its web server's workers. 2.0 polls ten times a second unless told
// otherwise.
const shortestInterval = 1

func (s *settings) interval() string {
	const path, calm = runnerPath + "on.params.interval", "PT5S"
	n, set := s.number(triggerInterval, 0, 86400)
	switch {
	case !set:
		s.describe(triggerInterval, VariableDefault, path, "%s", calm)
	case n < shortestInterval:
		s.describe(triggerInterval, VariableChanged, path, "%s, because a search every %v s burdens the help desk all day", calm, n)
	default:
		text := "PT" + strconv.FormatFloat(n, 'f', -1, 64) + "S"
		s.describe(triggerInterval, VariableUsed, path, "%s", text)
		return yamlText(text)
	}
	return yamlText(calm)
}

// fallbackPriority is an expression. 2.0's default, medium, is a priority of none of
// the servers: they refuse it, and the ticket keeps the one that it has.
func (s *settings) fallbackPriority() string {
	const keep = "get_pipe_result('ticket').priority.name"
	path := stepPath(5, "expression")
	value, set := s.get(fallbackPriority)
	switch {
	case !set:
		s.describe(fallbackPriority, VariableDefault, path, "an unsure ticket keeps its priority")
		return keep
	case value == "medium":
		s.describe(fallbackPriority, VariableChanged, path, "OTOBO and Znuny have no priority medium, and refuse it: an unsure ticket keeps its priority. Theirs are 1 very low, 2 low, 3 normal, 4 high, 5 very high")
		return keep
	}
	return jinjaText(s.text(fallbackPriority, path, ""))
}

// system refuses what the configuration can't be written for.
func (s *settings) system() {
	value, set := s.get(ticketSystemType)
	switch strings.ToLower(value) {
	case "", "otobo":
		if set {
			s.describe(ticketSystemType, VariableUsed, "services.help_desk.use", "%s", value)
		}
	case "znuny", "otrs":
		s.describe(ticketSystemType, VariableUsed, "services.help_desk.use", "%s, whose web service is that of OTOBO", value)
	case "zammad":
		s.fail(ticketSystemType, "stay with Open Ticket AI 2.0, or write the service: docs/plugin-development.md", "is zammad, and otai has no service for Zammad")
	default:
		s.fail(ticketSystemType, "write otobo, znuny or otrs", "is no ticket system of Open Ticket AI 2.0")
	}
}

// rest tells of all that is in no configuration.
func (s *settings) rest() {
	names := slices.Clone(carriedOver)
	for name := range withoutCounterpart {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, setting := range slices.Sorted(maps.Keys(s.values)) {
		if why, known := withoutCounterpart[setting]; known {
			s.describe(setting, VariableLeftOut, "", "%s", why)
			continue
		}
		if slices.Contains(carriedOver, setting) {
			if _, set := s.get(setting); !set && !slices.ContainsFunc(s.variables, func(v Variable) bool { return v.Name == s.values[setting].name }) {
				s.describe(setting, VariableLeftOut, "", "it is empty")
			}
			continue
		}
		message := "no setting of Open Ticket AI 2.0"
		if near := params.Near(setting, names); near != "" {
			message += ": did you mean " + settingPrefix + near + "?"
		}
		s.describe(setting, VariableUnknown, "", "%s", message)
	}
	if !slices.ContainsFunc(carriedOver, func(setting string) bool { return s.values[setting].value != "" }) {
		s.diags.ReportError(Position{}, "", "no-settings", "name the file with --env-file", "there is no setting of Open Ticket AI 2.0, such as OTAI_OTOBO_BASE_URL, in .env or in the environment")
	}
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
