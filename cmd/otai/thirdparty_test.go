package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeModule writes a plugin into a module of its own, as its author would have
// it: the contract required at v1.0.0 and replaced by a checkout. That is a copy, whose path is in
// what is built: so the same sources make the same file wherever these tests are.
func writeModule(t *testing.T, name, source string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"go.mod": "module example.com/" + name + "\n\ngo 1.25.0\n\n" +
			"require github.com/open-ticket-ai/otai/pkg/api v1.0.0\n\n" +
			"replace github.com/open-ticket-ai/otai/pkg/api => ./api\n",
		"main.go": source,
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(dir, "api"), os.DirFS(filepath.Join(product.root, "pkg", "api"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The plain command that the documentation shows.
var (
	plainPlugin    = []string{"-trimpath", "-buildmode=plugin"}
	plainPluginEnv = []string{"GOFLAGS=-mod=mod", "GOPROXY=off"}
)

func buildPlugin(t *testing.T, module, so string) {
	t.Helper()
	if err := keptAt(so, 0o644, module, plainPluginEnv, plainPlugin...); err != nil {
		t.Fatal(err)
	}
}

const wordsPlugin = `package main

import (
	"context"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-words", Version: "0.1.0", API: "CONSTRAINT", Description: "Finds words."},
		api.NewService("WordClassifier", "Labels a text by the words in it.", newWords),
		api.NewPipeFunc("ShoutPipe", "Yields a text in capitals.", shout),
	)
}

type wordsParams struct {
	Labels map[string]string ` + "`otai:\"labels,required\" doc:\"Word to label.\"`" + `
}

type words struct{ labels map[string]string }

func newWords(p wordsParams, _ api.Host) (*words, error) { return &words{p.Labels}, nil }

func (w *words) Classify(_ context.Context, r api.ClassificationRequest) (api.Classification, error) {
	for word, label := range w.labels {
		if strings.Contains(r.Text, word) {
			return api.Classification{Label: label, Confidence: 1}, nil
		}
	}
	return api.Classification{Label: "Unclassified"}, nil
}

type shoutParams struct {
	Text string ` + "`otai:\"text,required\"`" + `
}

func shout(_ context.Context, p shoutParams, _ api.Scope) (api.PipeResult, error) {
	return api.Success(map[string]any{"value": strings.ToUpper(p.Text)}), nil
}

func main() {}
`

const wordsConfig = `
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}" }
  words:
    use: words:WordClassifier
    params: { labels: { printer: IT } }
  models:
    use: hf-local:HFClassificationService
orchestrator:
  params:
    steps:
      - use: base:SimpleSequentialRunner
        params:
          on: { use: base:IntervalTrigger, params: { interval: PT0S } }
          run:
            use: base:CompositePipe
            params:
              steps:
                - id: fetch
                  use: otobo-znuny:FetchTicketsPipe
                  injects: { ticket_system: desk }
                - id: label
                  use: base:ClassificationPipe
                  injects: { classification_service: words }
                  params: { text: "{{ get_pipe_result('fetch', 'fetched_tickets')[0].subject }}" }
                - id: shout
                  use: words:ShoutPipe
                  params: { text: "{{ get_pipe_result('label', 'label') }} it is" }
                - id: model
                  use: base:ClassificationPipe
                  injects: { classification_service: models }
                  params: { text: printer, model_name: "{{ get_env('CHECKOUT') }}/examples/demo/models/queue" }
                - id: move
                  use: base:UpdateTicketPipe
                  injects: { ticket_system: desk }
                  params:
                    ticket_id: "{{ get_pipe_result('fetch', 'fetched_tickets')[0].id }}"
                    updated_ticket:
                      queue: { name: "{{ get_pipe_result('label', 'label') }}" }
                      notes: [ { subject: "{{ get_pipe_result('shout') }}", body: "{{ get_pipe_result('model', 'label') }}" } ]
`

func TestAPluginFromAnotherRepositoryRunsTogetherWithTheBundledOnes(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	if err := os.CopyFS(plugins, os.DirFS(product.plugins)); err != nil {
		t.Fatal(err)
	}
	module := writeModule(t, "otai-words", strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.0.0 <2"))
	buildPlugin(t, module, filepath.Join(plugins, "otai_words.so"))

	d := newDesk(t)
	id := d.AddTicket(ticketIn("Incoming", "my printer is broken"))
	out, err := runOtai(t, environment(t, "OTOBO_URL="+d.url(), "OTAI_PLUGIN_DIR="+plugins), "run", "--once", "-c", writeFile(t, wordsConfig))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ticket, _ := d.Ticket(id)
	if ticket.Queue != "IT" || internal(ticket) != 1 {
		t.Fatalf("the ticket is in %s with %d notes\n%s", ticket.Queue, internal(ticket), out)
	}
	if got := ticket.Articles[len(ticket.Articles)-1].Subject; got != "IT IT IS" {
		t.Errorf("the note's subject is %q", got)
	}
}

func runOtai(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := newCommand(product.otai, args...)
	cmd.Env, cmd.Dir = env, t.TempDir()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestTheAPILevelDecidesAndNotTheBuild(t *testing.T) {
	t.Parallel()
	// The plugins were built before the host's level is raised: their files stay.
	raised := filepath.Join(t.TempDir(), "otai")
	if err := keptAs("otai-raised", raised, product.root, "-ldflags=-s -w -X main.apiLevel=1.1.0", "./cmd/otai"); err != nil {
		t.Fatal(err)
	}
	plugins := t.TempDir()
	if err := os.CopyFS(plugins, os.DirFS(product.plugins)); err != nil {
		t.Fatal(err)
	}
	module := writeModule(t, "otai-words", strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.3"))
	buildPlugin(t, module, filepath.Join(plugins, "otai_words.so"))

	cmd := newCommand(raised, "plugin", "list", "--plugin-dir", plugins)
	cmd.Env = environment(t)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"otai_hf_local", "otai_otobo_znuny"} {
		if line := lineWith(string(out), want); !strings.Contains(line, "loaded") {
			t.Errorf("%s: %q, want it loaded", want, line)
		}
	}
	if line := lineWith(string(out), "otai_words"); !strings.Contains(line, "api-incompatible") {
		t.Errorf("otai_words: %q, want api-incompatible", line)
	}
	if !strings.Contains(string(out), ">=1.3") || !strings.Contains(string(out), "1.1.0") {
		t.Errorf("the reason names not both the need and the level:\n%s", out)
	}
}

func lineWith(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return line
		}
	}
	return ""
}
