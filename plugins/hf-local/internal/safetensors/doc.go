// Package safetensors reads the weights of a model from a .safetensors file.
//
// Open reads and checks the header: its length, the dtype, shape and place of
// each tensor, and that the tensors fill the file without gap or overlap. A file
// that was cut off while it was copied is found here, before anything is
// computed. [File.Read] then fills a slice with one tensor, whose shape the
// caller knows, and refuses values that are not numbers.
//
// The file is read, not mapped: a mapped file that somebody shortens while a
// model is in use would end the whole process with SIGBUS.
//
// The format is described in the README of the safetensors project.
package safetensors
