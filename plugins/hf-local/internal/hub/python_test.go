package hub_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
)

// python runs a script by a Python that has huggingface_hub: OTAI_TEST_PYTHON or
// python3. Without one the test is skipped.
func python(t *testing.T, env map[string]string, script string) string {
	t.Helper()
	interpreter := os.Getenv("OTAI_TEST_PYTHON")
	if interpreter == "" {
		interpreter = "python3"
	}
	if err := exec.Command(interpreter, "-c", "import huggingface_hub").Run(); err != nil {
		t.Skipf("%s has no huggingface_hub; name one that has by OTAI_TEST_PYTHON", interpreter)
	}
	cmd := exec.Command(interpreter, "-c", script)
	cmd.Env = append(os.Environ(), "HF_HUB_DISABLE_PROGRESS_BARS=1", "HF_HUB_DISABLE_TELEMETRY=1")
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

func TestPythonUsesWhatWasDownloadedHere(t *testing.T) {
	w := newWorld(t)
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	offline := map[string]string{"HF_HUB_CACHE": w.cache, "HF_HUB_OFFLINE": "1", "HF_HOME": t.TempDir()}
	if got := python(t, offline, `from huggingface_hub import snapshot_download as f; print(f("org/tickets"))`); got != folder {
		t.Errorf("the snapshot is %s, want %s", got, folder)
	}
	if got := python(t, offline, `from huggingface_hub import hf_hub_download as f; print(f("org/tickets", "model.safetensors"))`); got != filepath.Join(folder, "model.safetensors") {
		t.Errorf("the file is %s", got)
	}
	if got := python(t, offline, `from huggingface_hub import scan_cache_dir as f; i = f(); print(len(i.warnings), [(r.repo_id, r.nb_files, sorted(r.refs)) for r in i.repos])`); got != "0 [('org/tickets', 4, ['main'])]" {
		t.Errorf("the cache is seen as %s", got)
	}
	// Python, online, downloads what is missing and nothing else.
	w.server.Requests()
	online := map[string]string{"HF_HUB_CACHE": w.cache, "HF_ENDPOINT": w.server.URL, "HF_HOME": t.TempDir()}
	python(t, online, `from huggingface_hub import snapshot_download as f; print(f("org/tickets", allow_patterns=["*.json", "model.safetensors", "README.md"]))`)
	for _, r := range w.server.Requests() {
		if r.Method == http.MethodGet && r.Host == "cdn" {
			t.Errorf("Python downloaded %s again", r.Path)
		}
	}
	if got := python(t, offline, `from huggingface_hub import hf_hub_download as f; print(f("org/tickets", "README.md"))`); got != filepath.Join(folder, "README.md") {
		t.Errorf("README.md is %s", got)
	}
}

func TestWhatPythonDownloadedIsUsedHere(t *testing.T) {
	for _, call := range []string{
		`snapshot_download as f; print(f("org/tickets"))`,
		`hf_hub_download as f; print([f("org/tickets", n) for n in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")][0].rsplit("/", 1)[0])`,
	} {
		w := newWorld(t)
		got := python(t, map[string]string{"HF_HUB_CACHE": w.cache, "HF_ENDPOINT": w.server.URL, "HF_HOME": t.TempDir()}, `from huggingface_hub import `+call)
		w.env["HF_HUB_OFFLINE"] = "1"
		folder, err := w.ensure(t)
		if err != nil || folder != got {
			t.Fatalf("%s: %s, %v; want %s", call, folder, err, got)
		}
		_, checks, err := w.hub(t).Verify(t.Context(), name, nil)
		if err != nil || len(checks) < 4 {
			t.Fatalf("%s: %v, %v", call, checks, err)
		}
		for _, c := range checks {
			if c.State != hub.OK {
				t.Errorf("%s: %+v", call, c)
			}
		}
	}
}
