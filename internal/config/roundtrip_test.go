package config

import (
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A file reaches koanf as YAML that was written anew from its tree. Whatever the
// file holds must come out as it was read.
func FuzzNothingIsLostOnTheWayThroughKoanf(f *testing.F) {
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
		found := &Reporter{}
		root := readFile(Source{Name: "f", Data: data}, found)
		if root == nil {
			return
		}
		l := newLayers(found)
		l.addFile(root)
		want, got := plainValue(root.Plain()), plainValue(l.values.Raw())
		if !reflect.DeepEqual(want, got) && !cmp.Equal(want, got, cmpopts.EquateNaNs()) {
			t.Fatalf("%q\n(-read +merged):\n%s", data, cmp.Diff(want, got, cmpopts.EquateNaNs()))
		}
	})
}
