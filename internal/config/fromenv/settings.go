package fromenv

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/internal/redact"
)

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
var otaisOwn = lazyregexp.New(`^OTAI_(_.*|CONFIG|CONFIG_DIR|PLUGIN_DIR|STATE_DIR|PROBE_TIMEOUT|TRUST_GROUP|DATABASE_URL|SIGN_PASSWORD|HF_ISA|ONNXRUNTIME|OTOBO_ZNUNY_PASSWORD|DEMO_URL|DEMO_PASSWORD|DEMO_MODELS)$`)

// HasSettings reports whether variables hold a setting by which Open Ticket AI 2.0
// is distinguished from other programs. Its log level alone is not.
func HasSettings(o config.Options) bool {
	environment, dotEnv := config.Environment(o, &config.Reporter{})
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

// settings are what Open Ticket AI 2.0 would read.
type settings struct {
	diags     *config.Reporter
	values    map[string]given // by name without the prefix
	own       bool             // OTAI_OTOBO_ZNUNY_PASSWORD is set
	variables []Variable
}

// given is a variable that is set.
type given struct {
	name, value string
	at          config.Position
}

func (g given) from() string {
	if g.at.Line == 0 {
		return FromProcess
	}
	return fmt.Sprintf("%s:%d", g.at.File, g.at.Line)
}

func readSettings(o config.Options, diags *config.Reporter) *settings {
	environment, dotEnv := config.Environment(o, diags)
	s := &settings{diags: diags, values: map[string]given{}}
	for _, set := range []map[string]string{dotEnv, environment} { // the environment wins
		for _, name := range slices.Sorted(maps.Keys(set)) {
			setting, ok := settingName(name)
			s.own = s.own || name == settingPrefix+"OTOBO_ZNUNY_PASSWORD" && set[name] != ""
			if !ok {
				continue
			}
			g := given{name: name, value: set[name], at: config.Position{File: name}}
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
func dotEnvPosition(files []config.Source, name string) config.Position {
	line := lazyregexp.New(`^\s*(?:export\s+)?` + regexp.QuoteMeta(name) + `\s*[=:]`)
	for _, s := range files {
		at := config.Position{}
		for i, text := range source.Lines(s.Data) {
			if line.MatchString(text) {
				at = config.Position{File: s.Name, Line: i + 1, Column: 1}
			}
		}
		if at.Line > 0 {
			return at
		}
	}
	return config.Position{File: name}
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
	s.diags.ReportError(g.at, nil, "bad-setting", hint, "%s %s", g.name, fmt.Sprintf(format, args...))
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
		s.describe(setting, Default, path, "%s", otherwise)
		return otherwise
	}
	switch {
	case !utf8.ValidString(value):
		s.fail(setting, "save the file as UTF-8", "is not UTF-8 text")
	case strings.ContainsFunc(value, unicode.IsControl):
		s.fail(setting, "write it in one line", "contains a line break or another control character")
	case jinja.HasTemplate(value) || strings.Contains(value, "${"):
		s.fail(setting, "write the name itself", "contains {{, {%% or ${, which begin a template or a variable in a configuration")
	}
	if of := s.secretIn(value); of != "" {
		s.fail(setting, "give both their own value; a secret belongs in its variable alone", "contains the value of %s, which would stand in the configuration in clear", of)
		value = "***"
	}
	s.describe(setting, Used, path, "%s", value)
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
	s.describe(setting, Used, path, "as ${%s}", name)
	s.variables[len(s.variables)-1].Secret = true
	return yamlText("${" + name + "}")
}
