package fromenv_test

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/fromenv"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func fromEnv(dotEnv string, env ...string) (string, []fromenv.Variable, config.Diagnostics) {
	text, told, diags := fromenv.Write(config.Options{Env: env, DotEnv: []config.Source{{Name: ".env", Data: []byte(dotEnv)}}})
	return string(text), told, diags
}

const someSettings = "OTAI_OTOBO_PASSWORD=secret-in-dotenv\n"

func TestSettingsOfOpenTicketAI2BecomeOneConfiguration(t *testing.T) {
	for name, c := range map[string]struct {
		dotEnv string
		env    []string
		want   string
	}{
		"the defaults are those of 2.0":                {"", nil, `base_url: "http://localhost/otobo/nph-genericinterface.pl"`},
		"its queue":                                    {"", nil, `queue: { name: "OpenTicketAI::Incoming" }`},
		"its models":                                   {"", nil, `model_name: "softoft/otai-priority-de-bert-v1"`},
		"its threshold":                                {"", nil, `'confidence') >= 0.8 else 'OpenTicketAI::Unclassified' }}`},
		"without a fallback the priority stays":        {"", nil, `>= 0.8 else get_pipe_result('ticket').priority.name }}`},
		"a calm interval":                              {"", nil, `interval: "PT5S"`},
		"an interval of a second and more is taken":    {"OTAI_TRIGGER_INTERVAL=1.5", nil, `interval: "PT1.5S"`},
		"one below is not":                             {"OTAI_TRIGGER_INTERVAL=0.5", nil, `interval: "PT5S"`},
		"a threshold":                                  {"OTAI_CLASSIFICATION_CONFIDENCE_THRESHOLD=0.55", nil, `>= 0.55 else`},
		"a priority of the help desk":                  {"OTAI_FALLBACK_PRIORITY='3 normal'", nil, `else '3 normal' }}`},
		"quotes in a name stay text":                   {`OTAI_FALLBACK_QUEUE="O'Brien"`, nil, `else 'O\\'Brien' }}`},
		"Python's level":                               {"OTAI_LOG_LEVEL=WARNING", nil, `level: warn`},
		"the environment wins":                         {"OTAI_QUEUE_MODEL=a", []string{"OTAI_QUEUE_MODEL=b"}, `model_name: "b"`},
		"the case of a name does not matter":           {"otai_queue_model=a", nil, `model_name: "a"`},
		"an empty one counts as not set":               {"OTAI_QUEUE_MODEL=", nil, `model_name: "softoft/otai-queue-de-bert-v1"`},
		"the password is named":                        {"", nil, `password: "${OTAI_OTOBO_PASSWORD}"`},
		"the token, too":                               {"OTAI_HF_API_TOKEN=hf_secret", nil, `api_token: "${OTAI_HF_API_TOKEN}"`},
		"the login is one of 2.0's secrets":            {"OTAI_OTOBO_USERNAME=agent", nil, `username: "${OTAI_OTOBO_USERNAME}"`},
		"a lookalike of a reference is referred to":    {"OTAI_OTOBO_WEBSERVICE_NAME='$NAME'", nil, `webservice_name: "${OTAI_OTOBO_WEBSERVICE_NAME}"`},
		"without a login the service has its own":      {"", nil, "base_url: \"http://localhost/otobo/nph-genericinterface.pl\"\n        password:"},
		"closed, merged and locked tickets stay alone": {"", nil, "fields: { StateType: [new, open], Locks: [unlock] }"},
	} {
		t.Run(name, func(t *testing.T) {
			text, _, diags := fromEnv(someSettings+c.dotEnv, c.env...)
			if len(diags) > 0 || !strings.Contains(text, c.want) {
				t.Errorf("%v: %s is not in\n%s", diags, c.want, text)
			}
			for _, secret := range []string{"secret-in-dotenv", "hf_secret"} {
				if strings.Contains(text, secret) {
					t.Errorf("the secret %s is in\n%s", secret, text)
				}
			}
			o := config.Options{
				Env: c.env, DotEnv: []config.Source{{Name: ".env", Data: []byte(someSettings + c.dotEnv)}},
				Files: []config.Source{{Name: "config.yml", Data: []byte(text)}},
			}
			if _, diags := config.Read(o); len(diags) > 0 {
				t.Errorf("reading it: %v", diags)
			}
		})
	}
}

func TestASettingThatCantBeCarriedOverIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ setting, want string }{
		"another ticket system":   {"OTAI_TICKET_SYSTEM_TYPE=zammad", "otai has no service for Zammad"},
		"an unknown one":          {"OTAI_TICKET_SYSTEM_TYPE=jira", "is not a ticket system of Open Ticket AI 2.0"},
		"a login in the address":  {"OTAI_OTOBO_BASE_URL=https://a:hidden-pw@b/", "contains a login"},
		"a threshold in percent":  {"OTAI_CLASSIFICATION_CONFIDENCE_THRESHOLD=80", "must be a number from 0 to 1"},
		"no number":               {"OTAI_TRIGGER_INTERVAL=soon", "must be a number"},
		"not a number":            {"OTAI_CLASSIFICATION_CONFIDENCE_THRESHOLD=NaN", "must be a number"},
		"no level":                {"OTAI_LOG_LEVEL=loud", "is not a log level"},
		"a template":              {"OTAI_INCOMING_QUEUE='{{ x }}'", "begin a template"},
		"a password elsewhere":    {"OTAI_FALLBACK_QUEUE=hidden-pw\nOTAI_OTOBO_PASSWORD=hidden-pw", "contains the value of OTAI_OTOBO_PASSWORD"},
		"a token in an address":   {"OTAI_OTOBO_BASE_URL=https://b/hidden-pw/\nOTAI_HF_API_TOKEN=hidden-pw", "contains the value of OTAI_HF_API_TOKEN"},
		"a line break in a queue": {`OTAI_INCOMING_QUEUE="a\nb"`, "control character"},
	} {
		t.Run(name, func(t *testing.T) {
			text, told, diags := fromEnv(someSettings + c.setting)
			if text != "" || !diags.HasErrors() || !strings.HasPrefix(diags.Error(), ".env:2:1: OTAI_") || !strings.Contains(diags.Error(), c.want) {
				t.Errorf("problems %v, text %q", diags, text)
			}
			for _, v := range told {
				if strings.Contains(v.Message, "hidden-pw") {
					t.Errorf("%v shows a password", v)
				}
			}
		})
	}
	if _, _, diags := fromEnv(someSettings + "OTAI_OTOBO_PASSWORD=a\n"); diags.HasErrors() {
		t.Errorf("a short password stands in a name by accident: %v", diags)
	}
	if _, _, diags := fromEnv("OTHER=1"); !diags.HasErrors() {
		t.Error("variables of another program become a configuration")
	}
}

func TestZnunyAndOTRSAreWhatOTOBOIs(t *testing.T) {
	want, _, _ := fromEnv(someSettings + "OTAI_TICKET_SYSTEM_TYPE=otobo")
	for _, system := range []string{"znuny", "Znuny", "otrs"} {
		if text, _, diags := fromEnv(someSettings + "OTAI_TICKET_SYSTEM_TYPE=" + system); diags.HasErrors() || text == "" || text != want {
			t.Errorf("%s: %v", system, diags)
		}
	}
}

func TestEveryVariableIsAccountedFor(t *testing.T) {
	_, told, diags := fromEnv("OTAI_API_HOST=0.0.0.0\nOTAI_FALBACK_QUEUE=x\nOTAI_ORCHESTRATOR_SLEEP=0.01\nOTAI_QUEUE_MODEL=\n",
		"OTAI_TRIGGER_INTERVAL=0.1", "OTAI_FALLBACK_PRIORITY=medium", "OTAI_PLUGIN_DIR=/p", "OTAI__SERVICES__X__USE=y", "HOME=/x")
	want := map[string]string{
		"OTAI_API_HOST": fromenv.LeftOut, "OTAI_ORCHESTRATOR_SLEEP": fromenv.LeftOut,
		"OTAI_FALBACK_QUEUE": fromenv.Unknown, "OTAI_QUEUE_MODEL": fromenv.Default,
		"OTAI_TRIGGER_INTERVAL": fromenv.Changed, "OTAI_FALLBACK_PRIORITY": fromenv.Changed,
	}
	seen := map[string]string{}
	for _, v := range told {
		if _, twice := seen[v.Name]; twice {
			t.Errorf("%s is reported twice", v.Name)
		}
		seen[v.Name] = v.Status
	}
	for name, status := range want {
		if seen[name] != status {
			t.Errorf("%s is %q, want %q", name, seen[name], status)
		}
	}
	for _, own := range []string{"OTAI_PLUGIN_DIR", "OTAI__SERVICES__X__USE", "HOME"} {
		if seen[own] != "" {
			t.Errorf("%s, which is not a setting of 2.0, is %s", own, seen[own])
		}
	}
	if len(diags) != 1 || diags[0].Severity != config.SeverityWarning || diags[0].File != "OTAI_OTOBO_PASSWORD" {
		t.Errorf("a password that is not set is %v", diags)
	}
}

// FuzzSettings checks that whatever a setting is, it is refused or stands in the
// configuration as it was given.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{"IT::VPN", "O'Brien", `a\b"c`, "{{ x }}", "${HOME}", "$${", "a\x00b", "\u2028", "- x: y", "é%", "<<.Level>>", " x ", "\xff", "a\u00a0b", "\u201cx\u201d", "$NAME", "%NAME%", "a\u200bb", "\ufeffx"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		env := []string{"OTAI_OTOBO_PASSWORD=p", "OTAI_INCOMING_QUEUE=" + value, "OTAI_FALLBACK_QUEUE=" + value, "OTAI_QUEUE_MODEL=" + value, "OTAI_OTOBO_WEBSERVICE_NAME=" + value}
		text, _, diags := fromEnv("", env...)
		if diags.HasErrors() {
			if text != "" {
				t.Errorf("%v, and yet a text", diags)
			}
			return
		}
		d, diags := config.Read(config.Options{Env: env, Files: []config.Source{{Name: "config.yml", Data: []byte(text)}}})
		if len(diags) > 0 {
			t.Fatalf("%q: %v", value, diags)
		}
		steps := d.Orchestrator["params"].(map[string]any)["steps"].([]any)[0].(map[string]any)["params"].(map[string]any)["run"].(map[string]any)["params"].(map[string]any)["steps"].([]any)
		params := func(i int) map[string]any { return steps[i].(map[string]any)["params"].(map[string]any) }
		if value == "" { // counts as not set
			return
		}
		if got := d.Services[0].Params["webservice_name"]; got != value {
			t.Errorf("the web service %q becomes %q", value, got)
		}
		if got := params(0)["ticket_search_criteria"].(map[string]any)["queue"].(map[string]any)["name"]; got != value {
			t.Errorf("the queue %q becomes %q", value, got)
		}
		expression, err := jinja.New(jinja.Options{}).Parse(params(3)["expression"].(string))
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		unsure := api.Success(map[string]any{"label": "x", "confidence": 0.1})
		got, err := expression.Render(t.Context(), api.Scope{}.WithResult("queue_classify", unsure))
		if err != nil || got.Text != value {
			t.Errorf("the fallback %q becomes %q, %v", value, got.Text, err)
		}
	})
}
