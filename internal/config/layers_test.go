package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
)

const deskAndModel = `
infrastructure: {logging: {level: info, format: json}}
services:
  help-desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: {base_url: http://a, retries: 1, operation_urls: {get: x}}
  model:
    use: hf-local:HFClassificationService
orchestrator:
  params: {steps: [{id: a, use: base:CompositePipe}, {id: b, use: base:CompositePipe}]}
`

func TestALaterFileWinsByMergingMappingsAndReplacingLists(t *testing.T) {
	const second = `
otai:
  services:
    - {id: extra, use: base:JinjaRenderer}
    - {id: help-desk, params: {base_url: http://b}}
  orchestrator: {params: {steps: [{id: c, use: base:CompositePipe}], orchestrator_sleep: 1}}
`
	d := mustRead(t, config.Options{}, deskAndModel, second)
	var ids []string
	for _, s := range d.Services {
		ids = append(ids, s.ID)
	}
	if diff := cmp.Diff([]string{"help-desk", "model", "extra"}, ids); diff != "" {
		t.Error(diff)
	}
	want := map[string]any{"base_url": "http://b", "retries": int64(1), "operation_urls": map[string]any{"get": "x"}}
	if diff := cmp.Diff(want, d.Services[0].Params); diff != "" {
		t.Error(diff)
	}
	if d.Logging.Format != "json" {
		t.Errorf("logging %+v", d.Logging)
	}
	wantRoot := map[string]any{"use": "base:SimpleSequentialOrchestrator", "params": map[string]any{
		"orchestrator_sleep": int64(1), "steps": []any{map[string]any{"id": "c", "use": "base:CompositePipe"}},
	}}
	if diff := cmp.Diff(wantRoot, d.Orchestrator); diff != "" {
		t.Error(diff)
	}
	// What stands where, by the text that begins there.
	for path, want := range map[string]struct{ file, text string }{
		"services.help-desk.params.base_url":     {"2.yml", "http://b"},
		"services.help-desk.params.retries":      {"1.yml", "1, operation_urls"},
		"orchestrator.params.steps[0].id":        {"2.yml", "c, use"},
		"orchestrator.params.orchestrator_sleep": {"2.yml", "1}}"},
		// The second step of the first file is gone, so the list itself is nearest.
		"orchestrator.params.steps[1].id": {"2.yml", "[{id: c"},
	} {
		at := d.Locate(path)
		source := deskAndModel
		if want.file == "2.yml" {
			source = second
		}
		line := strings.Split(source, "\n")[at.Line-1]
		if at.File != want.file || !strings.HasPrefix(line[at.Column-1:], want.text) {
			t.Errorf("%s stands at %v", path, at)
		}
	}
}

func TestTheEnvironmentWinsOverDotEnvAndDotEnvOverFiles(t *testing.T) {
	level := func(dotEnv string, env ...string) string {
		o := config.Options{Env: env, DotEnv: []config.Source{{Name: ".env", Data: []byte(dotEnv)}}}
		return mustRead(t, o, deskAndModel).Logging.Level
	}
	const otai, openTicketAI, general = "OTAI__INFRASTRUCTURE__LOGGING__LEVEL=", "OPEN_TICKET_AI__INFRASTRUCTURE__LOGGING__LEVEL=", "CFG__INFRASTRUCTURE__LOGGING__LEVEL="
	for name, c := range map[string]struct{ want, got string }{
		"file":                      {"info", level("")},
		"dotenv":                    {"warn", level(otai + "warn")},
		"environment":               {"error", level(otai+"warn", otai+"error")},
		"short prefix":              {"error", level("", openTicketAI+"warn", otai+"error")},
		"long prefix over dotenv":   {"error", level(otai+"warn", openTicketAI+"error")},
		"general prefix":            {"error", level("", general+"error")},
		"general prefix in .env":    {"error", level(general + "error")},
		"general prefix is weakest": {"debug", level("", otai+"debug", general+"error")},
		"weaker than the long one":  {"debug", level("", openTicketAI+"debug", general+"error")},
		"general over dotenv":       {"error", level(otai+"warn", general+"error")},
		"a prefix in lower case":    {"debug", level("", "otai__infrastructure__logging__level=debug")},
		"an unrelated CFG variable": {"info", level("", "CFG_LEVEL=trace")},
		"the case does not matter":  {"debug", level("", "OTAI__infrastructure__LOGGING__Level=DEBUG")},
		"a whole mapping as JSON":   {"trace", level("", `OTAI__INFRASTRUCTURE__LOGGING={"level": "trace"}`)},
		"a value within a mapping":  {"fatal", level("", `OTAI__INFRASTRUCTURE__LOGGING={"level": "trace"}`, otai+"fatal")},
		"an unrelated variable":     {"info", level("", "OTAI_LEVEL=trace")},
		"dotenv of the same prefix": {"error", level(openTicketAI+"warn", openTicketAI+"error")},
	} {
		if c.got != c.want {
			t.Errorf("%s: level %s, want %s", name, c.got, c.want)
		}
	}
}

func TestVariablesReachServicesAndTheOrchestrator(t *testing.T) {
	d := mustRead(t, config.Options{Env: []string{
		"OTAI__SERVICES__HELP_DESK__PARAMS__RETRIES=7",
		"OTAI__SERVICES__HELP_DESK__PARAMS__PASSWORD=a${b}c",
		"OTAI__SERVICES__HELP_DESK__PARAMS__OPERATION_URLS={get: y, search: [1, on]}",
		"OTAI__SERVICES__MODEL__PARAMS__API_TOKEN={{ get_env('X') }}",
	}}, deskAndModel)
	want := map[string]any{
		"base_url": "http://a", "retries": "7", "password": "a${b}c",
		"operation_urls": map[string]any{"get": "y", "search": []any{int64(1), "on"}},
	}
	if diff := cmp.Diff(want, d.Services[0].Params); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"api_token": "{{ get_env('X') }}"}, d.Services[1].Params); diff != "" {
		t.Error(diff)
	}
	d = mustRead(t, config.Options{Env: []string{`OTAI__ORCHESTRATOR={"runners": [{"on": {"use": "base:IntervalTrigger", "params": {"interval": 1}}, "run": {"use": "base:CompositePipe"}}]}`}}, "plugins: []\n")
	wantRoot := map[string]any{"use": "base:SimpleSequentialOrchestrator", "params": map[string]any{"steps": []any{map[string]any{
		"use": "base:SimpleSequentialRunner", "params": map[string]any{"on": map[string]any{"use": "base:IntervalTrigger", "params": map[string]any{"interval": int64(1)}}, "run": map[string]any{"use": "base:CompositePipe"}},
	}}}}
	if diff := cmp.Diff(wantRoot, d.Orchestrator); diff != "" {
		t.Error(diff)
	}
}

func TestAMistakeInAVariableNamesTheVariable(t *testing.T) {
	d, diags := read(t, config.Options{Env: []string{
		"OTAI__INFRASTRUCTURE__LOGGING__LEVEL=loud",
		"OTAI__SERVICE=x",
		"OTAI__PLUGINS={a",
		"OTAI____X=1",
		"OTAI__ORCHESTRATOR__PARAMS__STEPS__0__ID=z",
		"OTAI__SERVICES__MODEL__USE=hf-local:Nothing",
		"OTAI__SERVICES__HELP_DESK__PARAMS__RETRIES=many",
		"CFG__SERVICES__HELP_DESK__PARAMS__BASE_URI=x",
		"CFG_SERVICES__HELP_DESK__PARAMS__TIMEOUT=5",
		"OTAI_SERVICES_HELP_DESK_PARAMS_TIMEOUT=5",
		"CFG_SERVICES_OF_ANOTHER_PROGRAM=5",
	}}, deskAndModel)
	diags = diags.And(check.Check(d, catalogtest.New()))
	var got []string
	for _, p := range diags {
		if p.Line != 0 {
			t.Errorf("%v has a line", p)
		}
		line, _, _ := strings.Cut(p.String(), " (")
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{
		`CFG_SERVICES__HELP_DESK__PARAMS__TIMEOUT: warning: this variable is not read: two underscores stand behind the prefix and between two keys`,
		`CFG__SERVICES__HELP_DESK__PARAMS__BASE_URI: services.help-desk.params.base_uri: unknown key "base_uri"`,
		`OTAI_SERVICES_HELP_DESK_PARAMS_TIMEOUT: warning: this variable is not read: two underscores stand behind the prefix and between two keys`,
		`OTAI__INFRASTRUCTURE__LOGGING__LEVEL: infrastructure.logging.level: "loud" is not possible here`,
		`OTAI__ORCHESTRATOR__PARAMS__STEPS__0__ID: orchestrator.params.steps: single values of a list can't be given by a variable`,
		`OTAI__PLUGINS: plugins: the value begins like a list or a mapping, and is neither`,
		`OTAI__SERVICE: service: unknown key "service"`,
		`OTAI__SERVICES__HELP_DESK__PARAMS__RETRIES: services.help-desk.params.retries: is "many" but must be a whole number`,
		`OTAI__SERVICES__MODEL__USE: services.model.use: no plugin offers "hf-local:Nothing"`,
		`OTAI____X: two underscores stand where a key is missing`,
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestABrokenDotEnvIsNamedWithItsLineAndNotShown(t *testing.T) {
	_, diags := read(t, config.Options{DotEnv: []config.Source{{Name: ".env", Data: []byte("A=1\n# note\nhunter2 hunter3\nB=2\n")}}}, smallest)
	if diff := cmp.Diff([]string{".env:3:1: this is not a .env file (write NAME=value, and quote a value with spaces)"}, lines(diags)); diff != "" {
		t.Error(diff)
	}
}

func TestLookupAnswersFromTheEnvironmentThenFromDotEnv(t *testing.T) {
	d := mustRead(t, config.Options{
		Env:    []string{"A=1", "EMPTY="},
		DotEnv: []config.Source{{Name: "a/.env", Data: []byte("A=2\nB=3\nEMPTY=4\n")}, {Name: ".env", Data: []byte("B=5\nC='x y'\n")}},
	}, smallest)
	for name, want := range map[string]string{"A": "1", "B": "3", "C": "x y", "EMPTY": ""} {
		if got, ok := d.Lookup(name); !ok || got != want {
			t.Errorf("%s is %q, %v; want %q", name, got, ok, want)
		}
	}
	if _, ok := d.Lookup("D"); ok {
		t.Error("D is set")
	}
}

func TestReferencesAreExpandedOnceInParamsOfServicesAndInfrastructureOnly(t *testing.T) {
	env := []string{"NAME=value", "EMPTY=", "NESTED=${NAME}", "LEVEL=debug"}
	for text, want := range map[string]string{
		"${NAME}":                  "value",
		"a ${NAME}${NAME} b":       "a valuevalue b",
		"${EMPTY}":                 "",
		"${EMPTY:-x}":              "x",
		"${UNSET:-}":               "",
		"${UNSET:-http://x:1/a b}": "http://x:1/a b",
		"${NESTED}":                "${NAME}",
		"$${NAME}":                 "${NAME}",
		"$$${NAME}":                "$${NAME}",
		"$NAME $ $$ ${ } ${1}":     "$NAME $ $$ ${ } ${1}",
		"${{ NAME }}":              "${{ NAME }}",
		"${{ ${NAME} }} ${NAME}":   "${{ ${NAME} }} value",
		"{{ get_env('${NAME}') }}": "{{ get_env('value') }}",
		"line\n${NAME}\n":          "line\nvalue\n",
		"${NAME:-unused}":          "value",
		"p$word${":                 "p$word${",
	} {
		file := "infrastructure: {logging: {level: '${LEVEL}'}}\nservices:\n  a:\n    use: x:${NAME}\n    params: {list: [{x: " + quote(text) + "}]}\n" +
			"orchestrator: {params: {steps: [], x: '${NAME}'}}\n"
		d := mustRead(t, config.Options{Env: env}, file)
		if got := d.Services[0].Params["list"].([]any)[0].(map[string]any)["x"]; got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
		if d.Services[0].Use != "x:${NAME}" || d.Orchestrator["params"].(map[string]any)["x"] != "${NAME}" || d.Logging.Level != "debug" {
			t.Errorf("expanded elsewhere: %+v %v %v", d.Services, d.Orchestrator, d.Logging)
		}
	}
}

func quote(text string) string {
	return `"` + strings.ReplaceAll(text, "\n", `\n`) + `"`
}

func TestSecretsAreLearnedFromKeysVariablesAndSecretFields(t *testing.T) {
	d := mustRead(t, config.Options{
		Env:    []string{"DESK_TOKEN=from-token", "HOST=plain-host", "OTAI__SERVICES__DESK__PARAMS__PASSWORD=from-layer", "MODEL_API_KEY=from-lookup"},
		DotEnv: []config.Source{{Name: ".env", Data: []byte("MY_SECRET=from-dotenv\n")}},
	}, `
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params:
      base_url: http://${HOST}/${DESK_TOKEN}
      operation_urls: {api-key: from-key, tokenizer: no-secret, short_token: abc, client_secret: "{{ template }}", x: "${MY_SECRET}"}
  password_store: {use: base:JinjaRenderer}
`+smallest)
	if diff := cmp.Diff([]string{"from-dotenv", "from-layer", "from-token", "from-key"}, d.Secrets()); diff != "" {
		t.Error(diff)
	}
	if _, ok := d.Lookup("MODEL_API_KEY"); !ok || !slices.Contains(d.Secrets(), "from-lookup") {
		t.Errorf("secrets %v", d.Secrets())
	}
}

func TestSecretsAreNotShownInDiagnostics(t *testing.T) {
	d, diags := read(t, config.Options{Env: []string{"X_TOKEN=hunter2"}}, `
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: {base_url: a, password: [hunter3], timeout: "${X_TOKEN}"}
`+smallest)
	text := diags.And(check.Check(d, catalogtest.New())).Error()
	if strings.Contains(text, "hunter") || !strings.Contains(text, "timeout") || !strings.Contains(text, "password") {
		t.Error(text)
	}
}

func TestWhatAVariableHoldsIsNoTemplate(t *testing.T) {
	for _, value := range []string{`a{{b`, `{{ 1 + 1 }}`, `a'{%b\n`, `{#xy`, "a\n{{b", `{{ '`} {
		d, diags := config.Read(config.Options{
			Files: []config.Source{{Name: "c.yml", Data: []byte("services: {d: {use: otobo-znuny:OTOBOZnunyTicketSystemService, params: {base_url: http://x, password: \"<${PW}>\"}}}\norchestrator: {params: {steps: []}}\n")}},
			Env:   []string{"PW=" + value},
		})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if diags := check.Check(d, catalogtest.New()); len(diags) > 0 {
			t.Errorf("%q: %v", value, diags)
		}
		parsed, err := jinja.New(jinja.Options{}).Parse(d.Services[0].Params["password"].(string))
		if err != nil {
			t.Fatal(err)
		}
		rendered, err := parsed.Render(t.Context(), api.Scope{})
		if err != nil || rendered.Text != "<"+value+">" {
			t.Errorf("%q arrives as %q: %v", value, rendered.Text, err)
		}
		if !slices.Contains(d.Secrets(), value) {
			t.Errorf("%q is not known as a secret: %q", value, d.Secrets())
		}
	}
}

func TestASecretInTheEnvironmentIsAlwaysText(t *testing.T) {
	for _, value := range []string{`[abcd`, `[abcd]`, `{"a": 1}`, `0123`, `true`, `null`, `1e5`, ` spaced `} {
		d := mustRead(t, config.Options{Env: []string{"OTAI__SERVICES__HELP_DESK__PARAMS__PASSWORD=" + value}}, deskAndModel)
		if got := d.Services[0].Params["password"]; got != value {
			t.Errorf("%q arrives as %#v", value, got)
		}
	}
}

func TestDotEnvIsReadAsPeopleWriteIt(t *testing.T) {
	const text = "\ufeff# comment\nexport A=\"x y\" # rest\r\nB='a#b $HOME \"q\"'\nC=plain value # c\nD=\nE=\"one\ntwo\"\nF=abc$DEF\nG=\"x$1y$$Z$\"\nH=\"a\\$B\"\nI=${C}!\n\n J = j \nK=a=b\n"
	d := mustRead(t, config.Options{DotEnv: []config.Source{{Name: ".env", Data: []byte(text)}}}, deskAndModel)
	for name, want := range map[string]string{
		"A": "x y", "B": `a#b $HOME "q"`, "C": "plain value", "D": "", "E": "one\ntwo", "F": "abc$DEF", "G": "x$1y$$Z$", "H": "a$B", "I": "plain value!", "J": "j", "K": "a=b",
	} {
		if got, ok := d.Lookup(name); !ok || got != want {
			t.Errorf("%s is %q, %v", name, got, ok)
		}
	}
}

func TestOfABrokenDotEnvTheValuesAboveTheMistakeCountAndNothingElseIsReported(t *testing.T) {
	const config1 = "services: {d: {use: otobo-znuny:OTOBOZnunyTicketSystemService, params: {base_url: \"${ABOVE}\", password: \"${BELOW}\"}}}\norchestrator: {params: {steps: []}}\n"
	d, diags := config.Read(config.Options{
		Files:  []config.Source{{Name: "c.yml", Data: []byte(config1)}},
		DotEnv: []config.Source{{Name: ".env", Data: []byte("ABOVE=\"http://x\ny\"\nmy password\nBELOW=1\n")}},
	})
	if len(diags) != 1 || diags[0].Code != "bad-dotenv" || diags[0].Line != 3 {
		t.Errorf("problems: %v", diags)
	}
	if got := d.Services[0].Params["base_url"]; got != "http://x\ny" {
		t.Errorf("base_url is %q", got)
	}
}
