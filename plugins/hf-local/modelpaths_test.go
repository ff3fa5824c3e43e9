package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// modelAt puts a copy of the model cased into a folder.
func modelAt(t *testing.T, parts ...string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(parts...), os.DirFS(cased)); err != nil {
		t.Fatal(err)
	}
}

func inConfiguration(folder string, more map[string]string) map[string]string {
	env := map[string]string{
		"OTAI_CONFIG_DIR": folder, "OTAI_CONFIG_DIR.model_name": folder, "OTAI_CONFIG_DIR.preload[0]": folder,
		"HF_HUB_OFFLINE": "1",
	}
	for name, value := range more {
		env[name] = value
	}
	return env
}

func TestARelativeModelIsFoundInTheConfigurationsFolder(t *testing.T) {
	configuration, working := t.TempDir(), t.TempDir()
	modelAt(t, configuration, "models", "queue")
	modelAt(t, configuration, "both", "queue")
	modelAt(t, working, "both", "queue")
	t.Chdir(working)
	for _, name := range []string{"./models/queue", "models/queue", "both/queue", "../" + filepath.Base(configuration) + "/models/queue"} {
		var log bytes.Buffer
		s := build(t, Params{ModelName: name, Preload: []string{name}}, newHost(inConfiguration(configuration, map[string]string{"HF_HOME": t.TempDir()}), &log))
		if err := s.Start(t.Context()); err != nil {
			t.Errorf("preload of %s: %v", name, err)
		}
		if _, err := s.Classify(t.Context(), request("printer", "")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(log.String(), "working directory") {
			t.Errorf("%s: %s", name, &log)
		}
		if folder, err := s.EnsureModel(t.Context(), "", nil); err != nil || !strings.HasPrefix(folder, configuration) {
			t.Errorf("%s is in %s, %v", name, folder, err)
		}
	}
}

func TestEachParamCountsFromTheFolderOfItsOwnFile(t *testing.T) {
	configuration, other := t.TempDir(), t.TempDir()
	modelAt(t, other, "queue")
	env := inConfiguration(configuration, map[string]string{"OTAI_CONFIG_DIR.preload[0]": other, "HF_HOME": t.TempDir()})
	s := build(t, Params{Preload: []string{"./queue"}}, newHost(env, io.Discard))
	if err := s.Start(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAModelOfTheWorkingDirectoryIsUsedWithOneWarning(t *testing.T) {
	configuration, working := t.TempDir(), t.TempDir()
	modelAt(t, working, "models", "queue")
	t.Chdir(working)
	var log bytes.Buffer
	s := build(t, Params{}, newHost(inConfiguration(configuration, map[string]string{"HF_HOME": t.TempDir()}), &log))
	for range 3 {
		if _, err := s.Classify(t.Context(), request("printer", "models/queue")); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Count(log.String(), "level=WARN") != 1 || !strings.Contains(log.String(), filepath.Join(configuration, "models/queue")) {
		t.Errorf("the log is %s", &log)
	}
}

func TestEveryPlaceWhereAModelWasLookedForIsNamed(t *testing.T) {
	configuration, working := t.TempDir(), t.TempDir()
	modelAt(t, working, "queue")
	t.Chdir(working)
	cache := t.TempDir()
	s := build(t, Params{}, newHost(inConfiguration(configuration, map[string]string{"HF_HUB_CACHE": cache}), io.Discard))
	for name, says := range map[string][]string{
		"models/queue": {filepath.Join(configuration, "models/queue"), filepath.Join(working, "models/queue"), cache, "HF_HUB_OFFLINE"},
		"a/b/c":        {filepath.Join(configuration, "a/b/c"), filepath.Join(working, "a/b/c"), "neither a folder nor the name of a model"},
		"./nowhere":    {filepath.Join(configuration, "nowhere")},
		"./queue":      {filepath.Join(configuration, "queue"), filepath.Join(working, "queue"), "counts from the configuration's folder"},
	} {
		_, err := s.Classify(t.Context(), request("printer", name))
		if !errors.Is(err, api.ErrNotFound) && !errors.Is(err, api.ErrInvalid) {
			t.Fatalf("%s: error is %v", name, err)
		}
		for _, place := range says {
			if !strings.Contains(err.Error(), place) {
				t.Errorf("%s: %q doesn't say %q", name, err, place)
			}
		}
	}
}

func TestAModelOfTheWorkingDirectoryIsToldBeforeItIsUsed(t *testing.T) {
	configuration, working := t.TempDir(), t.TempDir()
	modelAt(t, working, "models", "queue")
	modelAt(t, configuration, "models", "own")
	t.Chdir(working)
	s := build(t, Params{Preload: []string{"models/queue"}}, newHost(inConfiguration(configuration, map[string]string{"HF_HOME": t.TempDir()}), io.Discard))
	own := build(t, Params{ModelName: "models/queue"}, newHost(inConfiguration(configuration, map[string]string{"HF_HOME": t.TempDir()}), io.Discard))
	var status []string
	own.FindModels(t.Context(), []string{""}, func(f map[string]string) { status = append(status, f["status"]) })
	if !slices.Equal(status, []string{"ok"}) {
		t.Errorf("of the service's own model got %q", status)
	}
	for _, names := range [][]string{nil, {"models/queue"}, {"models/own", "./models/own", filepath.Join(configuration, "models/own")}} {
		told := 0
		s.FindModels(t.Context(), names, func(f map[string]string) {
			told++
			if f["model"] != "models/queue" || f["status"] != "ok" || !strings.Contains(f["message"], filepath.Join(working, "models/queue")) || f["fix"] == "" {
				t.Errorf("%q: %q", names, f)
			}
		})
		if told != 1 { // the one of preload
			t.Errorf("%q: %d were reported", names, told)
		}
	}
}

func TestAPathThatOnlyAShellUnderstandsIsNamed(t *testing.T) {
	s := build(t, Params{}, newHost(inConfiguration(t.TempDir(), map[string]string{"HF_HOME": t.TempDir()}), io.Discard))
	for name, want := range map[string]string{"~/hm": "~ isn't expanded", "$HOME/hm": "Variables aren't expanded", "file:///srv/hm": "without file://", "a/b/c": "Looked for"} {
		_, err := s.Classify(t.Context(), request("printer", name))
		if !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "either: looked") {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		searched := interface{ SearchedFolders() []string }(nil)
		if isPath := name == "a/b/c"; errors.As(err, &searched) != isPath || isPath && !strings.Contains(err.Error(), searched.SearchedFolders()[0]) {
			t.Errorf("%s: searched %v, the error is %v", name, searched, err)
		}
	}
}
