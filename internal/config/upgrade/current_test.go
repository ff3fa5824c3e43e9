package upgrade

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"go.yaml.in/yaml/v3"
)

// AddFiles adds the files that the patterns find to the inputs of a fuzz target; each
// pattern must find some.
func AddFiles(f *testing.F, patterns ...string) {
	f.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
}

// The short way that [current] is must not pass by anything that the long way changes
// or reports.
func FuzzACurrentFileIsLeftAsItIs(f *testing.F) {
	AddFiles(f, "testdata/*.yml", "../check/testdata/*/*.yml", "../../../examples/*.yml")
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := source.Parse(source.File{Name: "f", Data: data}, &source.Reporter{})
		if doc == nil {
			return
		}
		root := current(doc.Content[0])
		if root == nil {
			return
		}
		before := encoded(t, root)
		diags := &source.Reporter{}
		upgraded := upgradeNodes("f", doc.Content[0], diags, nil)
		if all := diags.All(); len(all) > 0 || upgraded != root || !bytes.Equal(before, encoded(t, root)) {
			t.Errorf("the long way finds %v and makes of\n%s\nthis:\n%s", all, before, encoded(t, root))
		}
	})
}

func TestTheExampleIsInTheCurrentForm(t *testing.T) {
	data, err := os.ReadFile("../../../examples/otobo-znuny.yml")
	if err != nil {
		t.Fatal(err)
	}
	doc := source.Parse(source.File{Name: "f", Data: data}, &source.Reporter{})
	if doc == nil || current(doc.Content[0]) == nil {
		t.Error("it is taken for another one")
	}
}

func encoded(t *testing.T, n *yaml.Node) []byte {
	t.Helper()
	text, err := yaml.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
