package tokenizer_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer"
)

func TestSlowFilesThatAreMissingOrDamagedAreNamed(t *testing.T) {
	refuses(t, map[string]refused{
		"nothing": {nil, []string{"neither tokenizer.json nor vocab.txt", "merges.txt", "spm.model"}},
		"merges only": {
			map[string]string{"vocab.json": "{}", "config.json": `{"model_type": "roberta"}`},
			[]string{"vocab.json with merges.txt", "RobertaTokenizer"},
		},
		"another file than the class has": {
			map[string]string{"vocab.txt": "a", "tokenizer_config.json": `{"tokenizer_class": "XLMRobertaTokenizerFast"}`},
			[]string{"sentencepiece.bpe.model", "XLMRobertaTokenizer"},
		},
		"pieces of nobody":        {map[string]string{"spiece.model": ""}, []string{"spiece.model", "tokenizer_class"}},
		"vocabulary not JSON":     {map[string]string{"vocab.json": "[]", "merges.txt": ""}, []string{"vocab.json"}},
		"id that is not a number": {map[string]string{"vocab.json": `{"a": "b"}`, "merges.txt": ""}, []string{"vocab.json", "no number"}},
		"a merge of three":        {map[string]string{"vocab.json": `{"a": 0}`, "merges.txt": "#version: 0.2\na b c\n"}, []string{"merges.txt, line 2", "a b c"}},
		"a merge of unknown":      {map[string]string{"vocab.json": `{"a": 0}`, "merges.txt": "a b\n"}, []string{"merges", `"b"`}},
		"a merge into unknown":    {map[string]string{"vocab.json": `{"a": 0}`, "merges.txt": "a a\n"}, []string{"merges", `"aa"`}},
		"no sentencepiece":        {map[string]string{"spm.model": "<html>"}, []string{"spm.model", "not a sentencepiece model"}},
		"cut off":                 {map[string]string{"spm.model": "\x0a\x7f"}, []string{"spm.model", "cut off"}},
		"no pieces":               {map[string]string{"spm.model": "\x12\x00"}, []string{"spm.model", "no pieces"}},
		"another algorithm":       {map[string]string{"spm.model": "\x0a\x03\x0a\x01a\x12\x02\x18\x02"}, []string{"spm.model", "model_type is 2"}},
		"a score that is none":    {map[string]string{"spm.model": "\x0a\x08\x0a\x01a\x15\x00\x00\xc0\x7f"}, []string{"spm.model", "NaN"}},
		"a damaged charsmap": {
			map[string]string{"sentencepiece.bpe.model": strings.Repeat("\x0a\x03\x0a\x01a", 4) + "\x1a\x06\x12\x04\xff\xff\xff\x00"},
			[]string{"sentencepiece.bpe.model", "precompiled_charsmap"},
		},
		"added id below zero": {map[string]string{"vocab.txt": vocabulary, "added_tokens.json": `{"x": -1}`}, []string{"added_tokens.json", "-1"}},
		"decoder without ids": {map[string]string{"vocab.txt": vocabulary, "tokenizer_config.json": `{"added_tokens_decoder": {"x": {"content": "y"}}}`}, []string{"added_tokens_decoder", `"x"`}},
	})
}

func TestTokensOfTheSettingsAreAdded(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		text  string
		want  []int32
	}{
		"a special token beside the vocabulary": {map[string]string{"added_tokens.json": `{"<new>": 9}`}, "a<new>", []int32{4, 9}},
		"one with flags":                        {map[string]string{"tokenizer_config.json": `{"added_tokens_decoder": {"9": {"content": "<new>", "lstrip": true, "normalized": false}}}`}, "a <new>", []int32{4, 9}},
		"of the map":                            {map[string]string{"special_tokens_map.json": `{"additional_special_tokens": ["<new>"]}`}, "a<new>", []int32{4, 10}},
		"one for which the model has no row": {
			map[string]string{"special_tokens_map.json": `{"additional_special_tokens": ["<new>"]}`, "config.json": `{"model_type": "bert", "vocab_size": 9}`}, "a<new>", []int32{4, 1, 1, 1},
		},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			c.files["vocab.txt"] = vocabulary
			got, _ := load(t, c.files).Encode(c.text, 99)
			if got = got[1 : len(got)-1]; !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhatATokenizerJSONAsksAndIsNotSupportedIsNamed(t *testing.T) {
	model := `"model": {"type": "WordLevel", "unk_token": "u", "vocab": {"u": 0}}`
	for text, says := range map[string]string{
		`"version": "2.0", ` + model: `version is "2.0"`,
		`"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFX"}]}, ` + model:                                                                                                                  `normalizer: type is "NFX"`,
		`"normalizer": {"type": "Replace", "pattern": {"Regex": "(a)\\1"}, "content": ""}, ` + model:                                                                                                      `normalizer: Replace: the pattern "(a)\\1"`,
		`"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAA"}, ` + model:                                                                                                                  `precompiled_charsmap`,
		`"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "UnicodeScripts"}]}, ` + model:                                                                                                  `pre_tokenizer: type is "UnicodeScripts"`,
		`"pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "Torn", "invert": false}, ` + model:                                                                                   `behavior is "Torn"`,
		`"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "often"}, ` + model:                                                                                                 `prepend_scheme is "often"`,
		`"pre_tokenizer": {"type": "Metaspace", "replacement": "__"}, ` + model:                                                                                                                           `replacement is "__"`,
		`"post_processor": {"type": "Sequence", "processors": [{"type": "Pair"}]}, ` + model:                                                                                                              `post_processor: type is "Pair"`,
		`"post_processor": {"type": "Sequence", "processors": [{"type": "BertProcessing", "sep": ["u", 0], "cls": ["u", 0]}, {"type": "RobertaProcessing", "sep": ["u", 0], "cls": ["u", 0]}]}, ` + model: `post_processor: two parts of a Sequence add special tokens`,
		`"model": {"type": "BPE", "dropout": 0.1, "vocab": {"a": 0}, "merges": []}`:                                                                                                                       `dropout is 0.1`,
		`"model": {"type": "BPE", "vocab": {"a": 0}}`:                                                                                                                                                     `vocab or merges is missing`,
		`"model": {"type": "BPE", "unk_token": "u", "vocab": {"a": 0}, "merges": []}`:                                                                                                                     `vocab has no "u"`,
		`"model": {"type": "Unigram", "unk_id": 7, "vocab": [["a", 0]]}`:                                                                                                                                  `unk_id is 7`,
		`"model": {"type": "Unigram", "unk_id": 0, "vocab": []}`:                                                                                                                                          `vocab is empty`,
		`"model": {"type": "WordLevel", "unk_token": "x", "vocab": {"u": 0}}`:                                                                                                                             `vocab has no "x"`,
		`"model": [1]`: `model: it is not an object`,
	} {
		_, err := tokenizer.Load(folderOf(t, map[string]string{"tokenizer.json": "{" + text + "}"}))
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "tokenizer.json") {
			t.Errorf("%s: %v, which doesn't say %q", text, err, says)
		}
	}
}

// Within the bound of their size, files of nothing but small entries would take many
// times that in memory.
func TestMoreEntriesThanAnyVocabularyHasAreRefused(t *testing.T) {
	const many = 1<<22 + 2
	says := []string{"4194304 entries"}
	refuses(t, map[string]refused{
		// Lines of vocab.txt: see TestNoVocabularyTakesManyTimesItsSize.
		"lines of merges.txt": {map[string]string{"vocab.json": `{"a": 0}`, "merges.txt": strings.Repeat("\n", many)}, append(says, "merges.txt")},
		"sentencepieces":      {map[string]string{"spm.model": strings.Repeat("\x0a\x00", many)}, append(says, "spm.model")},
		"added tokens": {
			map[string]string{"tokenizer.json": `{"added_tokens": [` + strings.Repeat(`{},`, 6<<20) + `{}]}`},
			[]string{"tokenizer.json", "more than the 16777216 that it could need"},
		},
	})
}
