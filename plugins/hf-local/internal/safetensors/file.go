package safetensors

import (
	"errors"
	"fmt"
	"os"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// File is an open file of tensors. It is safe for concurrent use.
type File struct {
	path      string
	file      *os.File
	size      int64
	dataStart int64
	tensors   map[string]Tensor
}

// Open reads the header of the file at path and checks it. Every error names the
// file and, where it is about one, the tensor.
func Open(path string) (*File, error) {
	file, size, err := modelfile.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the weights: %w", err)
	}
	f, err := read(path, file, size)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("weights %s: %w", path, err), file.Close())
	}
	return f, nil
}

func read(path string, file *os.File, size int64) (*File, error) {
	tensors, start, err := readHeader(file, size)
	if err != nil {
		return nil, err
	}
	return &File{path: path, file: file, size: size, dataStart: start, tensors: tensors}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Path returns the path that the file was opened with.
func (f *File) Path() string { return f.path }

// Size returns the size of the file in bytes.
func (f *File) Size() int64 { return f.size }

// Has reports whether there is a tensor of that name.
func (f *File) Has(name string) bool {
	_, ok := f.tensors[name]
	return ok
}

// Tensor returns the description of a tensor.
func (f *File) Tensor(name string) (Tensor, bool) {
	t, ok := f.tensors[name]
	return t, ok
}

// Check reports whether the file has a tensor of that shape that [File.Read] can
// read.
func (f *File) Check(name string, shape ...int) error {
	t, ok := f.tensors[name]
	if !ok {
		return fmt.Errorf("weights %s: tensor %.200q is missing", f.path, name)
	}
	return f.values(name, t).Check(t.Shape, shape)
}

func (f *File) values(name string, t Tensor) Values {
	return Values{Path: f.path, Name: name, File: f.file, Begin: f.dataStart + t.Begin, Bytes: t.End - t.Begin, DType: t.DType}
}

// Read fills dst with the tensor, which must have the given shape and as many
// values as dst is long. An infinite value or one that is not a number is an error.
func (f *File) Read(dst []float32, name string, shape ...int) error {
	if err := f.Check(name, shape...); err != nil {
		return err
	}
	return f.values(name, f.tensors[name]).Read(dst)
}
