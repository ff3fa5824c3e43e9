package lastgood

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func example() Configuration {
	return Configuration{
		Time: time.Unix(1000, 0).UTC(), Sources: []File{{"/a/config.yml", []byte("a: 1\n")}}, Named: map[string][]byte{"/a/map.csv": {0, 255}},
		DotEnv: []File{{"/a/.env", []byte("P=secret\n")}}, Secrets: map[string][]byte{"/a/s": []byte("hidden")}, Plugins: []Plugin{{"/p/otai_x.so", "abc", []byte("signed")}},
	}
}

// TestHalfIsNeverTaken cuts and changes a copy at each byte.
func TestHalfIsNeverTaken(t *testing.T) {
	whole, err := example().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(whole); err != nil || cmp.Diff(got, example()) != "" {
		t.Error(err, cmp.Diff(got, example()))
	}
	if _, err := Decode(nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for n := 1; n < len(whole); n++ {
		if _, err := Decode(whole[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		changed := append([]byte{}, whole...)
		changed[n] ^= 1
		if _, err := Decode(changed); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: %v", n, err)
		}
	}
}

func TestTheStateFolderHasNoSecrets(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for range 2 {
		if err := Write(dir, example()); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	want := example()
	want.DotEnv, want.Secrets, want.Plugins = nil, nil, nil
	if got, err := Read(dir); err != nil || cmp.Diff(got, want) != "" {
		t.Error(err, cmp.Diff(got, want))
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "dot_env") || strings.Contains(string(text), "secrets") {
		t.Errorf("%s, %v", text, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Error(left)
	}
	if err := os.Truncate(path, info.Size()-1); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}
