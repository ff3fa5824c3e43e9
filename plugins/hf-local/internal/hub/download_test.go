package hub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub/hubtest"
)

const name = "org/tickets"

// content is incompressible, so that every byte counts.
func content(seed uint64, n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed)})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return b
}

func modelFiles() map[string][]byte {
	return map[string][]byte{
		"config.json":           []byte(`{"architectures":["BertForSequenceClassification"]}`),
		"tokenizer.json":        []byte(`{"model":{}}`),
		"tokenizer_config.json": []byte(`{}`),
		"model.safetensors":     content(1, 100_000),
		// What a classifier doesn't need:
		"vocab.txt": []byte("a\nb\n"), "README.md": []byte("# read me"), "pytorch_model.bin": content(2, 50_000),
		"onnx/model.onnx": content(3, 60_000), ".gitattributes": []byte("x"), "tf_model.h5": content(4, 10),
	}
}

var needed = []string{"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}

// world is a server, a cache, and what was logged.
type world struct {
	server *hubtest.Server
	cache  string
	env    map[string]string
	log    *bytes.Buffer
	commit string
	files  map[string][]byte
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{server: hubtest.New(t), cache: filepath.Join(t.TempDir(), "hub"), log: &bytes.Buffer{}, files: modelFiles()}
	w.env = map[string]string{"HF_ENDPOINT": w.server.URL, "HF_HUB_CACHE": w.cache}
	w.commit = w.server.Add(name, w.files)
	return w
}

func (w *world) hub(t *testing.T) *hub.Hub {
	h := hub.New(hub.Options{Env: environment(w.env), Log: slog.New(slog.NewTextHandler(w.log, nil)), Pause: time.Millisecond})
	t.Cleanup(h.Close)
	return h
}

func (w *world) ensure(t *testing.T) (string, error) {
	t.Helper()
	return w.hub(t).Ensure(t.Context(), hub.Request{Name: name})
}

// wantModel checks that folder holds the model, byte by byte, and nothing else.
func (w *world) wantModel(t *testing.T, folder string, files ...string) {
	t.Helper()
	if want := filepath.Join(w.cache, "models--org--tickets", "snapshots", w.commit); folder != want {
		t.Errorf("folder is %s, want %s", folder, want)
	}
	if len(files) == 0 {
		files = needed
	}
	var there []string
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file, err := filepath.Rel(folder, path)
		there = append(there, file)
		got, readErr := os.ReadFile(path)
		if readErr != nil || !bytes.Equal(got, w.files[file]) {
			t.Errorf("%s has %d bytes (%v), want %d", file, len(got), readErr, len(w.files[file]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Sort(there); !slices.Equal(there, files) {
		t.Errorf("files are %v, want %v", there, files)
	}
}

// leftovers are files in the cache that are not part of a whole model.
func (w *world) leftovers(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(w.cache, func(path string, d os.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(path, ".incomplete") || strings.HasSuffix(path, ".tmp")) {
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
	}
	goleak.VerifyTestMain(m)
}

func TestTheFirstRunDownloadsAndTheSecondNeedsNoServer(t *testing.T) {
	w := newWorld(t)
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	w.wantModel(t, folder)
	if n := strings.Count(w.log.String(), "\n"); n != 1 || !strings.Contains(w.log.String(), "downloading a model") {
		t.Errorf("the log is not one line: %s", w.log)
	}
	if left := w.leftovers(t); left != nil {
		t.Errorf("left over: %v", left)
	}
	w.server.Requests()
	w.server.Answer(func(http.ResponseWriter, *http.Request, string) bool { panic(http.ErrAbortHandler) })
	again, err := w.ensure(t)
	if err != nil || again != folder {
		t.Errorf("with the server gone: %s, %v", again, err)
	}
	if r := w.server.Requests(); len(r) > 0 {
		t.Errorf("a model that is here was asked for: %v", r)
	}
}

func TestTheCacheHasTheFormOfHuggingFace(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ensure(t); err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(w.cache, "models--org--tickets")
	if ref, err := os.ReadFile(filepath.Join(model, "refs", "main")); err != nil || string(ref) != w.commit {
		t.Errorf("refs/main is %q, %v", ref, err)
	}
	for _, file := range needed {
		etag := hubtest.ETag(w.files[file], file == "model.safetensors")
		if target, err := os.Readlink(filepath.Join(model, "snapshots", w.commit, file)); err != nil || target != "../../blobs/"+etag {
			t.Errorf("%s leads to %q, %v; want ../../blobs/%s", file, target, err, etag)
		}
		if info, err := os.Lstat(filepath.Join(model, "blobs", etag)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("the blob of %s: %v", file, err)
		}
		if _, err := os.Stat(filepath.Join(w.cache, ".locks", "models--org--tickets", etag+".lock")); err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyWhatAClassifierNeedsIsDownloaded(t *testing.T) {
	index := []byte(`{"metadata":{},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors","c":"model-00001-of-00002.safetensors"}}`)
	pickles := []byte(`{"weight_map":{"a":"pytorch_model-00001-of-00001.bin"}}`)
	settings := []string{"config.json", "tokenizer.json"}
	tests := map[string]struct {
		also map[string][]byte
		not  []string
		want hub.Want
		gets []string
	}{
		"one file of safetensors":       {nil, nil, hub.Want{}, []string{"model.safetensors"}},
		"a pickle, without safetensors": {nil, []string{"model.safetensors"}, hub.Want{}, []string{"pytorch_model.bin"}},
		"sharded safetensors before a pickle": {
			map[string][]byte{"model.safetensors.index.json": index, "model-00001-of-00002.safetensors": content(5, 10), "model-00002-of-00002.safetensors": content(6, 10), "model-00003-of-00003.safetensors": content(7, 7)},
			[]string{"model.safetensors"},
			hub.Want{},
			[]string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"},
		},
		"a sharded pickle": {
			map[string][]byte{"pytorch_model.bin.index.json": pickles, "pytorch_model-00001-of-00001.bin": content(5, 10)},
			[]string{"model.safetensors", "pytorch_model.bin"},
			hub.Want{},
			[]string{"pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json"},
		},
		"ONNX for that backend": {
			map[string][]byte{"onnx/model.onnx_data": content(8, 20)},
			nil,
			hub.Want{ONNX: "onnx/model.onnx"},
			[]string{"onnx/model.onnx", "onnx/model.onnx_data"},
		},
		"ONNX at its older place": {
			map[string][]byte{"model.onnx": content(8, 20)},
			[]string{"onnx/model.onnx"},
			hub.Want{ONNX: "onnx/model.onnx"},
			[]string{"model.onnx"},
		},
		"ONNX of another name": {
			map[string][]byte{"onnx/model_int8.onnx": content(8, 20)},
			nil,
			hub.Want{ONNX: "onnx/model_int8.onnx"},
			[]string{"onnx/model_int8.onnx"},
		},
		"slow vocabularies, without tokenizer.json": {
			map[string][]byte{"merges.txt": []byte("a b"), "vocab.json": []byte("{}")},
			[]string{"tokenizer.json"},
			hub.Want{},
			[]string{"merges.txt", "model.safetensors", "vocab.json", "vocab.txt"},
		},
		"what else a tokenizer may have": {
			map[string][]byte{"special_tokens_map.json": []byte("{}"), "added_tokens.json": []byte("{}")},
			nil,
			hub.Want{},
			[]string{"added_tokens.json", "model.safetensors", "special_tokens_map.json"},
		},
	}
	for what, c := range tests {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			delete(w.files, "tokenizer_config.json")
			for file, text := range c.also {
				w.files[file] = text
			}
			for _, file := range c.not {
				delete(w.files, file)
			}
			w.commit = w.server.Add(name, w.files)
			for range 2 { // the second one finds it complete
				folder, err := w.hub(t).Ensure(t.Context(), hub.Request{Name: name, Want: c.want})
				if err != nil {
					t.Fatal(err)
				}
				want := slices.DeleteFunc(slices.Concat(settings, c.gets), func(f string) bool { return slices.Contains(c.not, f) })
				slices.Sort(want)
				w.wantModel(t, folder, want...)
				w.server.Answer(func(http.ResponseWriter, *http.Request, string) bool { panic(http.ErrAbortHandler) })
			}
		})
	}
}

func TestAModelThatCantBeUsedIsRefusedBeforeItsWeightsAreDownloaded(t *testing.T) {
	tests := map[string]struct {
		not  []string
		says []string
	}{
		"no config.json": {[]string{"config.json"}, []string{"config.json"}},
		"no tokenizer":   {[]string{"tokenizer.json", "vocab.txt"}, []string{"tokenizer"}},
		"no weights":     {[]string{"model.safetensors", "pytorch_model.bin"}, []string{"model.safetensors", "it has", "tf_model.h5"}},
	}
	for what, c := range tests {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			for _, file := range c.not {
				delete(w.files, file)
			}
			w.server.Add(name, w.files)
			_, err := w.ensure(t)
			if !errors.Is(err, api.ErrInvalid) {
				t.Fatalf("error is %v", err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't say %q", err, s)
				}
			}
			if n := len(w.server.Requests()); n != 1 {
				t.Errorf("%d requests, want the one for the list", n)
			}
		})
	}
}

func TestABranchATagAndACommitAreRevisions(t *testing.T) {
	w := newWorld(t)
	newer := modelFiles()
	newer["model.safetensors"] = content(9, 70_000)
	old := w.commit
	w.commit = w.server.Add(name, newer)
	w.server.Model(name).Revisions["v1.0"] = old
	w.server.Model(name).Revisions["refs/pr/7"] = w.commit
	oldFiles := w.files
	for revision, commit := range map[string]string{"": w.commit, "@main": w.commit, "@refs/pr/7": w.commit, "@v1.0": old, "@" + old: old} {
		w.commit, w.files = commit, newer
		if commit == old {
			w.files = oldFiles
		}
		for range 2 {
			folder, err := w.hub(t).Ensure(t.Context(), hub.Request{Name: name + revision})
			if err != nil {
				t.Fatalf("%s: %v", revision, err)
			}
			w.wantModel(t, folder)
		}
	}
	if _, err := os.Stat(filepath.Join(w.cache, "models--org--tickets", "refs", old)); err == nil {
		t.Error("a commit was put down as a branch")
	}
	for _, ref := range []string{"main", "v1.0", "refs/pr/7"} {
		if _, err := os.Stat(filepath.Join(w.cache, "models--org--tickets", "refs", ref)); err != nil {
			t.Error(err)
		}
	}
}

func TestPullFetchesWhatIsNewAndKeepsTheOldUntilThen(t *testing.T) {
	w := newWorld(t)
	old, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	newer := modelFiles()
	newer["model.safetensors"] = content(9, 70_000)
	oldCommit := w.commit
	w.commit = w.server.Add(name, newer)
	if again, err := w.ensure(t); err != nil || again != old {
		t.Errorf("without pull: %s, %v; want the old one", again, err)
	}
	// A pull that breaks at the weights leaves the old one in use.
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if host == "cdn" {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
		return host == "cdn"
	})
	if _, err := w.hub(t).Pull(t.Context(), hub.Request{Name: name}, false); err == nil {
		t.Error("the pull succeeded without the CDN")
	}
	if again, err := w.ensure(t); err != nil || again != old {
		t.Errorf("after a broken pull: %s, %v; want the old one", again, err)
	}
	w.server.Answer(nil)
	w.server.Requests()
	folder, err := w.hub(t).Pull(t.Context(), hub.Request{Name: name}, false)
	if err != nil {
		t.Fatal(err)
	}
	w.files = newer
	w.wantModel(t, folder)
	for _, r := range w.server.Requests() {
		if r.Method == http.MethodGet && strings.Contains(r.Path, "/resolve/") && !strings.HasSuffix(r.Path, "model.safetensors") {
			t.Errorf("%s was downloaded again, though it is the same", r.Path)
		}
	}
	if again, err := w.ensure(t); err != nil || again != folder {
		t.Errorf("after the pull: %s, %v", again, err)
	}
	if f, err := w.hub(t).Ensure(t.Context(), hub.Request{Name: name + "@" + oldCommit}); err != nil || f != old {
		t.Errorf("the old commit: %s, %v", f, err)
	}
}

func TestWithoutSymbolicLinksTheFilesThemselvesAreInTheSnapshot(t *testing.T) {
	w := newWorld(t)
	build := func() *hub.Hub {
		return hub.New(hub.Options{
			Env: environment(w.env), Log: slog.New(slog.NewTextHandler(w.log, nil)),
			Symlink: func(target, path string) error {
				return &os.LinkError{Op: "symlink", Old: target, New: path, Err: syscall.EPERM}
			},
		})
	}
	folder, err := build().Ensure(t.Context(), hub.Request{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	w.wantModel(t, folder)
	if left := w.leftovers(t); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	w.server.Requests()
	if again, err := build().Pull(t.Context(), hub.Request{Name: name}, false); err != nil || again != folder {
		t.Errorf("pulled again: %s, %v", again, err)
	}
	for _, r := range w.server.Requests() {
		if r.Method == http.MethodGet && strings.Contains(r.Path, "safetensors") {
			t.Errorf("%s was downloaded again", r.Path)
		}
	}
}

func TestWhatPythonLeftIncompleteIsCompleted(t *testing.T) {
	w := newWorld(t)
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	// huggingface_hub writes refs/main first, and lists the files in trees.
	tree := filepath.Join(w.cache, "models--org--tickets", "trees")
	if err := os.MkdirAll(tree, 0o700); err != nil {
		t.Fatal(err)
	}
	list := `{"format_version":1,"files":{"config.json":{},"tokenizer.json":{},"tokenizer_config.json":{},"model.safetensors":{},"README.md":{}}}`
	if err := os.WriteFile(filepath.Join(tree, w.commit+".json"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range needed {
		if err := os.Remove(filepath.Join(folder, file)); err != nil {
			t.Fatal(err)
		}
		w.server.Requests()
		if _, err := w.ensure(t); err != nil {
			t.Errorf("without %s: %v", file, err)
		}
		w.wantModel(t, folder)
		if len(w.server.Requests()) == 0 {
			t.Errorf("that %s is missing was not seen", file)
		}
	}
}

func TestATokenGoesToTheServerAndToNoOtherHost(t *testing.T) {
	const token = "hf_very-secret-token"
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "token"), []byte(token+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.WriteFile(elsewhere, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		option, request string
		env             map[string]string
		none            bool
	}{
		"the param":                     {token, "", map[string]string{"HF_TOKEN": "hf_other"}, false},
		"the request":                   {"hf_other", token, nil, false},
		"HF_TOKEN":                      {"", "", map[string]string{"HF_TOKEN": token + "\n", "HF_HOME": home}, false},
		"its old name":                  {"", "", map[string]string{"HUGGING_FACE_HUB_TOKEN": token}, false},
		"the token file":                {"", "", map[string]string{"HF_HOME": home}, false},
		"HF_TOKEN_PATH":                 {"", "", map[string]string{"HF_TOKEN_PATH": elsewhere}, false},
		"none":                          {"", "", nil, true},
		"HF_HUB_DISABLE_IMPLICIT_TOKEN": {"", "", map[string]string{"HF_TOKEN": token, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, true},
	}
	for what, c := range tests {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.server.Model(name).Token = token
			if c.none {
				w.server.Model(name).Token = ""
			}
			for k, v := range c.env {
				w.env[k] = v
			}
			var redacted []string
			h := hub.New(hub.Options{
				Env: environment(w.env), Log: slog.New(slog.NewTextHandler(w.log, nil)), Token: c.option, Pause: time.Millisecond,
				Redact: func(s string) { redacted = append(redacted, s) },
			})
			defer h.Close()
			folder, err := h.Ensure(t.Context(), hub.Request{Name: name, Token: c.request})
			if err != nil {
				t.Fatal(err)
			}
			w.wantModel(t, folder)
			cdn := 0
			for _, r := range w.server.Requests() {
				want := "Bearer " + token
				if r.Host == "cdn" {
					cdn++
				}
				if r.Host == "cdn" || c.none {
					want = ""
				}
				if r.Authorization != want {
					t.Errorf("%s %s %s came with %q", r.Host, r.Method, r.Path, r.Authorization)
				}
			}
			if cdn == 0 {
				t.Error("nothing came from the other host")
			}
			if !c.none && c.request == "" && !slices.Contains(redacted, token) {
				t.Errorf("the host was not asked to redact the token: %v", redacted)
			}
			if strings.Contains(w.log.String(), token) {
				t.Errorf("the log has the token: %s", w.log)
			}
		})
	}
}

func TestARedirectOfTheServerToAnotherHostCarriesNoToken(t *testing.T) {
	w := newWorld(t)
	w.env["HF_TOKEN"] = "hf_very-secret-token"
	foreign := hubtest.New(t)
	foreign.Add(name, w.files)
	// Also the listing and small files, which the server itself should have.
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		http.Redirect(rw, r, foreign.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		return true
	})
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	w.wantModel(t, folder)
	requests := foreign.Requests()
	for _, r := range requests {
		if r.Authorization != "" {
			t.Errorf("%s %s came with %q", r.Method, r.Path, r.Authorization)
		}
	}
	if len(requests) == 0 {
		t.Error("the other host was not asked")
	}
}

func TestAModelThatWasRenamedIsFoundUnderItsOldName(t *testing.T) {
	w := newWorld(t)
	w.env["HF_TOKEN"] = "hf_very-secret-token"
	w.server.Add("org/renamed", w.files)
	w.server.Model("org/renamed").Token = "hf_very-secret-token"
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if host == "hub" && strings.Contains(r.URL.Path, name) {
			http.Redirect(rw, r, strings.Replace(r.URL.Path, name, "org/renamed", 1), http.StatusTemporaryRedirect)
			return true
		}
		return false
	})
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	w.wantModel(t, folder)
}

func TestRedirectsWithoutEndAreRefused(t *testing.T) {
	w := newWorld(t)
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		http.Redirect(rw, r, r.URL.Path, http.StatusFound)
		return true
	})
	if _, err := w.ensure(t); err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("error is %v", err)
	}
	for _, target := range []string{"file:///etc/passwd", "ftp://x/y", "http://"} {
		w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
			rw.Header().Set("Location", target)
			rw.WriteHeader(http.StatusFound)
			return true
		})
		if _, err := w.ensure(t); err == nil || !errors.Is(err, api.ErrInvalid) {
			t.Errorf("%s: error is %v", target, err)
		}
	}
}

func TestEachErrorResponseHasItsOwnMessage(t *testing.T) {
	const token = "hf_very-secret-token"
	tests := map[string]struct {
		status int
		header map[string]string
		token  bool
		is     error
		says   []string
		tries  int
	}{
		"401 without a token": {401, nil, false, api.ErrDenied, []string{"401", "without a token", "api_token", "HF_TOKEN", "name is wrong"}, 1},
		"401 with a token":    {401, nil, true, api.ErrDenied, []string{"401", "doesn't accept the token", "revoked"}, 1},
		"403 without a token": {403, nil, false, api.ErrDenied, []string{"403", "accept its conditions", "HF_TOKEN"}, 1},
		"403 with a token":    {403, nil, true, api.ErrDenied, []string{"403", "token may not read", name}, 1},
		"404":                 {404, map[string]string{"X-Error-Code": "RepoNotFound"}, false, api.ErrNotFound, []string{"404", "no model " + name, "check the name"}, 1},
		"404 of the revision": {404, map[string]string{"X-Error-Code": "RevisionNotFound"}, false, api.ErrNotFound, []string{"no revision", "main"}, 1},
		"429":                 {429, nil, false, api.ErrTemporary, []string{"429", "too many requests", "HF_TOKEN"}, 4},
		"429 for long":        {429, map[string]string{"Retry-After": "3600"}, false, api.ErrTemporary, []string{"429", "wait 1h0m0s"}, 1},
		"429 by RateLimit":    {429, map[string]string{"RateLimit": `"resolvers";r=0;t=300`}, false, api.ErrTemporary, []string{"429", "wait 5m0s"}, 1},
		"500":                 {500, nil, false, api.ErrTemporary, []string{"500", "try again later", "copied"}, 4},
		"503":                 {503, nil, false, api.ErrTemporary, []string{"503", "internal error"}, 4},
		"418":                 {418, nil, false, api.ErrInvalid, []string{"418"}, 1},
	}
	for what, c := range tests {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			if c.token {
				w.env["HF_TOKEN"] = token
			}
			w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
				for k, v := range c.header {
					rw.Header().Set(k, v)
				}
				rw.WriteHeader(c.status)
				fmt.Fprintf(rw, "You sent %s", r.Header.Get("Authorization"))
				return true
			})
			_, err := w.ensure(t)
			if !errors.Is(err, c.is) {
				t.Fatalf("error is %v, want %v", err, c.is)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't say %q", err, s)
				}
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("%q has the token", err)
			}
			if n := len(w.server.Requests()); n != c.tries {
				t.Errorf("%d requests, want %d", n, c.tries)
			}
			var wait *api.RetryError
			if c.header["Retry-After"] != "" && (!errors.As(err, &wait) || wait.After != time.Hour) {
				t.Errorf("the error doesn't say when to try again: %#v", err)
			}
		})
	}
}

func TestAServerThatRecoversIsAskedAgain(t *testing.T) {
	for _, status := range []int{408, 429, 500, 502, 503, 504} {
		w := newWorld(t)
		var mu sync.Mutex
		refused := map[string]int{}
		w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
			mu.Lock()
			defer mu.Unlock()
			key := r.Method + r.URL.Path
			if refused[key]++; refused[key] > 1 {
				return false
			}
			rw.Header().Set("Retry-After", "0")
			rw.WriteHeader(status)
			return true
		})
		folder, err := w.ensure(t)
		if err != nil {
			t.Fatalf("%d: %v", status, err)
		}
		w.wantModel(t, folder)
	}
}

func TestASignedAddressThatExpiredIsAskedForAnew(t *testing.T) {
	w := newWorld(t)
	var expired atomic.Bool
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if host != "cdn" || expired.Swap(true) {
			return false
		}
		rw.WriteHeader(http.StatusForbidden)
		return true
	})
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	w.wantModel(t, folder)
}

func TestAServerThatIsNotThereIsTemporaryAndItsAddressIsKeptSecret(t *testing.T) {
	w := newWorld(t)
	w.env["HF_TOKEN"] = "hf_very-secret-token"
	w.env["HF_ENDPOINT"] = "http://user:pass-word@127.0.0.1:1"
	_, err := w.ensure(t)
	if !errors.Is(err, api.ErrTemporary) {
		t.Fatalf("error is %v", err)
	}
	for _, s := range []string{"127.0.0.1:1", "HTTPS_PROXY", "Offline installation"} {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%q doesn't say %q", err, s)
		}
	}
	for _, s := range []string{"hf_very", "pass-word"} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("%q has a secret", err)
		}
	}
	for _, endpoint := range []string{"not an address", "ftp://x", "http://", "http://a b/pass-word"} {
		w.env["HF_ENDPOINT"] = endpoint
		if _, err := w.ensure(t); !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), "HF_ENDPOINT") || strings.Contains(err.Error(), "pass-word") {
			t.Errorf("%s: error is %v", endpoint, err)
		}
	}
}

func TestSignedAddressesAreInNoError(t *testing.T) {
	w := newWorld(t)
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if host == "cdn" {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	_, err := w.ensure(t)
	if !errors.Is(err, api.ErrTemporary) || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("error is %v", err)
	}
}

func TestAnAnswerThatIsNoListOfAModelIsSaid(t *testing.T) {
	for _, answer := range []string{"<html>log in</html>", "{}", `{"sha":"../../x"}`, `{"sha":""}`, "", `{"sha":5}`} {
		w := newWorld(t)
		w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
			_, _ = io.WriteString(rw, answer)
			return true
		})
		if _, err := w.ensure(t); !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), "proxy") {
			t.Errorf("%q: error is %v", answer, err)
		}
	}
}

func TestHostileFileNamesAreRefused(t *testing.T) {
	for _, file := range []string{"../evil", "/etc/passwd", "a/../../evil", "..", "", "a//b", `a\..\b`, "a\x00b", "./config.json"} {
		w := newWorld(t)
		w.files[file] = []byte("x")
		w.server.Add(name, w.files)
		if _, err := w.ensure(t); !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), fmt.Sprintf("%q", file)) {
			t.Errorf("%q: error is %v", file, err)
		}
	}
	for _, shard := range []string{"../evil.safetensors", "/tmp/evil.bin", "x/y.safetensors", "config.json", ""} {
		w := newWorld(t)
		delete(w.files, "model.safetensors")
		w.files["model.safetensors.index.json"] = []byte(fmt.Sprintf(`{"weight_map":{"t":%q}}`, shard))
		w.server.Add(name, w.files)
		if _, err := w.ensure(t); !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), "weight_map") {
			t.Errorf("shard %q: error is %v", shard, err)
		}
	}
}

func TestABadChecksumInTheHeadersIsRefused(t *testing.T) {
	for _, etag := range []string{"", `"../../../evil"`, `"abc"`, `"` + strings.Repeat("g", 64) + `"`, `"` + strings.Repeat("A", 40) + `"`} {
		w := newWorld(t)
		w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
			if r.Method != http.MethodHead {
				return false
			}
			rw.Header().Set("ETag", etag)
			return true
		})
		if _, err := w.ensure(t); !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), "no checksum") {
			t.Errorf("%q: error is %v", etag, err)
		}
	}
}

func TestACommitThatChangesUnderwayIsNotMixed(t *testing.T) {
	w := newWorld(t)
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if r.Method != http.MethodHead {
			return false
		}
		rw.Header().Set("X-Repo-Commit", strings.Repeat("0", 40))
		rw.Header().Set("ETag", `"`+strings.Repeat("0", 40)+`"`)
		return true
	})
	if _, err := w.ensure(t); !errors.Is(err, api.ErrTemporary) || !strings.Contains(err.Error(), "commit") {
		t.Errorf("error is %v", err)
	}
}

func TestOfflineNothingIsAsked(t *testing.T) {
	for _, variable := range []string{"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} {
		for _, value := range []string{"1", "ON", "yes", "true"} {
			w := newWorld(t)
			w.env[variable] = value
			_, err := w.ensure(t)
			if !errors.Is(err, api.ErrNotFound) || !strings.Contains(err.Error(), variable) {
				t.Errorf("%s=%s: error is %v", variable, value, err)
			}
			if _, err := w.hub(t).Pull(t.Context(), hub.Request{Name: name}, false); err == nil || !strings.Contains(err.Error(), variable) {
				t.Errorf("%s=%s: pull: error is %v", variable, value, err)
			}
			if r := w.server.Requests(); len(r) > 0 {
				t.Errorf("%s=%s: asked %v", variable, value, r)
			}
		}
	}
}

func TestADownloadEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if host != "cdn" {
			return false
		}
		rw.Header().Set("Content-Length", "100000")
		_, _ = rw.Write(w.files["model.safetensors"][:5000])
		_ = http.NewResponseController(rw).Flush()
		cancel()
		<-r.Context().Done()
		return true
	})
	_, err := w.hub(t).Ensure(ctx, hub.Request{Name: name})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestADownloadThatStallsIsContinued(t *testing.T) {
	w := newWorld(t)
	w.env["HF_HUB_DOWNLOAD_TIMEOUT"] = "1"
	var stalled atomic.Bool
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if host != "cdn" || stalled.Swap(true) {
			return false
		}
		rw.Header().Set("Content-Length", "100000")
		_, _ = rw.Write(w.files["model.safetensors"][:5000])
		_ = http.NewResponseController(rw).Flush()
		<-r.Context().Done()
		return true
	})
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	w.wantModel(t, folder)
	requests := w.server.Requests()
	if last := requests[len(requests)-1]; last.Range != "bytes=5000-" {
		t.Errorf("the last request's range is %q", last.Range)
	}
}

func TestProgressIsToldPerFile(t *testing.T) {
	w := newWorld(t)
	last := map[string][2]int64{}
	_, err := w.hub(t).Ensure(t.Context(), hub.Request{Name: name, Progress: func(file string, done, total int64) {
		if done < last[file][0] {
			t.Errorf("%s went back from %d to %d", file, last[file][0], done)
		}
		last[file] = [2]int64{done, total}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range needed {
		n := int64(len(w.files[file]))
		if last[file] != [2]int64{n, n} {
			t.Errorf("%s ended at %v, want %d", file, last[file], n)
		}
	}
	if w.log.Len() > 0 {
		t.Errorf("with progress there is a log as well: %s", w.log)
	}
}

func TestAFileThatIsTooLargeForItsKindIsNotDownloaded(t *testing.T) {
	w := newWorld(t)
	w.files["config.json"] = content(5, 1<<20+1)
	w.server.Add(name, w.files)
	_, err := w.ensure(t)
	if !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), "config.json") || !strings.Contains(err.Error(), "1048577 bytes") {
		t.Errorf("error is %v", err)
	}
	for _, r := range w.server.Requests() {
		if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "config.json") {
			t.Errorf("%s was asked for", r.Path)
		}
	}
}
