package fromenv

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func (s *settings) password() string {
	const path = "services.help_desk.params.password"
	name := settingPrefix + otoboPassword
	if _, set := s.get(otoboPassword); set {
		return s.secret(otoboPassword, path, "")
	}
	if s.own {
		name = settingPrefix + "OTOBO_ZNUNY_PASSWORD"
		s.describe(otoboPassword, Default, path, "as ${%s}, which is set", name)
	} else {
		s.diags.Warn(config.Position{File: name}, nil, "unset-variable", "write "+name+"=… into .env", "the agent's password is not set")
	}
	return yamlText("${" + name + "}")
}

func (s *settings) baseURL() string {
	value := s.text(otoboBaseURL, "services.help_desk.params.base_url", "http://localhost/otobo/nph-genericinterface.pl")
	if u, err := url.Parse(strings.TrimSpace(value)); err != nil || u.User != nil || u.RawQuery != "" {
		s.diags.ReportError(s.values[otoboBaseURL].at, nil, "bad-setting", "write it as in https://desk.example.org/otobo/nph-genericinterface.pl",
			"%s is not an address, or contains a login or a query", s.values[otoboBaseURL].name)
		s.variables[len(s.variables)-1].Message = "***"
	}
	return s.param(otoboBaseURL, value)
}

var noReference = lazyregexp.New(`^[\pL\pN._~:/ -]*$`)

// param is a value in a service's params, where one such as $NAME is refused as a
// mistake: then by reference, since what a variable has is taken as it is.
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
		s.describe(logLevel, Used, path, "%s", level)
		return level
	case set:
		s.fail(logLevel, "write DEBUG, INFO, WARNING, ERROR or CRITICAL", "is not a log level")
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
	status := Used
	if !set {
		status = Default
	}
	s.describe(threshold, status, stepPath(3, "expression"), "%s, of both models", text)
	return text
}

// shortestInterval is what a help desk bears all day, in seconds: each search holds
// one of its web server's workers. 2.0 polls ten times a second unless its
// .env says otherwise.
const shortestInterval = 1

func (s *settings) interval() string {
	const path, calm = runnerPath + "on.params.interval", "PT5S"
	n, set := s.number(triggerInterval, 0, 86400)
	switch {
	case !set:
		s.describe(triggerInterval, Default, path, "%s", calm)
	case n < shortestInterval:
		s.describe(triggerInterval, Changed, path, "%s, because a search every %v s burdens the help desk all day", calm, n)
	default:
		text := "PT" + strconv.FormatFloat(n, 'f', -1, 64) + "S"
		s.describe(triggerInterval, Used, path, "%s", text)
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
		s.describe(fallbackPriority, Default, path, "an unsure ticket keeps its priority")
		return keep
	case value == "medium":
		s.describe(fallbackPriority, Changed, path, "OTOBO and Znuny have no priority medium, and refuse it: an unsure ticket keeps its priority. Theirs are 1 very low, 2 low, 3 normal, 4 high, 5 very high")
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
			s.describe(ticketSystemType, Used, "services.help_desk.use", "%s", value)
		}
	case "znuny", "otrs":
		s.describe(ticketSystemType, Used, "services.help_desk.use", "%s, whose web service is that of OTOBO", value)
	case "zammad":
		s.fail(ticketSystemType, "stay with Open Ticket AI 2.0, or write the service: docs/plugin-development.md", "is zammad, and otai has no service for Zammad")
	default:
		s.fail(ticketSystemType, "write otobo, znuny or otrs", "is not a ticket system of Open Ticket AI 2.0")
	}
}

// rest describes all that is in no configuration.
func (s *settings) rest() {
	names := slices.Clone(carriedOver)
	for name := range withoutCounterpart {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, setting := range slices.Sorted(maps.Keys(s.values)) {
		if why, known := withoutCounterpart[setting]; known {
			s.describe(setting, LeftOut, "", "%s", why)
			continue
		}
		if slices.Contains(carriedOver, setting) {
			if _, set := s.get(setting); !set && !slices.ContainsFunc(s.variables, func(v Variable) bool { return v.Name == s.values[setting].name }) {
				s.describe(setting, LeftOut, "", "it is empty")
			}
			continue
		}
		message := "no setting of Open Ticket AI 2.0"
		if near := params.Near(setting, names); near != "" {
			message += ": did you mean " + settingPrefix + near + "?"
		}
		s.describe(setting, Unknown, "", "%s", message)
	}
	if !slices.ContainsFunc(carriedOver, func(setting string) bool { return s.values[setting].value != "" }) {
		s.diags.ReportError(config.Position{}, nil, "no-settings", "name the file with --env-file", "there is no setting of Open Ticket AI 2.0, such as OTAI_OTOBO_BASE_URL, in .env or in the environment")
	}
}
