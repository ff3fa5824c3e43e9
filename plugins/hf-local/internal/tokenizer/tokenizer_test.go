package tokenizer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer"
)

// folderOf returns a folder with those files.
func folderOf(t testing.TB, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// refused are the files of a folder, and what the error about them says.
type refused struct {
	files map[string]string
	says  []string
}

func refuses(t *testing.T, tests map[string]refused) {
	t.Helper()
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			folder := folderOf(t, c.files)
			_, err := tokenizer.Load(folder)
			if err == nil {
				t.Fatal("no error")
			}
			for _, s := range append(c.says, folder) {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't say %q", err, s)
				}
			}
		})
	}
}

func load(t testing.TB, files map[string]string) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Load(folderOf(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// whole is a tokenizer.json; the tests replace parts of it.
const whole = `{
	"added_tokens": [{"id": 3, "content": "[SEP]", "special": true}],
	"normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
	"pre_tokenizer": {"type": "BertPreTokenizer"},
	"post_processor": {"type": "TemplateProcessing",
		"single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
		"special_tokens": {"[CLS]": {"ids": [2]}, "[SEP]": {"ids": [3]}}},
	"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
		"vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "b": 5, "##b": 6, "c": 7, "<x>": 8, ".": 9}}
}`

func TestATextIsCutToItsLimitWithTheSpecialTokensKept(t *testing.T) {
	tests := map[string]struct {
		text      string
		limit     int
		settings  string
		want      []int32
		truncated bool
	}{
		"fits exactly":             {"a b c", 5, `{}`, []int32{2, 4, 5, 7, 3}, false},
		"one too long":             {"a b c", 4, `{}`, []int32{2, 4, 5, 3}, true},
		"only the special tokens":  {"a b c", 2, `{}`, []int32{2, 3}, true},
		"empty":                    {"", 2, `{}`, []int32{2, 3}, false},
		"cut on the left":          {"a b c", 4, `{"truncation_side": "left"}`, []int32{2, 5, 7, 3}, true},
		"cut on the left to none":  {"a b c", 2, `{"truncation_side": "left"}`, []int32{2, 3}, true},
		"separator in the text":    {"a [SEP] b", 9, `{}`, []int32{2, 4, 3, 5, 3}, false},
		"pieces of a word":         {"ab", 9, `{}`, []int32{2, 4, 6, 3}, false},
		"a word without pieces":    {"abq b", 9, `{}`, []int32{2, 1, 5, 3}, false},
		"capitals and punctuation": {"A.B", 9, `{}`, []int32{2, 4, 9, 5, 3}, false},
		"bytes that are not text":  {"a\xff\xfeb", 9, `{}`, []int32{2, 4, 6, 3}, false},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			tok := load(t, map[string]string{"tokenizer.json": whole, "tokenizer_config.json": c.settings})
			got, truncated := tok.Encode(c.text, c.limit)
			if !slices.Equal(got, c.want) || truncated != c.truncated {
				t.Errorf("got %v, %v; want %v, %v", got, truncated, c.want, c.truncated)
			}
		})
	}
}

func TestAddedTokensFollowTheirFlags(t *testing.T) {
	tests := map[string]struct {
		token, text string
		want        []int32
	}{
		"plain, within a word":         {`{"id": 8, "content": "<x>"}`, "a<x>b", []int32{4, 8, 5}},
		"longest first":                {`{"id": 8, "content": "<x>"}, {"id": 10, "content": "<x>>"}`, "<x>>a", []int32{10, 4}},
		"single word, within a word":   {`{"id": 7, "content": "c", "single_word": true}`, "ac c", []int32{1, 7}},
		"single word, beside a mark":   {`{"id": 7, "content": "c", "single_word": true}`, "c.a", []int32{7, 9, 4}},
		"lstrip":                       {`{"id": 8, "content": "<x>", "lstrip": true}`, "a  <x> b", []int32{4, 8, 5}},
		"rstrip":                       {`{"id": 8, "content": "<x>", "rstrip": true}`, "a <x>  <x>  b", []int32{4, 8, 8, 5}},
		"normalized: found in capital": {`{"id": 10, "content": "<X>", "normalized": true}`, "a<X>b<x>", []int32{4, 10, 5, 10}},
		"two that normalize alike":     {`{"id": 10, "content": "<X>", "normalized": true}, {"id": 8, "content": "<x>", "normalized": true}`, "<X> <x>", []int32{8, 8}},
		"raw: not found in capital":    {`{"id": 8, "content": "<x>"}`, "<X>", []int32{1, 1, 1}},
		"another id than the next":     {`{"id": 99, "content": "<y>"}`, "a<y>", []int32{4, 10}},
		"another id than in vocab":     {`{"id": 99, "content": "<x>"}`, "a<x>", []int32{4, 8}},
		"empty content":                {`{"id": 8, "content": ""}`, "a", []int32{4}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(whole, `{"id": 3, "content": "[SEP]", "special": true}`, c.token, 1)
			got, _ := load(t, map[string]string{"tokenizer.json": text}).Encode(c.text, 99)
			if got = got[1 : len(got)-1]; !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestBertProcessingPutsTheSameTokensAround(t *testing.T) {
	begin, end := strings.Index(whole, `{"type": "TemplateProcessing"`), strings.Index(whole, `"model": {`)
	text := whole[:begin] + `{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, ` + whole[end:]
	got, _ := load(t, map[string]string{"tokenizer.json": text}).Encode("a", 9)
	if !slices.Equal(got, []int32{2, 4, 3}) {
		t.Errorf("got %v", got)
	}
}

func TestTokenizerSettingsAreUsed(t *testing.T) {
	tok := load(t, map[string]string{"tokenizer.json": whole, "tokenizer_config.json": `{"model_max_length": 128}`})
	if tok.MaxLength() != 128 || tok.Size() != 10 || tok.Specials() != 2 {
		t.Errorf("max length %d, size %d, specials %d", tok.MaxLength(), tok.Size(), tok.Specials())
	}
	tok = load(t, map[string]string{"tokenizer.json": whole, "tokenizer_config.json": `{"model_max_length": 1000000000000000019884624838656}`})
	if tok.MaxLength() != 0 {
		t.Errorf("no limit became %d", tok.MaxLength())
	}
}

const vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##b\ne\né\nA\n"

func TestAVocabularyIsReadWithItsSettings(t *testing.T) {
	tests := map[string]struct {
		vocabulary, settings, text string
		want                       []int32
	}{
		"lower case is the default":     {vocabulary, `{}`, "Ab É", []int32{4, 5, 6}},
		"case kept":                     {vocabulary, `{"do_lower_case": false}`, "A a é", []int32{8, 4, 7}},
		"accents kept":                  {vocabulary, `{"strip_accents": false}`, "É", []int32{7}},
		"lines of Windows":              {strings.ReplaceAll(vocabulary, "\n", "\r\n"), `{}`, "ab", []int32{4, 5}},
		"no line end at the end":        {strings.TrimSpace(vocabulary), `{"do_lower_case": false}`, "A", []int32{8}},
		"other special tokens":          {"<u>\n<c>\n<s>\na\n", `{"unk_token": "<u>", "cls_token": {"content": "<c>"}, "sep_token": "<s>"}`, "a b <s>", []int32{3, 0, 2}},
		"a special token in the text":   {vocabulary, `{}`, "a[PAD]a", []int32{4, 0, 4}},
		"a token twice: the last count": {vocabulary + "a\n", `{}`, "a", []int32{9}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := load(t, map[string]string{"vocab.txt": c.vocabulary, "tokenizer_config.json": c.settings}).Encode(c.text, 99)
			if got = got[1 : len(got)-1]; !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestADamagedTokenizerIsRefusedWithFileAndField(t *testing.T) {
	with := func(old, new string) map[string]string {
		if !strings.Contains(whole, old) {
			panic(old)
		}
		return map[string]string{"tokenizer.json": strings.Replace(whole, old, new, 1)}
	}
	refuses(t, map[string]refused{
		"none":                           {nil, []string{"neither tokenizer.json nor vocab.txt"}},
		"not JSON":                       {map[string]string{"tokenizer.json": "{"}, []string{"tokenizer.json"}},
		"no model":                       {map[string]string{"tokenizer.json": "{}"}, []string{"tokenizer.json", "model: missing"}},
		"another model":                  {with(`"WordPiece"`, `"Trigram"`), []string{"tokenizer.json", "model", "Trigram", "WordPiece, BPE, Unigram and WordLevel"}},
		"no unknown token":               {with(`"[UNK]": 1`, `"[unk]": 1`), []string{"tokenizer.json", "[UNK]", "unk_token"}},
		"id below zero":                  {with(`"a": 4`, `"a": -4`), []string{"tokenizer.json", "vocab", "-4"}},
		"id that is not a number":        {with(`"a": 4`, `"a": "4"`), []string{"tokenizer.json", "vocab"}},
		"id beyond the integers":         {with(`"a": 4`, `"a": 4000000000`), []string{"tokenizer.json", "vocab"}},
		"another normalizer":             {with(`"BertNormalizer"`, `"NFX"`), []string{"tokenizer.json", "normalizer", "NFX", "BertNormalizer"}},
		"another pre-tokenizer":          {with(`"BertPreTokenizer"`, `"UnicodeScripts"`), []string{"tokenizer.json", "pre_tokenizer", "UnicodeScripts", "BertPreTokenizer"}},
		"another post-processor":         {with(`"TemplateProcessing"`, `"PairProcessing"`), []string{"tokenizer.json", "post_processor", "PairProcessing", "RobertaProcessing"}},
		"template without text":          {with(`{"Sequence": {"id": "A", "type_id": 0}}, `, ``), []string{"post_processor", "no text A"}},
		"template of another type":       {with(`"A", "type_id": 0`, `"A", "type_id": 1`), []string{"post_processor", "type 0"}},
		"template with an unknown token": {with(`"[CLS]": {"ids"`, `"[cls]": {"ids"`), []string{"special_tokens", "[CLS]"}},
		"added token below zero":         {with(`"id": 3,`, `"id": -3,`), []string{"added_tokens", "-3"}},
		"settings that are not JSON":     {map[string]string{"tokenizer.json": whole, "tokenizer_config.json": "["}, []string{"tokenizer_config.json"}},
		"length below one":               {map[string]string{"tokenizer.json": whole, "tokenizer_config.json": `{"model_max_length": 0}`}, []string{"tokenizer_config.json", "model_max_length"}},
		"empty vocabulary":               {map[string]string{"vocab.txt": ""}, []string{"vocab.txt", "empty"}},
		"vocabulary without [CLS]":       {map[string]string{"vocab.txt": "[UNK]\n[SEP]\n"}, []string{"vocab.txt", "[CLS]"}},
		"special token that is a number": {map[string]string{"vocab.txt": vocabulary, "tokenizer_config.json": `{"unk_token": 5}`}, []string{"unk_token", "tokenizer_config.json"}},
		"special token that is empty":    {map[string]string{"vocab.txt": vocabulary, "tokenizer_config.json": `{"cls_token": ""}`}, []string{"cls_token", "empty"}},
	})
}

func TestAMegabyteOfAnythingIsTokenizedInOneGo(t *testing.T) {
	tok := load(t, map[string]string{"tokenizer.json": whole})
	for name, unit := range map[string]string{"letters": "a", "words": "ab ", "marks": "e\u0301", "marks alone": "\u0301", "bad bytes": "\xff", "brackets": "[", "blanks": " ", "ideographs": "你"} {
		t.Run(name, func(t *testing.T) {
			ids, _ := tok.Encode(strings.Repeat(unit, 1<<20/len(unit)), 512)
			if len(ids) > 512 || ids[0] != 2 || ids[len(ids)-1] != 3 {
				t.Errorf("%d ids from %d to %d", len(ids), ids[0], ids[len(ids)-1])
			}
		})
	}
}
