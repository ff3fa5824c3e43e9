package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub/hubtest"
)

// newHub serves the test model cased as org/cased.
func newHub(t *testing.T) (*hubtest.Server, map[string]string) {
	s := hubtest.New(t)
	s.Add("org/cased", hubtest.Folder(t, cased))
	return s, map[string]string{"HF_ENDPOINT": s.URL, "HF_HOME": t.TempDir()}
}

func gone(http.ResponseWriter, *http.Request, string) bool { panic(http.ErrAbortHandler) }

func TestAModelIsDownloadedAtItsFirstTextAndThenTheServerMayBeGone(t *testing.T) {
	server, env := newHub(t)
	want := recorded(t, "cased")[0]
	var log bytes.Buffer
	for range 2 {
		s := build(t, Params{ModelName: "org/cased"}, newHost(env, &log))
		got, err := s.Classify(t.Context(), request(want.Text, ""))
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, want)
		server.Answer(gone)
	}
	if n := strings.Count(log.String(), "downloading"); n != 1 {
		t.Errorf("the download is in the log %d times: %s", n, &log)
	}
}

func TestARevisionOfTheModelIsUsed(t *testing.T) {
	server, env := newHub(t)
	server.Model("org/cased").Revisions["v1"] = server.Model("org/cased").Revisions["main"]
	server.Add("org/cased", map[string][]byte{"config.json": []byte("{}")}) // main is broken now
	want := recorded(t, "cased")[0]
	s := build(t, Params{ModelName: "org/cased", Revision: "v1"}, newHost(env, io.Discard))
	for _, name := range []string{"", "org/cased@v1"} {
		got, err := s.Classify(t.Context(), request(want.Text, name))
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, want)
	}
	if _, err := s.Classify(t.Context(), request(want.Text, "org/cased")); !errors.Is(err, api.ErrInvalid) {
		t.Errorf("main: error is %v", err)
	}
	for _, p := range []Params{{Revision: "../x"}, {Revision: "v1", ModelName: "org/cased@v2"}} {
		var field *api.FieldError
		if err := p.Validate(); !errors.As(err, &field) || field.Field != "revision" {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestTheTokenOfARequestIsForItsDownloadAndASecret(t *testing.T) {
	server, env := newHub(t)
	server.Model("org/cased").Token = "hf_secret-of-request"
	env["HF_TOKEN"] = "hf_secret-of-env"
	var redacted []string
	var log bytes.Buffer
	h := newHost(env, &log)
	h = api.NewHost(api.HostOptions{Logger: h.Logger(), Env: h.Env, Redact: func(s string) { redacted = append(redacted, s) }})
	s := build(t, Params{ModelName: "org/cased"}, h)
	_, err := s.Classify(t.Context(), request("text", ""))
	if !errors.Is(err, api.ErrDenied) || strings.Contains(err.Error(), "hf_secret") {
		t.Errorf("with the wrong token: %v", err)
	}
	r := request("text", "")
	r.APIToken = "hf_secret-of-request"
	if _, err := s.Classify(t.Context(), r); err != nil {
		t.Error(err)
	}
	if all := strings.Join(redacted, " "); !strings.Contains(all, "of-request") || !strings.Contains(all, "of-env") {
		t.Errorf("redacted is %v", redacted)
	}
	if strings.Contains(log.String(), "hf_secret") {
		t.Errorf("the log has a token: %s", &log)
	}
}

func TestPreloadLoadsAtTheStart(t *testing.T) {
	server, env := newHub(t)
	var log bytes.Buffer
	s := build(t, Params{Preload: []string{"org/cased", uncased}}, newHost(env, &log))
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "model loaded"); n != 2 {
		t.Errorf("%d models were loaded: %s", n, &log)
	}
	server.Answer(gone)
	want := recorded(t, "cased")[0]
	got, err := s.Classify(t.Context(), request(want.Text, "org/cased"))
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, want)
	if n := strings.Count(log.String(), "model loaded"); n != 2 {
		t.Error("the first text loaded again")
	}
}

func TestPreloadOfAModelThatCantBeHadEndsTheStartAndAServerThatIsDownDoesNot(t *testing.T) {
	server, env := newHub(t)
	err := build(t, Params{Preload: []string{uncased, "org/none"}}, newHost(env, io.Discard)).Start(t.Context())
	var field *api.FieldError
	if !errors.As(err, &field) || field.Field != "preload[1]" || !errors.Is(err, api.ErrDenied) {
		t.Errorf("error is %v", err)
	}
	server.Answer(func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		w.Header().Set("Retry-After", "7200") // which is not waited for
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	var log bytes.Buffer
	s := build(t, Params{Preload: []string{"org/cased"}}, newHost(env, &log))
	if err := s.Start(t.Context()); err != nil || !strings.Contains(log.String(), "first text will try again") {
		t.Errorf("error is %v, log %s", err, &log)
	}
	server.Answer(nil)
	if _, err := s.Classify(t.Context(), request("text", "org/cased")); err != nil {
		t.Errorf("when the server is up again: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := build(t, Params{Preload: []string{cased}}, newHost(env, io.Discard)).Start(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a start that was canceled: %v", err)
	}
}

func TestServicesOfOnePluginShareTheirModels(t *testing.T) {
	var log bytes.Buffer
	host := newHost(nil, &log)
	injectable := CreatePlugin(api.AppConfig{}).Injectables()[0]
	want := recorded(t, "cased")[0]
	var services []*Service
	for range 3 {
		s, err := injectable.BuildService(&Params{ModelName: cased}, host)
		if err != nil {
			t.Fatal(err)
		}
		services = append(services, s.(*Service))
	}
	var calls sync.WaitGroup
	for _, s := range services {
		calls.Go(func() {
			got, err := s.Classify(context.Background(), request(want.Text, ""))
			if err != nil {
				t.Error(err)
				return
			}
			check(t, got, want)
		})
	}
	calls.Wait()
	if n := strings.Count(log.String(), "model loaded"); n != 1 {
		t.Errorf("the model was loaded %d times", n)
	}
	for i, s := range services {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if i < 2 {
			if got, err := services[2].Classify(t.Context(), request(want.Text, "")); err != nil || got.Label != want.Scores[0].Label {
				t.Errorf("after %d services ended: %v, %v", i+1, got, err)
			}
		}
	}
}

func TestABoundOfMemoryHoldsForRealModels(t *testing.T) {
	var log bytes.Buffer
	s := build(t, Params{MaxMemory: 1}, newHost(nil, &log)) // 1 MB; the two have less together
	for range 2 {
		for _, name := range []string{cased, uncased} {
			if _, err := s.Classify(t.Context(), request("printer", name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	sum := memoryOf(cased) + memoryOf(uncased)
	want := 2
	if sum > 1e6 {
		want = 4
	}
	if n := strings.Count(log.String(), "model loaded"); n != want {
		t.Errorf("models of %d bytes were loaded %d times, want %d", sum, n, want)
	}
}

func TestTheHostsCommandsAboutModels(t *testing.T) {
	server, env := newHub(t)
	s := build(t, Params{ModelName: "org/cased"}, newHost(env, io.Discard))
	if folder := s.ModelFolder(); folder != filepath.Join(env["HF_HOME"], "hub") {
		t.Errorf("the folder is %s", folder)
	}
	if list, err := s.ListModels(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	seen := map[string]bool{}
	m, err := s.PullModel(t.Context(), "", false, func(file string, _, _ int64) { seen[file] = true })
	if err != nil {
		t.Fatal(err)
	}
	if m["name"] != "org/cased" || m["classifier"] != true || m["complete"] != true || !seen["model.safetensors"] {
		t.Errorf("pulled %v, saw %v", m, seen)
	}
	list, err := s.ListModels(t.Context())
	if err != nil || len(list) != 1 || list[0]["folder"] != m["folder"] {
		t.Errorf("%v, %v", list, err)
	}
	server.Answer(gone)
	if folder, err := s.EnsureModel(t.Context(), "", nil); err != nil || folder != m["folder"] {
		t.Errorf("%s, %v", folder, err)
	}
	check, err := s.VerifyModel(t.Context(), "", nil)
	if err != nil || check["ok"] != true || check["problem"] != "" || len(check["files"].([]any)) < 4 {
		t.Errorf("%v, %v", check, err)
	}
	if err := os.WriteFile(filepath.Join(m["folder"].(string), "tokenizer.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if check, err = s.VerifyModel(t.Context(), "", nil); err != nil || check["ok"] != false {
		t.Errorf("damaged: %v, %v", check, err)
	}
	// A file of its own has no checksum: what is wrong shows when it is loaded.
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(cased)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	check, err = s.VerifyModel(t.Context(), folder, nil)
	if problem, _ := check["problem"].(string); err != nil || check["ok"] != false || !strings.Contains(problem, "config.json") {
		t.Errorf("no classifier: %v, %v", check, err)
	}
}
