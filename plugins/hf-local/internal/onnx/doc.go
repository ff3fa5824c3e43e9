// Package onnx runs a text classifier that is an ONNX file by ONNX Runtime, whose
// shared library is opened at run time from a path that the user gives. Nothing
// of it is needed, or linked, otherwise.
//
// [Open] opens the library, [Runtime.Load] a model, and [Session.Run] computes the
// logits of token sequences. The binding is github.com/yalue/onnxruntime_go.
package onnx
