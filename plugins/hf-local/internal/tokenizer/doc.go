// Package tokenizer turns a text into token ids exactly as HuggingFace tokenizers
// and transformers do.
//
// [Load] reads tokenizer.json (json.go, json_parts.go and json_model.go, over the
// scanner of scan.go), or the files of slow tokenizers, which it converts as
// transformers does (slow.go, sentencepiece.go), and the settings beside them
// (settings.go).
//
// The way of a text through [Tokenizer.Encode] is this: added tokens such as
// [MASK] are cut out (added.go); the rest is normalized (normalize.go,
// normalform.go, charsmap.go) and split into words (split.go); a word that was
// seen lately is known (words.go), any other is turned into ids by the model
// (wordpiece.go, bpe.go, unigram.go, wordlevel.go, and trie.go). Then the ids are
// cut to what the model of the classifier can read, and the special tokens of the
// template are put around them, so that a long text keeps its [SEP].
//
// Every step takes time in proportion to the text, whatever it holds. Invalid
// UTF-8 counts as U+FFFD. How characters are classed is recorded from HuggingFace
// itself, whose parts each know another Unicode than Go: categories.go, tables.go.
package tokenizer
