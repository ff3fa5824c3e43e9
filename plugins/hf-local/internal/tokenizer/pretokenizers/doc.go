// Package pretokenizers splits a text into words, as the pre-tokenizers of HuggingFace
// tokenizers do.
//
//	span.go       a part of a text, and what splits it
//	parse.go      the pre-tokenizer of a tokenizer.json
//	words.go      at white space and punctuation: BERT and the simple ones
//	split.go      at delimiters, by pattern
//	metaspace.go  as sentencepiece does
//	bytelevel.go  as GPT-2 does
package pretokenizers
