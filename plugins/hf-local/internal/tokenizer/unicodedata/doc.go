// Package unicodedata classifies, decomposes and composes characters as HuggingFace
// tokenizers does. Its parts each have the tables of another Unicode version than Go's,
// so the tables here were recorded from the library itself.
//
//	sets.go        which characters are punctuation, marks, numbers …; lower case
//	normalform.go  NFC, NFD, NFKC, NFKD
//	grapheme.go    grapheme clusters
//	categories.go, tables.go  the recorded tables
package unicodedata
