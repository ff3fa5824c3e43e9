package tokenizer

import "testing"

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
	f.Fuzz(func(t *testing.T, text []byte, input string) {
		if tok, err := parseJSON(text); err == nil {
			encodesWithin(t, tok, input)
		}
	})
}

func FuzzVocabulary(f *testing.F) {
	f.Add([]byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\r\n\n"), "ab [MASK] \xff")
	f.Fuzz(func(t *testing.T, text []byte, input string) {
		if tok, err := vocabularyOf(text); err == nil {
			encodesWithin(t, tok, input)
		}
	})
}

// vocabularyOf reads vocab.txt without any settings.
func vocabularyOf(text []byte) (*Tokenizer, error) {
	s := &settings{specials: map[string]addedToken{}, decoder: map[int32]addedToken{}}
	s.preset(bertNames)
	return buildBERT([][]byte{text}, s)
}
