// Package hfjson reads tokenizer.json, most of which is a vocabulary of up to a million
// entries.
//
//	scan.go       a scanner that reads the vocabulary without making Go values of all of it
//	float.go      scores, to the last bit as serde_json and Python read them
//	component.go  the small parts that have a type, such as a normalizer
package hfjson
