package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestModelsThatAreNotOnThisMachineAreFoundWithoutTheNetwork(t *testing.T) {
	server, env := newHub(t)
	configuration := t.TempDir()
	modelAt(t, configuration, "whole")
	modelAt(t, configuration, "half")
	if err := os.Remove(filepath.Join(configuration, "half", "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	env = inConfiguration(configuration, env)
	delete(env, "HF_HUB_OFFLINE")
	find := func(env map[string]string) map[string][]string {
		found := map[string][]string{}
		s := build(t, Params{ModelName: "org/cased", Preload: []string{"./gone", "./whole"}}, newHost(env, io.Discard))
		s.FindModels(t.Context(), []string{"", "./whole", "half", "./nowhere", "a/b/c", "org/other"}, func(f map[string]string) {
			found[f["model"]] = []string{f["status"], f["message"], f["fix"]}
		})
		return found
	}
	for name, says := range map[string][]string{
		"":          {"warning", "org/cased is not on this machine", "otai model pull org/cased"},
		"half":      {"failed", "lacks model.safetensors", ""},
		"./nowhere": {"failed", "there is no folder " + filepath.Join(configuration, "nowhere"), ""},
		"./gone":    {"failed", "there is no folder " + filepath.Join(configuration, "gone"), ""},
		"a/b/c":     {"failed", "neither a folder nor the name of a model", ""},
		"org/other": {"warning", "org/other is not on this machine", "otai model pull"},
	} {
		got := find(env)[name]
		if len(got) != 3 || got[0] != says[0] || !strings.Contains(got[1], says[1]) || !strings.Contains(got[2], says[2]) {
			t.Errorf("%q: %q, want %q", name, got, says)
		}
	}
	if names := slices.Sorted(maps.Keys(find(env))); slices.Contains(names, "./whole") || len(names) != 6 {
		t.Errorf("missing are %q", names)
	}
	if requests := server.Requests(); len(requests) > 0 {
		t.Errorf("the server was asked: %v", requests)
	}

	offline := maps.Clone(env)
	offline["HF_HUB_OFFLINE"] = "1"
	if got := find(offline)[""]; len(got) != 3 || got[0] != "failed" || !strings.Contains(got[1], "HF_HUB_OFFLINE forbids") {
		t.Errorf("offline: %q", got)
	}

	s := build(t, Params{ModelName: "org/cased"}, newHost(env, io.Discard))
	if _, err := s.PullModel(t.Context(), "", false, nil); err != nil {
		t.Fatal(err)
	}
	if got := find(env)[""]; got != nil {
		t.Errorf("after it was downloaded: %q", got)
	}
}

func TestAModelTellsItsLabelsAndWhatItIs(t *testing.T) {
	_, env := newHub(t)
	s := build(t, Params{ModelName: "org/cased"}, newHost(env, io.Discard))
	if _, err := s.Provenance(t.Context(), ""); !errors.Is(err, api.ErrNotFound) {
		t.Errorf("of a model that isn't there: %v", err)
	}
	if _, err := s.Labels(t.Context(), ""); !errors.Is(err, api.ErrNotFound) {
		t.Errorf("labels of a model that isn't there: %v", err)
	}
	if _, err := s.PullModel(t.Context(), "", false, nil); err != nil {
		t.Fatal(err)
	}
	labels, err := s.Labels(t.Context(), "")
	if err != nil || len(labels) < 2 {
		t.Fatalf("%q, %v", labels, err)
	}
	if backend := s.Backend(""); backend != "" {
		t.Errorf("for its labels it was loaded: %s", backend)
	}
	got, err := s.Classify(t.Context(), request("printer", ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, score := range got.Scores {
		if !slices.Contains(labels, score.Label) {
			t.Errorf("the label %q is none of %q", score.Label, labels)
		}
	}
	labels[0] = "changed"
	if again, err := s.Labels(t.Context(), ""); err != nil || again[0] == "changed" {
		t.Errorf("the labels are the model's own: %q, %v", again, err)
	}
	about, err := s.Provenance(t.Context(), "")
	if err != nil || len(about["commit"]) != 40 || about["architecture"] != "BertForSequenceClassification" || about["backend"] == "" || !strings.HasSuffix(about["folder"], about["commit"]) {
		t.Errorf("%v, %v", about, err)
	}
	blob, err := os.Readlink(filepath.Join(about["folder"], "model.safetensors"))
	if err != nil || about["sha256"] != filepath.Base(blob) {
		t.Errorf("its sum is %q, and the cache calls it %s, %v", about["sha256"], blob, err)
	}
	if _, err := s.Labels(t.Context(), "./nowhere"); !errors.Is(err, api.ErrNotFound) {
		t.Errorf("labels of a model that isn't there: %v", err)
	}
}

func TestTheSumOfAFolderIsThatOfWhatIsLoaded(t *testing.T) {
	_, env := newHub(t)
	configuration := t.TempDir()
	modelAt(t, configuration, "mine")
	weights := filepath.Join(configuration, "mine", "model.safetensors")
	content, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	pool := newModelPool()
	s, err := newService(Params{ModelName: filepath.Join(configuration, "mine")}, newHost(inConfiguration(configuration, env), io.Discard), pool)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	of := func() string {
		t.Helper()
		about, err := s.Provenance(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		return about["sha256"]
	}
	if got := of(); got != "" {
		t.Errorf("of a model that isn't loaded: %s", got)
	}
	if _, err := s.Classify(t.Context(), request("printer", "")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := of(); got != hex.EncodeToString(sum[:]) {
			t.Errorf("its sum is %q", got)
		}
	}
	// What is loaded stays what it was, also where it wasn't summed before.
	if err := os.WriteFile(weights, append(content, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := of(); got != hex.EncodeToString(sum[:]) {
		t.Errorf("after it was replaced its sum is %q", got)
	}
	for _, m := range pool.models {
		m.model.(*weighed).about = nil
	}
	clear(pool.sums)
	if got := of(); got != "" {
		t.Errorf("the sum of what isn't loaded is %q", got)
	}
}
