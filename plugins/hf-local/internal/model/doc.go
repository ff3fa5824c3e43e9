// Package model makes a text classifier of a folder as HuggingFace transformers
// saves it.
//
// [Load] reads config.json (keys.go, config.go, labels.go), chooses the network by its
// architectures (architectures.go), reads the tokenizer and the weights, whichever
// file they are in (weights.go, reader.go), and checks them against each other;
// what doesn't fit is an error that names the file and the field or tensor.
// [Model.Classify] then turns texts into token ids, runs the network over all of
// them at once, and turns its logits into labels with confidences as transformers'
// text-classification pipeline does (scores.go).
//
// There are two networks. [bert] is BERT and what descends from it, which differ
// in names, embeddings and head (bert_weights.go, bert.go, head.go); DeBERTa's
// attention and convolution are in deberta.go. [modernBERT] is modernbert.go.
package model
