// Package pytorch reads the tensors of pytorch_model.bin, as torch.save writes
// them, without running what the file says.
//
// Such a file is a pickle, a program for a small stack machine that builds
// Python objects, together with the tensors' values. The machine here
// (unpickle.go) knows only what state dictionaries are made of: numbers, texts,
// tuples, lists, dictionaries, and a handful of names that stand for tensors
// (names.go). Any other name is refused, so no code can run; what is built is
// bounded by limits.
//
// [Open] reads the pickle, from a zip archive (zip.go) or from the format of
// torch before 1.6 (stream.go), and checks that every tensor lies within the
// file. [File.Read] then reads values where they are.
package pytorch
