package tokenizer

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/settings"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/slow"
)

// encodesWithin demands that whatever was accepted encodes any text into ids
// below its size.
func encodesWithin(t *testing.T, tok *Tokenizer, text string) {
	t.Helper()
	limit := tok.Specials() + 5
	ids, _ := tok.Encode(text, limit)
	if len(ids) > limit {
		t.Fatalf("%d ids, limit %d", len(ids), limit)
	}
	for _, id := range ids {
		if id < 0 || int(id) >= tok.Size() {
			t.Fatalf("id %d of a tokenizer of size %d", id, tok.Size())
		}
	}
}

func FuzzTokenizerJSON(f *testing.F) {
	f.Add([]byte(`{"added_tokens":[{"id":3,"content":"[SEP]","special":true}],"normalizer":{"type":"BertNormalizer","strip_accents":false},`+
		`"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"TemplateProcessing",`+
		`"single":[{"SpecialToken":{"id":"c","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"c":{"ids":[2]}}},`+
		`"model":{"type":"WordPiece","vocab":{"[UNK]":1,"g":4,"##ö":5}}}`), "Gö [SEP] x")
	f.Add([]byte(`{"added_tokens":[{"id":1,"content":"b","normalized":true,"lstrip":true,"rstrip":true,"single_word":true}],`+
		`"normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"},`+
		`"post_processor":{"type":"BertProcessing","sep":["s",3],"cls":["c",2]},"model":{"max_input_chars_per_word":2,"unk_token":"","vocab":{"":0,"a":4}}}`), "a b")
	for _, parts := range []string{
		`"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":"\\s{2,}|[\\n\\t]"},"content":" "},{"type":"Strip","strip_left":true,"strip_right":true},{"type":"Prepend","prepend":"▁"},{"type":"Nmt"}]},` +
			`"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true},` +
			`"post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"RobertaProcessing","sep":["s",1],"cls":["c",0]}]},` +
			`"model":{"type":"Unigram","unk_id":0,"byte_fallback":true,"vocab":[["<unk>",0],["▁a",-1.5],["a",-2],["▁",-3]]}`,
		`"normalizer":{"type":"NFD"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"'s|\\p{N}{1,3}|\\s+(?!\\S)"},"behavior":"MergedWithNext","invert":false},{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}]},` +
			`"model":{"type":"BPE","unk_token":"u","fuse_unk":true,"byte_fallback":true,"ignore_merges":true,"vocab":{"u":0,"Ġ":1,"a":2,"Ġa":3,"aa":4},"merges":[["Ġ","a"],"a a"]}`,
		`"normalizer":{"type":"Lowercase"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Whitespace"},{"type":"Punctuation","behavior":"Contiguous"},{"type":"CharDelimiterSplit","delimiter":"-"},{"type":"FixedLength","length":2},{"type":"WhitespaceSplit"}]},` +
			`"model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"a":1}}`,
		`"pre_tokenizer":null,"model":{"type":"BPE","continuing_subword_prefix":"#","end_of_word_suffix":"$","vocab":{"a":0,"#b$":1,"ab$":2},"merges":["a #b$"]}`,
	} {
		f.Add([]byte(`{"version":"1.0",`+parts+`}`), "aa  ab's 12-34\n")
	}
	f.Fuzz(func(t *testing.T, text []byte, input string) {
		if tok, err := parseJSON(string(text), settings.Overrides{}); err == nil {
			encodesWithin(t, tok, input)
		}
	})
}

func FuzzVocabulary(f *testing.F) {
	f.Add([]byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\r\n\n"), "ab [MASK] \xff")
	f.Fuzz(func(t *testing.T, text []byte, input string) {
		if tok, err := converted("BertTokenizer", text); err == nil {
			encodesWithin(t, tok, input)
		}
	})
}

// converted makes a tokenizer of the files of a slow one, without any settings.
func converted(class string, files ...[]byte) (*Tokenizer, error) {
	s := settings.New()
	parts, err := slow.Convert(class, files, &s)
	if err != nil {
		return nil, err
	}
	return assemble(&s, parts)
}

func FuzzSentencePiece(f *testing.F) {
	piece := "\x0a\x0a\x0a\x03\xe2\x96\x81\x15\x00\x00\x80\xbf"
	f.Add([]byte("\x0a\x07\x0a\x05<unk>"+strings.Repeat(piece, 4)+"\x12\x03\xc0\x02\x00\x1a\x0a\x12\x08\x04\x00\x00\x00\x00\x01\x00\x00"), "a b")
	f.Fuzz(func(t *testing.T, data []byte, input string) {
		for _, class := range []string{"XLMRobertaTokenizer", "CamembertTokenizer", "DebertaV2Tokenizer"} {
			if tok, err := converted(class, data); err == nil {
				encodesWithin(t, tok, input)
			}
		}
	})
}

func FuzzPairs(f *testing.F) {
	f.Add([]byte(`{"a":0,"b":1,"ab":2,"<s>":3,"</s>":4}`), []byte("#version: 0.2\na b\n"), "ab <mask>")
	f.Fuzz(func(t *testing.T, vocabulary, merges []byte, input string) {
		if tok, err := converted("RobertaTokenizer", vocabulary, merges); err == nil {
			encodesWithin(t, tok, input)
		}
	})
}
