// Package model makes a text classifier of a folder as HuggingFace transformers
// saves it.
//
// [Load] reads config.json, chooses the network by its architectures, reads the
// weights from model.safetensors and the tokenizer from tokenizer.json or
// vocab.txt, and checks them against each other; what doesn't fit is an error
// that names the file and the field or tensor. [Model.Classify] then turns texts
// into token ids, runs the network over all of them at once, and turns its logits
// into scores as transformers' text-classification pipeline does.
//
// A network is one file of weights and one of computation: bert_weights.go and
// bert.go.
package model
