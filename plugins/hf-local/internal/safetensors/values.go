package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// Values is where the values of one tensor are in a file, of this format or another that
// stores them alike.
type Values struct {
	Path  string // of the file, for errors
	Name  string // of the tensor, for errors
	File  io.ReaderAt
	Begin int64
	Bytes int64
	DType string
}

// Check reports whether a tensor of the shape has can be read as one of the shape wanted.
func (v Values) Check(has, wanted []int) error {
	switch {
	case !slices.Equal(has, wanted):
		return fmt.Errorf("weights %s: tensor %.200q has shape %v, but config.json asks for %v", v.Path, v.Name, has, wanted)
	case v.DType != "F32" && v.DType != "F16" && v.DType != "BF16":
		return fmt.Errorf("weights %s: tensor %.200q is %s; supported are F32, F16 and BF16", v.Path, v.Name, v.DType)
	}
	return nil
}

// CheckCount reports whether there are as many values as the destination has room for.
func (v Values) CheckCount(n int) error {
	if width := bytesPerValue[v.DType]; int64(n)*width != v.Bytes {
		return fmt.Errorf("weights %s: tensor %.200q has %d values, the destination %d", v.Path, v.Name, v.Bytes/width, n)
	}
	return nil
}

// Read fills dst with the values in the order in which they are stored. An infinite value
// or one that is not a number is an error.
func (v Values) Read(dst []float32) error {
	if err := v.CheckCount(len(dst)); err != nil {
		return err
	}
	width := bytesPerValue[v.DType]
	buffer := make([]byte, min(1<<18, v.Bytes))
	for done := 0; done < len(dst); {
		n := min(len(dst)-done, len(buffer)/int(width))
		part := buffer[:n*int(width)]
		if _, err := v.File.ReadAt(part, v.Begin+int64(done)*width); err != nil {
			return fmt.Errorf("weights %s: reading tensor %.200q: %w", v.Path, v.Name, err)
		}
		if bad := decode(dst[done:done+n], part, v.DType); bad >= 0 {
			return fmt.Errorf("weights %s: tensor %.200q: value %d is %v, and a model can't compute with it", v.Path, v.Name, done+bad, dst[done+bad])
		}
		done += n
	}
	return nil
}

// decode converts little-endian values of the dtype F32, F16 or BF16 and returns
// the index of the first that is not finite, else -1.
func decode(dst []float32, src []byte, dtype string) int {
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
