package config

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"go.yaml.in/yaml/v3"
)

// Whatever a file holds, its values come out of koanf as they went in, and koanf's own
// YAML parser, which knows no places, finds the same.
func FuzzTheTreeHasTheValuesThatKoanfReads(f *testing.F) {
	for _, seed := range []string{
		"a: 1\nb: [x, {c: ~}]\n",
		"a: 1e3\nb: -.inf\nc: .nan\nd: 18446744073709551615\ne: 0x1F\n",
		"'': ''\n' ': \" \"\n'y': y\n'on': on\n'1': '1'\n",
		"a: \"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\x7f\\x85\\u00a0\\u2028\\u2029\\uFEFF\\U0001F600\"\n",
		"a: |2+\n   x\n  # y\n\n\nb: >-\n  a\n\n    b\n---\n",
		"a: &a {b: c}\nd: {<<: *a, e: *a}\n? f\n: 2001-01-01\n",
		"a: ' leading'\nb: 'trailing '\nc: '- x'\nd: 'x: y'\ne: 'x #y'\nf: '!x'\n",
		"a: ? b\n",
		"a: {}\nb: []\nc:\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) {
			return
		}
		diags := &Reporter{}
		doc := source.Parse(Source{Name: "f", Data: data}, diags)
		if doc == nil {
			return
		}
		root := source.Expand("f", doc.Content[0], diags)
		if root == nil || len(diags.List) > 0 {
			return
		}
		l := &layers{merged: koanf.New(pathDelimiter), order: map[string]int{}, diags: diags}
		if !l.load(confmap.Provider(l.numbered(root, nil), ""), nil, "f") {
			t.Fatal(diags.List)
		}
		want, got := root.Plain(), l.root().Plain()
		if !cmp.Equal(want, got, cmpopts.EquateNaNs()) {
			t.Fatalf("%q\n(-read +merged):\n%s", data, cmp.Diff(want, got, cmpopts.EquateNaNs()))
		}
		if !onlyText(doc.Content[0], map[*yaml.Node]bool{}) {
			return
		}
		if read, err := koanfyaml.Parser().Unmarshal(data); err == nil && !cmp.Equal(any(read), got, cmpopts.EquateNaNs()) {
			t.Fatalf("%q\n(-koanf's parser +tree):\n%s", data, cmp.Diff(any(read), got, cmpopts.EquateNaNs()))
		}
	})
}

// onlyText is true where all keys are text, and no value is a time: of these the tree
// has the text that was written.
func onlyText(n *yaml.Node, seen map[*yaml.Node]bool) bool {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if seen[n] {
		return true
	}
	seen[n] = true
	for i, inner := range n.Content {
		key := n.Kind == yaml.MappingNode && i%2 == 0
		if key && !slices.Contains([]string{"!!str", "!!merge"}, inner.ShortTag()) || !onlyText(inner, seen) {
			return false
		}
	}
	return n.ShortTag() != "!!timestamp"
}
