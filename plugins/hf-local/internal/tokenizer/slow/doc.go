// Package slow reads the files of transformers' slow tokenizers, such as vocab.txt, and
// converts them to what a fast tokenizer is made of.
//
//	slow.go           which files a tokenizer's class has
//	convert.go        the conversion, class by class
//	sentencepiece.go  sentencepiece models
package slow
