// Package tokenizer turns a text into token ids exactly as HuggingFace tokenizers
// does.
//
// [Load] reads tokenizer.json, or vocab.txt with tokenizer_config.json. The way of
// a text through [Tokenizer.Encode] is the order of the files: added tokens such
// as [MASK] are cut out (added.go), the rest is normalized (normalize.go), split
// into words (split.go) and these into pieces of the vocabulary (wordpiece.go);
// then it is cut to the length that the model can read, and the special tokens of
// the template are put around it (template.go), so that a long text keeps its
// [SEP].
//
// Invalid UTF-8 counts as U+FFFD. The categories of characters are those of the
// Rust crates that HuggingFace uses, which know an older Unicode than Go:
// categories.go has them as HuggingFace itself answered for every character.
package tokenizer
