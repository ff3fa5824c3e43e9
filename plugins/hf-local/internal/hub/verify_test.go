package hub_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
)

func states(t *testing.T, h *hub.Hub, name string) map[string]hub.State {
	t.Helper()
	_, checks, err := h.Verify(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]hub.State{}
	for _, c := range checks {
		m[c.File] = c.State
	}
	return m
}

func TestVerifyFindsWhatIsDamagedOrMissingAndRepairMendsIt(t *testing.T) {
	w := newWorld(t)
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	for file, state := range states(t, w.hub(t), name) {
		if state != hub.OK {
			t.Errorf("fresh: %s is %s", file, state)
		}
	}
	blob, err := filepath.EvalSymlinks(filepath.Join(folder, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := slices.Clone(w.files["model.safetensors"])
	damaged[99] ^= 0x10
	if err := os.WriteFile(blob, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	blob, err = filepath.EvalSymlinks(filepath.Join(folder, "tokenizer_config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(blob); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "tokenizer.json")); err != nil {
		t.Fatal(err)
	}
	want := map[string]hub.State{"config.json": hub.OK, "model.safetensors": hub.Damaged, "tokenizer_config.json": hub.Missing, "tokenizer.json": hub.Missing}
	got := states(t, w.hub(t), name)
	for file, state := range want {
		if got[file] != state {
			t.Errorf("%s is %q, want %q", file, got[file], state)
		}
	}
	// Pull trusts a blob by its name; repair doesn't.
	if _, err := w.hub(t).Pull(t.Context(), hub.Request{Name: name}, true); err != nil {
		t.Fatal(err)
	}
	w.wantModel(t, folder)
	n := 0
	for _, r := range w.server.Requests() {
		if r.Method == http.MethodGet && r.Host == "cdn" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("the weights were downloaded %d times, want once and once more", n)
	}
}

func TestVerifyOfAFolderHasNoChecksums(t *testing.T) {
	folder := t.TempDir()
	for file, text := range modelFiles() {
		if filepath.Dir(file) == "." {
			if err := os.WriteFile(filepath.Join(folder, file), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	h := open(t.TempDir(), nil)
	for file, state := range states(t, h, folder) {
		if state != hub.Unchecked {
			t.Errorf("%s is %s", file, state)
		}
	}
	if err := os.Remove(filepath.Join(folder, "config.json")); err != nil {
		t.Fatal(err)
	}
	if s := states(t, h, folder)["config.json"]; s != hub.Missing {
		t.Errorf("config.json is %q", s)
	}
	if _, _, err := h.Verify(t.Context(), "org/none", nil); !errors.Is(err, api.ErrNotFound) {
		t.Errorf("a model that is not here: %v", err)
	}
}

func TestAModelOfONNXOnlyIsComplete(t *testing.T) {
	w := newWorld(t)
	if _, err := w.hub(t).Ensure(t.Context(), hub.Request{Name: name, Want: hub.Want{ONNX: "onnx/model.onnx"}}); err != nil {
		t.Fatal(err)
	}
	list, err := w.hub(t).List(t.Context())
	if err != nil || len(list) != 1 || list[0].Missing != nil {
		t.Errorf("%+v, %v", list, err)
	}
	for file, state := range states(t, w.hub(t), name) {
		if state != hub.OK {
			t.Errorf("%s is %s", file, state)
		}
	}
}

func TestListShowsEveryRevisionAndWhatItLacks(t *testing.T) {
	w := newWorld(t)
	if list, err := w.hub(t).List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("without a cache: %v, %v", list, err)
	}
	old, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	oldCommit := w.commit
	newer := modelFiles()
	newer["config.json"] = []byte(`{"architectures":["BertModel"]}`)
	w.commit = w.server.Add(name, newer)
	w.server.Model(name).Revisions["v2"] = w.commit
	for _, n := range []string{name, name + "@v2"} {
		if _, err := w.hub(t).Pull(t.Context(), hub.Request{Name: n}, false); err != nil {
			t.Fatal(err)
		}
	}
	w.server.Add("alone", w.files)
	if _, err := w.hub(t).Pull(t.Context(), hub.Request{Name: "alone"}, false); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(old, "tokenizer.json")); err != nil {
		t.Fatal(err)
	}
	for _, noise := range []string{"datasets--x--y", "models--", "blobs", "models--bad name"} {
		if err := os.MkdirAll(filepath.Join(w.cache, noise), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.hub(t).List(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	if e := list[0]; e.Name != "alone" || !e.Classifier() || e.Missing != nil || e.Bytes < 100_000 || !slices.Equal(e.Revisions, []string{"main"}) {
		t.Errorf("alone is %+v", e)
	}
	for _, e := range list[1:] {
		switch e.Commit {
		case oldCommit:
			if len(e.Revisions) != 0 || !e.Classifier() || !slices.Equal(e.Missing, []string{"tokenizer.json"}) {
				t.Errorf("the old one is %+v", e)
			}
		case w.commit:
			if !slices.Equal(e.Revisions, []string{"main", "v2"}) || e.Classifier() || e.Missing != nil {
				t.Errorf("the new one is %+v", e)
			}
		default:
			t.Errorf("%+v", e)
		}
	}
}
