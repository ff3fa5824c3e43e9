// Package tokenizer turns a text into token ids exactly as HuggingFace tokenizers
// and transformers do.
//
// [Load] reads tokenizer.json (tokenizerjson.go), or the files of slow tokenizers,
// which it converts as transformers does (slow), and the settings beside them
// (settings). A text takes these stages through [Tokenizer.Encode], named as
// HuggingFace names them:
//
//	addedtokens    tokens such as [MASK] are cut out
//	normalizers    the rest is changed: lower case, NFC, …
//	pretokenizers  … and split into words
//	models         a word becomes ids; wordcache.go remembers frequent ones
//	processors     special tokens such as [CLS] and [SEP] are put around
//
// Before the last stage the ids are cut to what the classifier's model can read, so
// that a long text keeps its [SEP]. The rooms below serve several stages:
//
//	hfjson       reads tokenizer.json
//	pattern      what Split and Replace seek; onig, the regular expressions of it
//	trie         finds the longest entry of a vocabulary
//	unicodedata  characters as HuggingFace knows them
//
// Every stage takes time in proportion to the text, whatever it contains. Invalid
// UTF-8 counts as U+FFFD.
package tokenizer
