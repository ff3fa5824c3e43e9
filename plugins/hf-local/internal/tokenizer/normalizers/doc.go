// Package normalizers changes a text before it is split into words, as the normalizers
// of HuggingFace tokenizers do.
//
//	normalizer.go   what each of them does
//	parse.go        the normalizer of a tokenizer.json
//	bert.go, lowercase.go, strip.go, replace.go, bytelevel.go  the simple ones
//	precompiled.go  the character maps of sentencepiece
package normalizers
