package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
)

// maxHeader is the format's own limit for the header, in bytes.
const maxHeader = 100_000_000

// Tensor is a tensor's description in the header. Begin and End are offsets in
// bytes from the end of the header.
type Tensor struct {
	DType      string
	Shape      []int
	Begin, End int64
}

// bytesPerValue knows every dtype of the format, also those that can't be read
// as numbers here, so that their sizes are checked.
var bytesPerValue = map[string]int64{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1,
	"U16": 2, "I16": 2, "F16": 2, "BF16": 2,
	"U32": 4, "I32": 4, "F32": 4,
	"U64": 8, "I64": 8, "F64": 8,
}

// readHeader reads the header of a file of size bytes. dataStart is where the
// tensors begin.
func readHeader(r io.ReaderAt, size int64) (tensors map[string]Tensor, dataStart int64, err error) {
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return nil, 0, fmt.Errorf("%d bytes are too few for a header: the file is cut off or something else", size)
	}
	if _, err := r.ReadAt(prefix[:], 0); err != nil {
		return nil, 0, fmt.Errorf("reading the header's length: %w", err)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeader {
		return nil, 0, fmt.Errorf("the header claims %d bytes, more than the format allows: this is not a safetensors file", length)
	}
	dataStart = int64(len(prefix)) + int64(length)
	if dataStart > size {
		return nil, 0, fmt.Errorf("the header claims %d bytes, but the file has only %d: it is cut off", length, size)
	}
	text := make([]byte, length)
	if _, err := r.ReadAt(text, int64(len(prefix))); err != nil {
		return nil, 0, fmt.Errorf("reading the header: %w", err)
	}
	tensors, err = parseHeader(text)
	if err != nil {
		return nil, 0, err
	}
	if err := checkPlaces(tensors, size-dataStart); err != nil {
		return nil, 0, err
	}
	return tensors, dataStart, nil
}

// maxTensors bounds how many tensors a file describes: the largest models have some
// thousands in a file. Each takes many times its size in the header as a Go value.
const maxTensors = 100_000

// parseHeader reads the description of each tensor as it comes, so that it stops at
// the first that can't be.
func parseHeader(text []byte) (map[string]Tensor, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	notJSON := func(err error) error {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("the header is not JSON: %w", err)
	}
	switch open, err := d.Token(); {
	case err != nil:
		return nil, notJSON(err)
	case open != json.Delim('{'):
		return nil, errors.New("the header is not JSON as it has to be: it is not an object")
	}
	tensors := make(map[string]Tensor)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, notJSON(err)
		}
		name, _ := key.(string) // the decoder takes no other
		if len(tensors) >= maxTensors {
			return nil, fmt.Errorf("it describes more than %d tensors, which no model has", maxTensors)
		}
		var entry json.RawMessage
		if err := d.Decode(&entry); err != nil {
			return nil, notJSON(err)
		}
		if name == "__metadata__" {
			continue
		}
		if _, twice := tensors[name]; twice {
			return nil, fmt.Errorf("tensor %.200q is described twice", name)
		}
		t, err := parseTensor(entry)
		if err != nil {
			return nil, fmt.Errorf("tensor %.200q: %w", name, err)
		}
		tensors[name] = t
	}
	if _, err := d.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the header is not JSON: more follows its end")
	}
	return tensors, nil
}

// maxDimensions bounds a tensor's shape: models have up to four.
const maxDimensions = 16

func parseTensor(entry []byte) (Tensor, error) {
	var e struct {
		DType   string  `json:"dtype"`
		Shape   []int64 `json:"shape"`
		Offsets []int64 `json:"data_offsets"`
	}
	if bytes.Equal(bytes.TrimSpace(entry), []byte("null")) {
		return Tensor{}, errors.New("has no description")
	}
	if err := json.Unmarshal(entry, &e); err != nil {
		return Tensor{}, err
	}
	width, ok := bytesPerValue[e.DType]
	if !ok {
		return Tensor{}, fmt.Errorf("unknown dtype %.40q", e.DType)
	}
	if len(e.Offsets) > maxDimensions {
		e.Offsets = e.Offsets[:maxDimensions]
	}
	if len(e.Offsets) != 2 || e.Offsets[0] < 0 || e.Offsets[1] < e.Offsets[0] {
		return Tensor{}, fmt.Errorf("data_offsets %v are not a beginning and an end", e.Offsets)
	}
	if len(e.Shape) > maxDimensions {
		return Tensor{}, fmt.Errorf("its shape has %d dimensions, which no tensor has", len(e.Shape))
	}
	values := int64(1)
	shape := make([]int, len(e.Shape))
	for i, n := range e.Shape {
		if n < 0 || n != 0 && values > math.MaxInt64/8/n {
			return Tensor{}, fmt.Errorf("shape %v is impossible", e.Shape)
		}
		values *= n
		shape[i] = int(n)
	}
	if have := e.Offsets[1] - e.Offsets[0]; values*width != have {
		return Tensor{}, fmt.Errorf("shape %v of %s needs %d bytes, but data_offsets give %d", e.Shape, e.DType, values*width, have)
	}
	return Tensor{DType: e.DType, Shape: shape, Begin: e.Offsets[0], End: e.Offsets[1]}, nil
}

// checkPlaces demands what the format demands: one tensor begins where another
// ends, and the last one ends with the file.
func checkPlaces(tensors map[string]Tensor, size int64) error {
	names := make([]string, 0, len(tensors))
	for name := range tensors {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := tensors[names[i]], tensors[names[j]]
		if a.Begin != b.Begin {
			return a.Begin < b.Begin
		}
		if a.End != b.End {
			return a.End < b.End
		}
		return names[i] < names[j]
	})
	var end int64
	for _, name := range names {
		t := tensors[name]
		if t.End > size {
			return fmt.Errorf("tensor %.200q ends at byte %d of the data, but the file has only %d: it is cut off", name, t.End, size)
		}
		if t.Begin != end {
			return fmt.Errorf("tensor %.200q begins at byte %d of the data instead of %d", name, t.Begin, end)
		}
		end = t.End
	}
	if end != size {
		return fmt.Errorf("%d bytes follow the last tensor", size-end)
	}
	return nil
}
