package main_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// planted are secrets, by the place that they come from. Each has letters that
// JSON, addresses and Go write in another way.
var planted = map[string]string{
	"the configuration":          `conf"Läk<1>&%/x`,
	"a .env file":                `dotenv"Läk<2>&%/x`,
	"an environment variable":    `env"Läk<3>&%/x`,
	"a layer of the environment": `layer"Läk<4>&%/x`,
	"a number":                   `7351942680`,
	"a template in a service":    `TEMPLATE"LÄK<5>&%/X`,
	"a template in a pipe":       `pre-pipe"Läk<6>&%/x-post`,
	"a key that no one knows":    `unknown"Läk<7>&%/x`,
	"a secret in a list":         `list"Läk<8>&%/x`,
}

const leaky = `
infrastructure:
  logging: { level: debug, log_to_file: true, log_file_path: LOGFILE }
services:
  first:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", username: "äöü", password: CONF }
  second:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", password: "${DOTENV_PASSWORD}" }
  third:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", password: "{{ get_env('ENV_TOKEN') }}" }
  fourth:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", password: "{{ get_env('TEMPLATE_WORD') | upper }}" }
  fifth:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}" }
  sixth:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", username: "äöü", password: CONF, use_session: true }
  models:
    use: hf-local:HFClassificationService
    params: { api_token: 7351942680 }
orchestrator:
  params:
    exception_sleep: PT0.01S
    steps: [STEPS]
`

const leakyStep = `
      - use: base:CompositePipe
        params:
          client_secret: UNKNOWN
          api_keys: [LIST]
          steps:
            - use: base:ExpressionPipe
              params: { expression: "{{ get_parent_param('client_secret') }} {{ get_env('ENV_TOKEN') }}" }
            - id: fetch
              use: base:FetchTicketsPipe
              injects: { ticket_system: NAME }
              params: { ticket_search_criteria: { queue: { name: Incoming } } }
            - use: base:AddNotePipe
              injects: { ticket_system: NAME }
              params: { ticket_id: "{{ get_pipe_result('fetch', 'fetched_tickets')[0].id }}", note: { subject: a, body: "{{ get_env('ENV_TOKEN') }}" } }
            - use: base:ClassificationPipe
              injects: { classification_service: models }
              params: { text: "{{ get_env('DOTENV_PASSWORD') }}", model_name: "{{ get_env('ENV_TOKEN') }}", api_token: "{{ 'pre-' ~ get_env('PIPE_WORD') ~ '-post' }}" }
`

// TestSecretsAreShownNowhere runs a configuration with secrets in every place, at
// the lowest levels of logging, against a help desk that works and against one that
// sends back what it was sent, and looks through all that otai says.
func TestSecretsAreShownNowhere(t *testing.T) {
	t.Parallel()
	server := helpdesk.New(helpdesk.Options{Password: planted["the configuration"], Login: "äöü"})
	server.AddQueue("Incoming")
	var sessions sessionIDs
	server.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: "my password is " + planted["the configuration"], Body: planted["a .env file"], From: "a@example.com"})
	desk := httptest.NewServer(sessions.watch(server.Handler()))
	defer desk.Close()
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Echo", base64.StdEncoding.EncodeToString(body))
		w.WriteHeader(http.StatusInternalServerError)
		json.NewEncoder(w).Encode(map[string]any{"Error": map[string]any{"ErrorCode": "x", "ErrorMessage": "you sent " + string(body) + r.URL.String()}})
	}))
	defer echo.Close()

	dir := t.TempDir()
	logFile := filepath.Join(dir, "otai.log")
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	filled := func(text string, services ...string) string {
		var steps strings.Builder
		for _, name := range services {
			steps.WriteString(strings.ReplaceAll(leakyStep, "NAME", name))
		}
		text = strings.Replace(text, "[STEPS]", steps.String(), 1)
		return strings.NewReplacer(
			"LOGFILE", logFile, "CONF", strconv.Quote(planted["the configuration"]),
			"UNKNOWN", strconv.Quote(planted["a key that no one knows"]), "[LIST]", "["+strconv.Quote(planted["a secret in a list"])+"]",
		).Replace(text)
	}
	file := write("config.yml", filled(leaky, "first", "second", "third", "fourth", "fifth", "sixth"))
	short := write("short.yml", filled(leaky, "first")) // where each try takes seconds
	broken := write("broken.yml", filled(strings.NewReplacer(
		"username:", "usernam:", "api_token: 7351942680", "api_token: [7351942680]", "exception_sleep: PT0.01S", "exception_sleep: \"${ENV_TOKEN}\"",
		"password: \"{{ get_env('ENV", "password: \"{{ '"+`env\"Läk`+"' | nothing(get_env('ENV",
	).Replace(leaky), "first"))
	noYAML := write("noyaml.yml", strings.Replace(filled(leaky, "first"), "password: ", "password: ] ", 1))
	write(".env", "DOTENV_PASSWORD='"+planted["a .env file"]+"'\nPIPE_WORD='"+`pipe"Läk<6>&%/x`+"'\n")

	env := append(environment(t),
		"ENV_TOKEN="+planted["an environment variable"],
		"TEMPLATE_WORD="+strings.ToLower(planted["a template in a service"]),
		"OTAI__SERVICES__FIFTH__PARAMS__PASSWORD="+planted["a layer of the environment"],
	)
	var said buffer
	run := func(env []string, args ...string) {
		cmd := newCommand(product.otai, args...)
		cmd.Env, cmd.Dir = env, dir
		out, err := cmd.CombinedOutput()
		if len(out) == 0 {
			t.Errorf("%v said nothing: %v", args, err)
		}
		fmt.Fprintf(&said, "$ otai %s\n%s", strings.Join(args, " "), out)
	}
	var all sync.WaitGroup
	for address, file := range map[string]string{desk.URL: file, echo.URL: short, "http://127.0.0.1:1": short} {
		for _, flags := range [][]string{nil, {"--log-level", "trace", "--log-format", "console"}} {
			all.Go(func() {
				run(append(env[:len(env):len(env)], "OTOBO_URL="+address+"/otobo/nph-genericinterface.pl"), append([]string{"run", "--once", "-c", file}, flags...)...)
			})
		}
	}
	for _, form := range []string{"--json", "--json=false"} {
		all.Go(func() {
			run(append(env[:len(env):len(env)], "OTOBO_URL="+echo.URL+"/otobo/nph-genericinterface.pl"), "doctor", form, "-c", short)
		})
	}
	all.Wait()
	env = append(env, "OTOBO_URL="+desk.URL+"/otobo/nph-genericinterface.pl")
	run(env, "run", "--once", "--dry-run", "--log-level", "trace", "-c", file)
	for _, f := range []string{file, broken, noYAML} {
		run(env, "validate", "-c", f)
		run(env, "validate", "--json", "-c", f)
		run(env, "run", "--once", "-c", f)
		run(env, "plugin", "list", "--json", "-c", f)
		run(env, "schema", "-c", f)
		run(env, "doctor", "-c", f)
		run(env, "doctor", "--json", "-c", f)
	}
	logged, err := os.ReadFile(logFile)
	if err != nil || len(logged) == 0 {
		t.Errorf("%d bytes in the log file: %v", len(logged), err)
	}
	if _, err := said.Write(logged); err != nil {
		t.Fatal(err)
	}
	text := said.String()
	secrets := maps.Clone(planted)
	for i, id := range sessions.all() {
		secrets[fmt.Sprintf("session %d", i)] = id
	}
	if len(secrets) == len(planted) {
		t.Error("no session was begun")
	}
	for from, secret := range secrets {
		for form, written := range map[string]string{
			"as it is": secret, "as JSON": jsonText(secret), "as Go quotes it": strings.Trim(strconv.Quote(secret), `"`),
			"in an address": url.QueryEscape(secret), "in base64": base64.StdEncoding.EncodeToString([]byte(secret)),
		} {
			if i := strings.Index(text, written); i >= 0 {
				t.Errorf("the secret of %s is shown %s:\n…%s…", from, form, text[max(0, i-300):min(len(text), i+100)])
			}
		}
	}
	for _, sign := range []string{`"level":"debug"`, "***", "first", "unknown-key"} {
		if !strings.Contains(text, sign) {
			t.Errorf("nothing says %q: was anything logged?\n%s", sign, text[:min(len(text), 3000)])
		}
	}
}

// sessionIDs are those that a help desk handed out.
type sessionIDs struct {
	mu  sync.Mutex
	ids []string
}

func (s *sessionIDs) watch(desk http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The web service that Open Ticket AI delivers has no such route, the one beside it has.
		r.URL.Path = strings.Replace(r.URL.Path, "OpenTicketAI/session-create", "OpenTicketAIExtra/Session", 1)
		answer := httptest.NewRecorder()
		desk.ServeHTTP(answer, r)
		var begun struct{ SessionID string }
		if json.Unmarshal(answer.Body.Bytes(), &begun) == nil && begun.SessionID != "" {
			s.mu.Lock()
			s.ids = append(s.ids, begun.SessionID)
			s.mu.Unlock()
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func (s *sessionIDs) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ids)
}

func jsonText(s string) string {
	text, _ := json.Marshal(s)
	return strings.Trim(string(text), `"`)
}
