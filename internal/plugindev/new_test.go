package plugindev

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestANameHasLettersDigitsAndHyphens(t *testing.T) {
	for name, ok := range map[string]bool{
		"words": true, "my-desk": true, "otai-my-desk": true, "Desk2": true,
		"": false, "otai-": false, "my_desk": false, "-x": false, "x-": false, "a--b": false, "../x": false, "a b": false, "wörter": false,
	} {
		_, err := New(name, filepath.Join(t.TempDir(), "project"))
		if refused := errors.As(err, new(*NameError)); refused == ok || !refused && err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAFolderThatIsInUseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New("words", dir); !errors.As(err, new(*NotEmptyError)) {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("it wrote into it: %v", entries)
	}
	if _, err := New("words", t.TempDir()); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestAFileIsNamedAfterItsModule(t *testing.T) {
	for module, want := range map[string]string{
		"example.com/otai-my-desk":     "otai_my_desk.so",
		"example.com/words":            "otai_words.so",
		"example.com/x/otai_words/v2":  "otai_words.so",
		"words":                        "otai_words.so",
		"example.com/some-where/v2fly": "otai_v2fly.so",
	} {
		if got := fileName(module); got != want {
			t.Errorf("%s: %s, want %s", module, got, want)
		}
	}
}
