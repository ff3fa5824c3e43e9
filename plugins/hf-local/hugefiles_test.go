package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// otherKinds are what can stand in the place of a model's file, by what an error says
// of them. Each would block, have no end, or take all the memory.
var otherKinds = map[string]func(path string) error{
	"a named pipe":                     func(path string) error { return syscall.Mkfifo(path, 0o600) },
	"a device":                         func(path string) error { return os.Symlink("/dev/zero", path) },
	"a link that leads nowhere":        func(path string) error { return os.Symlink("nowhere", path) },
	"a link that leads back to itself": func(path string) error { return os.Symlink(filepath.Base(path), path) },
	"a folder":                         func(path string) error { return os.Mkdir(path, 0o700) },
	"6442450944 bytes": func(path string) error {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		return os.Truncate(path, 6<<30)
	},
}

// modelFolder is a model, if slow with its tokenizer in the older files.
func modelFolder(t *testing.T, slow bool) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(cased)); err != nil {
		t.Fatal(err)
	}
	if slow {
		if err := os.Remove(filepath.Join(folder, "tokenizer.json")); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestNoFileOfAModelTakesAllTheMemoryOrBlocks(t *testing.T) {
	files := map[string]bool{ // whether tokenizer.json is missing
		"config.json": false, "tokenizer.json": false, "tokenizer_config.json": false, "special_tokens_map.json": false,
		"added_tokens.json": false, "vocab.txt": true, "model.safetensors": false,
	}
	s := build(t, Params{}, newHost(nil, io.Discard))
	for file, slow := range files {
		for what, makeIt := range otherKinds {
			t.Run(file+" is "+what, func(t *testing.T) {
				folder := modelFolder(t, slow)
				path := filepath.Join(folder, file)
				if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				if err := makeIt(path); err != nil {
					t.Skipf("can't be made here: %v", err)
				}
				_, err := s.Classify(t.Context(), request("printer", folder))
				if err == nil || !strings.Contains(err.Error(), path) {
					t.Fatalf("error is %v", err)
				}
				if file != "model.safetensors" || what != "6442450944 bytes" { // weights may be large: their header says how large
					if !strings.Contains(err.Error(), what) || !errors.Is(err, api.ErrInvalid) {
						t.Errorf("error is %v", err)
					}
				}
				check, err := s.VerifyModel(t.Context(), folder, nil)
				if err != nil || check["ok"] == true {
					t.Errorf("verify: %v, %v", check, err)
				}
				if problem, _ := check["problem"].(string); !strings.Contains(problem, path) {
					t.Errorf("verify doesn't say what classify says: %v", check)
				}
				for _, one := range check["files"].([]any) {
					if f := one.(map[string]any); f["file"] != file && f["state"] != "unchecked" {
						t.Errorf("verify: %v", f)
					}
				}
			})
		}
	}
}

func TestAByteOrderMarkIsNamed(t *testing.T) {
	s := build(t, Params{}, newHost(nil, io.Discard))
	for _, file := range []string{"config.json", "tokenizer.json", "tokenizer_config.json"} {
		folder := modelFolder(t, false)
		path := filepath.Join(folder, file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append([]byte("\xef\xbb\xbf"), text...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Classify(t.Context(), request("printer", folder)); err == nil || !strings.Contains(err.Error(), path+" begins with a byte order mark") || !errors.Is(err, api.ErrInvalid) {
			t.Errorf("%s: error is %v", file, err)
		}
	}
}

func TestASnapshotThatIsALinkIsChecked(t *testing.T) {
	cache := t.TempDir()
	model := filepath.Join(cache, "models--org--name")
	real, err := filepath.Abs(cased)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"refs", "snapshots"} {
		if err := os.MkdirAll(filepath.Join(model, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const commit = "0123456789abcdef0123456789abcdef01234567"
	if err := errors.Join(os.Symlink(real, filepath.Join(model, "snapshots", commit)), os.WriteFile(filepath.Join(model, "refs", "main"), []byte(commit), 0o600)); err != nil {
		t.Fatal(err)
	}
	s := build(t, Params{CacheDir: cache}, newHost(map[string]string{"HF_HUB_OFFLINE": "1"}, io.Discard))
	check, err := s.VerifyModel(t.Context(), "org/name", nil)
	if err != nil || check["ok"] != true || len(check["files"].([]any)) < 3 {
		t.Errorf("verify: %v, %v", check, err)
	}
	list, err := s.ListModels(t.Context())
	if err != nil || len(list) != 1 || list[0]["bytes"].(int64) < 10_000 {
		t.Errorf("list: %v, %v", list, err)
	}
}

// The same in the cache, where files also determine which commit a name stands for.
func TestNoFileOfTheCacheTakesAllTheMemoryOrBlocks(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for what, makeIt := range otherKinds {
		for _, file := range []string{"refs/main", "trees/" + commit + ".json", "snapshots/" + commit + "/config.json", "snapshots/" + commit + "/tokenizer.json"} {
			t.Run(file+" is "+what, func(t *testing.T) {
				cache := t.TempDir()
				model := filepath.Join(cache, "models--org--name")
				if err := os.CopyFS(filepath.Join(model, "snapshots", commit), os.DirFS(cased)); err != nil {
					t.Fatal(err)
				}
				for _, folder := range []string{"refs", "trees"} {
					if err := os.Mkdir(filepath.Join(model, folder), 0o700); err != nil {
						t.Fatal(err)
					}
				}
				if err := os.WriteFile(filepath.Join(model, "refs", "main"), []byte(commit), 0o600); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(model, filepath.FromSlash(file))
				if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				if err := makeIt(path); err != nil {
					t.Skipf("can't be made here: %v", err)
				}
				s := build(t, Params{CacheDir: cache}, newHost(map[string]string{"HF_HUB_OFFLINE": "1"}, io.Discard))
				_, err := s.Classify(t.Context(), request("printer", "org/name"))
				if strings.HasPrefix(file, "trees/") {
					if err != nil {
						t.Errorf("the listing is only a help: %v", err)
					}
				} else if err == nil {
					t.Error("no error")
				}
				if list, err := s.ListModels(t.Context()); err != nil || len(list) != 1 {
					t.Errorf("list: %v, %v", list, err)
				}
				if check, err := s.VerifyModel(t.Context(), "org/name", nil); err == nil && check["ok"] == true && !strings.HasPrefix(file, "trees/") {
					t.Errorf("verify: %v", check)
				}
			})
		}
	}
}
