// Package models turns words into token ids by a vocabulary, as the models of
// HuggingFace tokenizers do.
//
//	model.go      what each of them does
//	read.go       the model of a tokenizer.json; pairs.go: vocab.json with merges.txt
//	bpe.go        byte pair encoding, with its merges and the queue for long words
//	wordpiece.go, unigram.go, wordlevel.go  the others
package models
