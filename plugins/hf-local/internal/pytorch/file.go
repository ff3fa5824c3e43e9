package pytorch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/safetensors"
)

// File is an open file of tensors. It is safe for concurrent use.
type File struct {
	path    string
	file    *os.File
	tensors map[string]location
}

// location is where a tensor is in the file.
type location struct {
	dtype string
	width int64 // bytes of a value
	shape []int
	order []int // see tensor
	begin int64 // in the file
	bytes int64
}

// Open reads which tensors the file at path has. Every error names the file and,
// where it is about one, the tensor.
func Open(path string) (*File, error) {
	file, size, err := modelfile.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the weights: %w", err)
	}
	tensors, err := readTensors(file, size)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("weights %s: %w", path, err), file.Close())
	}
	return &File{path: path, file: file, tensors: tensors}, nil
}

// readTensors finds out which of torch's formats a file has, and reads it.
func readTensors(r io.ReaderAt, size int64) (map[string]location, error) {
	head := make([]byte, min(512, size))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	const ustar = 257 // where a tar archive says what it is
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return readZip(r, size)
	case bytes.HasPrefix(head, []byte{opProto}):
		return readStream(r, size)
	case len(head) > ustar+5 && string(head[ustar:][:5]) == "ustar":
		return nil, errors.New("it is a tar archive, the format of torch before 0.1.10, which is not supported: load it with a newer torch and save it as model.safetensors")
	case bytes.HasPrefix(head, []byte("version https://git-lfs")):
		return nil, errors.New("it is a pointer of Git LFS instead of the weights: get them with git lfs pull")
	}
	return nil, errors.New("it is nothing that torch.save writes: the file is damaged or something else")
}

// locate puts tensors into the file, whose storages begin where begin says.
func locate(tensors map[string]tensor, begin func(storage) (int64, error)) (map[string]location, error) {
	locations := make(map[string]location, len(tensors))
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		first, err := begin(t.storage)
		if err != nil {
			return nil, fmt.Errorf("tensor %.200q: %w", name, err)
		}
		values := int64(1)
		for _, n := range t.shape {
			values *= int64(n)
		}
		locations[name] = location{
			dtype: t.storage.dtype, width: t.storage.width, shape: t.shape, order: t.order,
			begin: first + t.offset*t.storage.width, bytes: values * t.storage.width,
		}
	}
	return locations, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Path returns the path that the file was opened with.
func (f *File) Path() string { return f.path }

// Has reports whether there is a tensor of that name.
func (f *File) Has(name string) bool {
	_, ok := f.tensors[name]
	return ok
}

// Check reports whether the file has a tensor of that shape that [File.Read] can
// read.
func (f *File) Check(name string, shape ...int) error {
	t, ok := f.tensors[name]
	if !ok {
		return fmt.Errorf("weights %s: tensor %.200q is missing", f.path, name)
	}
	return f.values(name, t).Check(t.shape, shape)
}

func (f *File) values(name string, t location) safetensors.Values {
	return safetensors.Values{Path: f.path, Name: name, File: f.file, Begin: t.begin, Bytes: t.bytes, DType: t.dtype}
}

// Read fills dst with the tensor, which must have the given shape and as many
// values as dst is long. An infinite value or one that is not a number is an error.
func (f *File) Read(dst []float32, name string, shape ...int) error {
	if err := f.Check(name, shape...); err != nil {
		return err
	}
	t := f.tensors[name]
	values := f.values(name, t)
	if slices.IsSorted(t.order) {
		return values.Read(dst)
	}
	// Before there is room made for them.
	if err := values.CheckCount(len(dst)); err != nil {
		return err
	}
	stored := make([]float32, len(dst))
	if err := values.Read(stored); err != nil {
		return err
	}
	reorder(dst, stored, t)
	return nil
}

// reorder puts values that lie in the order of t's steps into that of its
// dimensions.
func reorder(dst, stored []float32, t location) {
	steps, step := make([]int, len(t.shape)), 1
	for _, i := range slices.Backward(t.order) {
		steps[i] = step
		step *= t.shape[i]
	}
	at := make([]int, len(t.shape)) // the place of the next value, by dimension
	from := 0
	for i := range dst {
		dst[i] = stored[from]
		for d := len(at) - 1; d >= 0; d-- {
			at[d]++
			from += steps[d]
			if at[d] < t.shape[d] {
				break
			}
			from -= steps[d] * at[d]
			at[d] = 0
		}
	}
}
