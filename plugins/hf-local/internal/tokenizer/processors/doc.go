// Package processors reads the post-processor of a tokenizer.json: which special tokens,
// such as [CLS] and [SEP], are put around a text.
package processors
