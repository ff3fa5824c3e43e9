package hub_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
)

func open(folder string, env map[string]string) *hub.Hub {
	return hub.New(hub.Options{CacheDir: folder, Env: environment(env), Log: slog.New(slog.DiscardHandler)})
}

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}
}

// addModel puts a model into a cache folder as huggingface_hub does, and returns
// its snapshot.
func addModel(t *testing.T, cache, name, revision string) string {
	t.Helper()
	model := filepath.Join(cache, "models--"+strings.ReplaceAll(name, "/", "--"))
	snapshot := filepath.Join(model, "snapshots", revision)
	for _, folder := range []string{filepath.Join(model, "refs"), snapshot} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(model, "refs", "main"), []byte(revision), 0o600); err != nil {
		t.Fatal(err)
	}
	return snapshot
}

func TestTheCacheIsWhereTheEnvironmentSaysInTheOrderOfHuggingFace(t *testing.T) {
	root := t.TempDir()
	in := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	all := map[string]string{"HF_HUB_CACHE": in("hubcache"), "HF_HOME": in("hfhome"), "XDG_CACHE_HOME": in("xdg"), "HOME": in("home")}
	without := func(names ...string) map[string]string {
		out := map[string]string{}
		for k, v := range all {
			out[k] = v
		}
		for _, n := range names {
			delete(out, n)
		}
		return out
	}
	tests := map[string]struct {
		folder string
		env    map[string]string
		cache  string
	}{
		"the param":               {in("param"), all, in("param")},
		"HF_HUB_CACHE":            {"", all, in("hubcache")},
		"HUGGINGFACE_HUB_CACHE":   {"", map[string]string{"HUGGINGFACE_HUB_CACHE": in("legacy"), "HF_HOME": in("hfhome")}, in("legacy")},
		"a variable within":       {"", map[string]string{"HF_HUB_CACHE": "$HOME/${SUB}/x", "HOME": in("home"), "SUB": "sub"}, in("home", "sub", "x")},
		"HF_HOME":                 {"", without("HF_HUB_CACHE"), in("hfhome", "hub")},
		"HF_HOME below HOME":      {"", map[string]string{"HF_HOME": "~/hf", "HOME": in("home")}, in("home", "hf", "hub")},
		"XDG_CACHE_HOME":          {"", without("HF_HUB_CACHE", "HF_HOME"), in("xdg", "huggingface", "hub")},
		"HOME":                    {"", without("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"), in("home", ".cache", "huggingface", "hub")},
		"an empty value is unset": {"", map[string]string{"HF_HUB_CACHE": "", "HF_HOME": in("hfhome")}, in("hfhome", "hub")},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			want := addModel(t, c.cache, "org/bert", "abc123")
			got, err := open(c.folder, c.env).Locate("org/bert")
			if err != nil || got != want {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
			if err := os.RemoveAll(c.cache); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestWithoutAnyPlaceInTheEnvironmentTheHostsOwnIsTaken(t *testing.T) {
	for env, want := range map[string]string{"": "/var/cache/otai/huggingface/hub", "/home/x": "/home/x/.cache/huggingface/hub"} {
		h := hub.New(hub.Options{Fallback: "/var/cache/otai", Env: environment(map[string]string{"HOME": env}), Log: slog.New(slog.DiscardHandler)})
		if got := h.Cache().Folder(); got != want {
			t.Errorf("HOME=%s: %s, want %s", env, got, want)
		}
	}
}

func TestAModelWithoutOrganisationIsFound(t *testing.T) {
	cache := t.TempDir()
	want := addModel(t, cache, "bert-base", "1")
	if got, err := open(cache, nil).Locate("bert-base"); err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAFolderIsFoundByAnyPath(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	want := filepath.Join(root, "models", "queue")
	if err := os.MkdirAll(want, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{want, "models/queue", "./models/queue", "models/../models/queue"} {
		if got, err := open("", nil).Locate(path); err != nil || got != want {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
}

func TestAModelThatIsNotThereSaysWhereItWasSoughtAndWhatToDo(t *testing.T) {
	root := t.TempDir()
	cache := filepath.Join(root, "cache")
	broken := filepath.Join(addModel(t, cache, "org/noref", "1"), "..", "..", "refs", "main")
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(addModel(t, cache, "org/nosnapshot", "1")); err != nil {
		t.Fatal(err)
	}
	addModel(t, cache, "org/evil", "1")
	if err := os.WriteFile(filepath.Join(cache, "models--org--evil", "refs", "main"), []byte("../../../etc"), 0o600); err != nil {
		t.Fatal(err)
	}
	addModel(t, cache, "org/empty", "1")
	tests := map[string]struct {
		cache, name string
		is          error
		says        []string
	}{
		"nothing":                {cache, "", api.ErrInvalid, []string{"model_name"}},
		"absolute path":          {cache, filepath.Join(root, "none"), api.ErrNotFound, []string{filepath.Join(root, "none")}},
		"relative path":          {cache, "./none", api.ErrNotFound, []string{"./none"}},
		"name":                   {cache, "org/none", api.ErrNotFound, []string{"org/none", filepath.Join(cache, "models--org--none"), "HF_HUB_OFFLINE", "copy"}},
		"revision":               {cache, "org/empty@v1", api.ErrNotFound, []string{"org/empty@v1", filepath.Join("refs", "v1")}},
		"name without any cache": {"", "org/none", api.ErrInvalid, []string{"cache_dir", "HF_HOME"}},
		"download that broke":    {cache, "org/noref", api.ErrNotFound, []string{"refs", "HF_HUB_OFFLINE"}},
		"snapshot that is gone":  {cache, "org/nosnapshot", api.ErrNotFound, []string{"snapshots", "HF_HUB_OFFLINE"}},
		"snapshot without files": {cache, "org/empty", api.ErrNotFound, []string{"lacks config.json, tokenizer.json, model.safetensors", "HF_HUB_OFFLINE"}},
		"ref that is a path":     {cache, "org/evil", api.ErrInvalid, []string{"../../../etc", "not a commit"}},
		"name with three parts":  {cache, "a/b/c", api.ErrInvalid, []string{"a/b/c"}},
		"name that climbs":       {cache, "org/..", api.ErrInvalid, []string{"org/.."}},
		"revision that climbs":   {cache, "org/x@../../y", api.ErrInvalid, []string{"org/x@../../y"}},
		"empty revision":         {cache, "org/x@", api.ErrInvalid, []string{"org/x@"}},
		"name with a blank":      {cache, "my model", api.ErrInvalid, []string{"my model"}},
		"name with NUL":          {cache, "a\x00b", api.ErrInvalid, []string{`a\x00b`}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			h := open(c.cache, map[string]string{"HF_HUB_OFFLINE": "1"})
			_, err := h.Ensure(t.Context(), hub.Request{Name: c.name})
			if !errors.Is(err, c.is) {
				t.Fatalf("error is %v, want %v", err, c.is)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't say %q", err, s)
				}
			}
		})
	}
}
