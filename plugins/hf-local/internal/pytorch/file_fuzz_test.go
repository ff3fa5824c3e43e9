package pytorch

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func seeds(f *testing.F) {
	files, err := filepath.Glob("../../testdata/torch/*.bin")
	if err != nil || len(files) < 6 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
}

func FuzzFileNeverAcceptsATensorOutsideOfIt(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, content []byte) {
		size := int64(len(content))
		tensors, err := readTensors(bytes.NewReader(content), size)
		if err != nil {
			return
		}
		for name, p := range tensors {
			values := int64(1)
			for _, n := range p.shape {
				values *= int64(n)
			}
			if p.begin < 0 || p.bytes < 0 || p.bytes > size-p.begin || values*p.width != p.bytes {
				t.Errorf("%q of shape %v is at %d, %d bytes of %d", name, p.shape, p.begin, p.bytes, size)
			}
			reorder(make([]float32, values), make([]float32, values), p)
		}
	})
}

func FuzzPickleEndsAndNeverCrashes(f *testing.F) {
	f.Add([]byte("\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQK\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs."))
	f.Add([]byte("\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00(K\x01M\x02\x01J\xff\xff\xff\xff\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19G?\xf0\x00\x00\x00\x00\x00\x00N\x88\x89tq\x010h\x01]\x94(h\x01h\x01e."))
	f.Add([]byte("\x80\x02}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00b]K\x02aK\x03\x86u}b."))
	f.Fuzz(func(t *testing.T, code []byte) {
		value, rest, err := unpickle(code)
		if err != nil {
			return
		}
		if len(rest) >= len(code) {
			t.Error("nothing was read")
		}
		_, _ = tensorsOf(value)
	})
}
