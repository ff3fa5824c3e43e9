package pytorch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// magic begins a file of torch before 1.6: the number 0x1950a86a20f9469cfc6c.
var magic = long{0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19}

// readStream reads the format of torch before 1.6, which many older models have:
// pickles of the magic number, the format's version, the writing machine's
// properties, the state dictionary and the storages' keys, and then for each key
// the number of values and the values.
func readStream(r io.ReaderAt, size int64) (map[string]location, error) {
	code := make([]byte, min(maxPickle, size))
	if _, err := r.ReadAt(code, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var values [5]any
	rest := code
	for i, what := range []string{"the magic number", "the version", "the machine's properties", "the state dictionary", "the list of storages"} {
		var err error
		if values[i], rest, err = unpickle(rest); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		if number, ok := values[0].(long); !ok || !bytes.Equal(number, magic) {
			return nil, errors.New("it is a pickle, but not one of torch.save")
		}
	}
	if big(values[2]) {
		return nil, errors.New("it was written on a big-endian machine, which is not supported")
	}
	tensors, err := tensorsOf(values[3])
	if err != nil {
		return nil, err
	}
	begins, err := storages(r, size, int64(len(code)-len(rest)), tensors, values[4])
	if err != nil {
		return nil, err
	}
	return locate(tensors, func(s storage) (int64, error) {
		begin, ok := begins[s.key]
		if !ok {
			return 0, fmt.Errorf("storage %.200q with its values is missing", s.key)
		}
		return begin, nil
	})
}

func big(properties any) bool {
	d, ok := properties.(*dict)
	if !ok {
		return false
	}
	for i, key := range d.keys {
		if key == "little_endian" {
			return d.values[i] == false
		}
	}
	return false
}

// storages returns where the values of each storage begin. Those of storages that
// no tensor uses can't be measured, so there may be none.
func storages(r io.ReaderAt, size, at int64, tensors map[string]tensor, keys any) (map[string]int64, error) {
	known := make(map[string]storage)
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		if s, ok := known[t.storage.key]; ok && s != t.storage {
			return nil, fmt.Errorf("tensor %.200q sees storage %.200q as another kind than others do", name, s.key)
		}
		known[t.storage.key] = t.storage
	}
	list, ok := keys.(*list)
	if !ok {
		return nil, fmt.Errorf("the list of storages is a %s", kind(keys))
	}
	begins := make(map[string]int64, len(known))
	for _, k := range list.items {
		key, _ := k.(string)
		s, ok := known[key]
		if !ok {
			return nil, fmt.Errorf("storage %.200q belongs to no tensor", key)
		}
		var count [8]byte
		if _, err := r.ReadAt(count[:], at); err != nil {
			return nil, fmt.Errorf("storage %.200q is missing: the file is cut off", key)
		}
		at += int64(len(count))
		if n := binary.LittleEndian.Uint64(count[:]); n != uint64(s.values) {
			return nil, fmt.Errorf("storage %.200q has %d values instead of %d", key, n, s.values)
		}
		if s.values > (size-at)/s.width {
			return nil, fmt.Errorf("storage %.200q ends outside of the file: it is cut off", key)
		}
		begins[key] = at
		at += s.values * s.width
	}
	return begins, nil
}
