package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
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
	switch {
	case !ok:
		return fmt.Errorf("weights %s: tensor %.200q is missing", f.path, name)
	case !sameShape(t.Shape, shape):
		return fmt.Errorf("weights %s: tensor %.200q has shape %v, but config.json asks for %v", f.path, name, t.Shape, shape)
	case t.DType != "F32" && t.DType != "F16" && t.DType != "BF16":
		return fmt.Errorf("weights %s: tensor %.200q is %s; supported are F32, F16 and BF16", f.path, name, t.DType)
	}
	return nil
}

// Read fills dst with the tensor, which must have the given shape and as many
// values as dst is long. An infinite value or one that is not a number is an error.
func (f *File) Read(dst []float32, name string, shape ...int) error {
	if err := f.Check(name, shape...); err != nil {
		return err
	}
	t := f.tensors[name]
	width := bytesPerValue[t.DType]
	if int64(len(dst))*width != t.End-t.Begin {
		return fmt.Errorf("weights %s: tensor %.200q has %d values, the destination %d", f.path, name, (t.End-t.Begin)/width, len(dst))
	}
	buffer := make([]byte, min(1<<18, t.End-t.Begin))
	for done := 0; done < len(dst); {
		n := min(len(dst)-done, len(buffer)/int(width))
		part := buffer[:n*int(width)]
		if _, err := f.file.ReadAt(part, f.dataStart+t.Begin+int64(done)*width); err != nil {
			return fmt.Errorf("weights %s: reading tensor %.200q: %w", f.path, name, err)
		}
		if bad := Decode(dst[done:done+n], part, t.DType); bad >= 0 {
			return fmt.Errorf("weights %s: tensor %.200q: value %d is %v, and a model can't compute with it", f.path, name, done+bad, dst[done+bad])
		}
		done += n
	}
	return nil
}

// Decode converts little-endian values of the dtype F32, F16 or BF16 and returns
// the index of the first that is not finite, else -1.
func Decode(dst []float32, src []byte, dtype string) int {
	switch dtype {
	case "F32":
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case "BF16":
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
		}
	case "F16":
		for i := range dst {
			dst[i] = halfToFloat(binary.LittleEndian.Uint16(src[2*i:]))
		}
	}
	const exponent = 0x7f800000
	for i, v := range dst {
		if math.Float32bits(v)&exponent == exponent {
			return i
		}
	}
	return -1
}

// halfToFloat widens an IEEE 754 binary16 value: 1 bit sign, 5 exponent (bias
// 15), 10 fraction. Every such value is exact as a float32.
func halfToFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent := uint32(h>>10) & 0x1f
	fraction := uint32(h) & 0x3ff
	switch exponent {
	case 0: // zero or subnormal: fraction * 2^-24
		v := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	default:
		return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
	}
}
