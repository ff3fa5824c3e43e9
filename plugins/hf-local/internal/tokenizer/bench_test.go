package tokenizer_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer"
)

// BenchmarkEncode encodes texts, one after the other on one thread, with each kind
// of tokenizer. OTAI_TOKENIZER_BENCH may name a folder with texts.json and a
// folder for each tokenizer: tools/hf-reference/bench_tokenizers.py makes one, to
// compare with HuggingFace.
func BenchmarkEncode(b *testing.B) {
	folder := os.Getenv("OTAI_TOKENIZER_BENCH")
	if folder == "" {
		texts := readStrings(b, "testdata")[:60]
		paths, _ := filepath.Glob("testdata/*.zip")
		for _, path := range paths {
			benchmark(b, strings.TrimSuffix(filepath.Base(path), ".zip"), readRecorded(b, path).Tokenizer, texts)
		}
		return
	}
	text, err := os.ReadFile(filepath.Join(folder, "texts.json"))
	if err != nil {
		b.Fatal(err)
	}
	var texts []string
	if err := json.Unmarshal(text, &texts); err != nil {
		b.Fatal(err)
	}
	configs, _ := filepath.Glob(filepath.Join(folder, "*", "config.json"))
	for _, config := range configs {
		tok, err := tokenizer.Load(filepath.Dir(config))
		if err != nil {
			b.Fatal(err)
		}
		benchmark(b, filepath.Base(filepath.Dir(config)), tok, texts)
	}
}

func benchmark(b *testing.B, name string, tok *tokenizer.Tokenizer, texts []string) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(len(strings.Join(texts, ""))))
		b.ReportAllocs()
		for b.Loop() {
			for _, text := range texts {
				tok.Encode(text, 1<<20)
			}
		}
	})
}

// BenchmarkLoad reads a tokenizer.json as large as that of XLM-RoBERTa.
func BenchmarkLoad(b *testing.B) {
	var file strings.Builder
	file.WriteString(`{"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"},` +
		`"post_processor":null,"model":{"type":"Unigram","unk_id":3,"vocab":[["<s>",0.0],["<pad>",0.0],["</s>",0.0],["<unk>",0.0]`)
	for _, piece := range manyPieces(250_000) {
		file.WriteString(`,["` + piece + `",-12.345678]`)
	}
	file.WriteString(`]}}`)
	folder := folderOf(b, map[string]string{"tokenizer.json": file.String()})
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokenizer.Load(folder); err != nil {
			b.Fatal(err)
		}
	}
}

// manyPieces makes pieces that share beginnings as those of a language do.
func manyPieces(n int) []string {
	syllables := strings.Fields("ge be ver zer ab auf ein um un ung heit keit lich isch bar ion tät er en te st sch ck pf qu au ei eu äu ö ü 打 印 机 при нт ер ता ना की")
	all := make([]string, n)
	for i := range all {
		var b strings.Builder
		if i%2 == 0 {
			b.WriteString("▁")
		}
		for k := i/2 + 1; k > 0; k /= len(syllables) {
			b.WriteString(syllables[k%len(syllables)])
		}
		all[i] = b.String()
	}
	return all
}
