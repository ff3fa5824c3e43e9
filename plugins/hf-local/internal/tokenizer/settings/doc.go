// Package settings reads the files beside a tokenizer's vocabulary: tokenizer_config.json,
// special_tokens_map.json, added_tokens.json and what config.json says about it.
//
//	settings.go   what is read
//	overrides.go  what of it wins over tokenizer.json
package settings
