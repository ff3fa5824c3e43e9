package safetensors

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func FuzzHeaderNeverAcceptsATensorOutsideOfTheFile(f *testing.F) {
	add := func(header string, data int) {
		content := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		f.Add(append(append(content, header...), make([]byte, data)...))
	}
	add(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8)
	add(`{"__metadata__":{"format":"pt"},"w":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]}}  `, 4)
	add(`{"v":{"dtype":"BF16","shape":[0,9],"data_offsets":[0,0]},"w":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 1)
	add(`{}`, 0)
	f.Fuzz(func(t *testing.T, content []byte) {
		size := int64(len(content))
		tensors, start, err := readHeader(bytes.NewReader(content), size)
		if err != nil {
			return
		}
		total := int64(0)
		for name, tensor := range tensors {
			if tensor.Begin < 0 || tensor.End < tensor.Begin || start+tensor.End > size {
				t.Errorf("%q is at %d..%d of %d", name, tensor.Begin, tensor.End, size-start)
			}
			values := int64(1)
			for _, n := range tensor.Shape {
				values *= int64(n)
			}
			if values*bytesPerValue[tensor.DType] != tensor.End-tensor.Begin {
				t.Errorf("%q has shape %v in %d bytes", name, tensor.Shape, tensor.End-tensor.Begin)
			}
			total += tensor.End - tensor.Begin
		}
		if total != size-start {
			t.Errorf("the tensors fill %d of %d bytes", total, size-start)
		}
	})
}
