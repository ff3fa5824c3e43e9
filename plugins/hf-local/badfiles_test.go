package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever is wrong with a model's files, its error names the file, and the service
// goes on with other models.
func TestADamagedFileIsNamedAndTheServiceGoesOn(t *testing.T) {
	damages := map[string]func(whole []byte) []byte{
		"missing":     nil,
		"empty":       func([]byte) []byte { return nil },
		"cut":         func(whole []byte) []byte { return whole[:len(whole)/2] },
		"cut early":   func(whole []byte) []byte { return whole[:min(5, len(whole))] },
		"overwritten": func(whole []byte) []byte { return []byte(strings.Repeat("\xff\x00", len(whole)/2)) },
		"a web page":  func([]byte) []byte { return []byte("<!doctype html><title>log in</title>") },
		"an LFS pointer": func([]byte) []byte {
			return []byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
		},
		"JSON of another kind": func([]byte) []byte { return []byte(`[1,2,3]`) },
		"null":                 func([]byte) []byte { return []byte(`null`) },
	}
	s := build(t, Params{}, newHost(nil, io.Discard))
	for _, file := range []string{"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"} {
		for what, damage := range damages {
			if file == "tokenizer_config.json" && (what == "missing" || what == "null") {
				continue // it may be missing
			}
			t.Run(file+" is "+what, func(t *testing.T) {
				folder := t.TempDir()
				if err := os.CopyFS(folder, os.DirFS(cased)); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(folder, file)
				whole, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if damage != nil {
					if err := os.WriteFile(path, damage(whole), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				_, err = s.Classify(t.Context(), request("printer", folder))
				if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), folder) {
					t.Errorf("error is %v", err)
				}
				if _, err := s.Classify(t.Context(), request("printer", uncased)); err != nil {
					t.Errorf("another model: %v", err)
				}
			})
		}
	}
}

// A folder or a pipe in the place of a file must neither block nor crash.
func TestWhatIsNoFileIsNamed(t *testing.T) {
	s := build(t, Params{}, newHost(nil, io.Discard))
	for _, file := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		folder := t.TempDir()
		if err := os.CopyFS(folder, os.DirFS(cased)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, file)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Classify(t.Context(), request("printer", folder)); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s is a folder: error is %v", file, err)
		}
	}
}
