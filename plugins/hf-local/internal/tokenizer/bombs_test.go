package tokenizer

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// needsThorough is for what is much like another row, and costs seconds with the race detector.
func needsThorough(t *testing.T) {
	t.Helper()
	if os.Getenv("OTAI_TEST_ALL") == "" && os.Getenv("OTAI_TEST_CHAOS") == "" {
		t.Skip("continuous integration does it: set OTAI_TEST_ALL=1")
	}
}

// Small entries without end take many times the size of their file, unless they are
// counted before they are kept.
func TestNoVocabularyTakesManyTimesItsSize(t *testing.T) {
	repeat := func(open, one, closed string, n int) string {
		return open + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + closed
	}
	numbered := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"t%d":%d`, i, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	const vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"merges":             {map[string]string{"tokenizer.json": repeat(`{"model":{"type":"BPE","vocab":{"a":0},"merges":[`, `"a a"`, "]}}", 5_000_000)}, "more than 4194304 entries"},
		"merges of nothing":  {map[string]string{"tokenizer.json": repeat(`{"model":{"type":"BPE","vocab":{"a":0},"merges":[`, `[]`, "]}}", 5_000_000)}, "more than 4194304 entries"},
		"a vocabulary":       {map[string]string{"tokenizer.json": repeat(`{"model":{"type":"WordPiece","vocab":{`, `"a":0`, "}}}", 5_000_000)}, "more than 4194304 entries"},
		"pieces":             {map[string]string{"tokenizer.json": repeat(`{"model":{"type":"Unigram","vocab":[`, `["",0]`, "]}}", 5_000_000)}, "more than 4194304 entries"},
		"lines":              {map[string]string{"vocab.txt": strings.Repeat("\n", 20<<20)}, "more than 4194304 entries"},
		"added tokens":       {map[string]string{"vocab.txt": vocabulary, "added_tokens.json": numbered(800_000)}, "more than 100000 added tokens"},
		"many added tokens":  {map[string]string{"vocab.txt": vocabulary, "added_tokens.json": numbered(100_000)}, ""},
		"extra tokens":       {map[string]string{"vocab.txt": vocabulary, "tokenizer_config.json": repeat(`{"extra_special_tokens":[`, `"x"`, "]}", 200_000)}, "more than 100000 added tokens"},
		"added tokens in it": {map[string]string{"tokenizer.json": repeat(`{"model":{"type":"WordPiece","vocab":{"[UNK]":0}},"added_tokens":[`, `{}`, "]}", 1_000_000)}, "more than 100000 added tokens"},
		"a decoder":          {map[string]string{"tokenizer_config.json": repeat(`{"added_tokens_decoder":{`, `"1":{}`, "}}", 1_000_000)}, "more than 100000 added tokens"},
		"a long wrong merge": {map[string]string{"tokenizer.json": `{"model":{"type":"BPE","vocab":{"a":0},"merges":["` + strings.Repeat("x", 5<<20) + `"]}}`}, "is not a pair"},
		"a long wrong id":    {map[string]string{"tokenizer.json": `{"model":{"type":"BPE","vocab":{"a":` + strings.Repeat("9", 5<<20) + `}}}`}, "can't be the id"},
		"a long type":        {map[string]string{"tokenizer.json": `{"model":{"type":"` + strings.Repeat("x", 5<<20) + `"}}`}, "type is"},
	} {
		t.Run(name, func(t *testing.T) {
			switch name {
			case "merges of nothing", "a vocabulary", "pieces", "added tokens in it", "a long wrong merge", "a long type":
				needsThorough(t)
			}
			folder, size := t.TempDir(), 0
			for file, text := range c.files {
				size += len(text)
				if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Load(folder)
			runtime.ReadMemStats(&after)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 1000) {
				t.Errorf("error is %.300v", err)
			}
			if took := int(after.TotalAlloc - before.TotalAlloc); c.want != "" && took > 6*size+(1<<20) {
				t.Errorf("it took %d MiB for a file of %d", took>>20, size>>20)
			}
		})
	}
}
