package safetensors_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/safetensors"
)

// fileOf returns a file of that header and data.
func fileOf(header string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

func write(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func floats(values ...float32) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

func TestTensorsOfEachDTypeAreRead(t *testing.T) {
	tests := map[string]struct {
		dtype string
		data  []byte
		want  []float32
	}{
		"F32":  {"F32", floats(1, -2.5, 0, 1e-40), []float32{1, -2.5, 0, 1e-40}},
		"BF16": {"BF16", []byte{0x80, 0x3f, 0x20, 0xc0, 0, 0, 0, 0x80}, []float32{1, -2.5, 0, float32(math.Copysign(0, -1))}},
		// 1, -2.5, the smallest subnormal, the largest number.
		"F16": {"F16", []byte{0, 0x3c, 0, 0xc1, 1, 0, 0xff, 0x7b}, []float32{1, -2.5, 1.0 / (1 << 24), 65504}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			n := len(c.data)
			header := `{"__metadata__":{"format":"pt"},"w":{"dtype":"` + c.dtype + `","shape":[2,2],"data_offsets":[0,` + itoa(n) + `]}}   `
			f, err := safetensors.Open(write(t, fileOf(header, c.data)))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got := make([]float32, 4)
			if err := f.Read(got, "w", 2, 2); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + itoa(n%10)
	}
	return string(rune('0' + n))
}

func TestATensorLargerThanTheBufferIsReadWhole(t *testing.T) {
	const n = 1<<18/4*2 + 17
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(i)
	}
	header := `{"w":{"dtype":"F32","shape":[` + itoa(n) + `],"data_offsets":[0,` + itoa(4*n) + `]}}`
	f, err := safetensors.Open(write(t, fileOf(header, floats(values...))))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := make([]float32, n)
	if err := f.Read(got, "w", n); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, values) {
		t.Error("the values differ")
	}
}

const good = `{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`

func TestADamagedFileIsRefusedWithWhatIsWrong(t *testing.T) {
	tests := map[string]struct {
		content []byte
		says    []string
	}{
		"empty file":                        {nil, []string{"0 bytes"}},
		"file shorter than the length":      {[]byte("abc"), []string{"3 bytes"}},
		"text file":                         {[]byte("this is not a model at all"), []string{"not a safetensors file"}},
		"header longer than the file":       {binary.LittleEndian.AppendUint64(nil, 1000), []string{"1000 bytes", "cut off"}},
		"header that is not JSON":           {fileOf("{oops", nil), []string{"not JSON"}},
		"header that is a list":             {fileOf("[]", nil), []string{"not JSON"}},
		"tensor that is null":               {fileOf(`{"w":null}`, nil), []string{`"w"`, "no description"}},
		"tensor that is a string":           {fileOf(`{"w":"x"}`, nil), []string{`"w"`}},
		"unknown dtype":                     {fileOf(`{"w":{"dtype":"F99","shape":[],"data_offsets":[0,0]}}`, nil), []string{`"w"`, "F99"}},
		"one offset":                        {fileOf(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}`, floats(1, 2)), []string{`"w"`, "data_offsets"}},
		"end before beginning":              {fileOf(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, floats(1, 2)), []string{`"w"`, "data_offsets"}},
		"negative shape":                    {fileOf(`{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, floats(1, 2)), []string{`"w"`, "shape"}},
		"shape that overflows":              {fileOf(`{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, nil), []string{`"w"`, "shape"}},
		"shape of another size":             {fileOf(`{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, floats(1, 2)), []string{`"w"`, "needs 12 bytes"}},
		"last byte missing":                 {fileOf(good, floats(1, 2)[:7]), []string{`"w"`, "cut off"}},
		"all data missing":                  {fileOf(good, nil), []string{`"w"`, "cut off"}},
		"bytes after the last tensor":       {fileOf(good, floats(1, 2, 3)), []string{"4 bytes follow"}},
		"gap before a tensor":               {fileOf(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, floats(1, 2)), []string{`"w"`, "begins at byte 4"}},
		"tensors that overlap":              {fileOf(`{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, floats(1, 2, 3)), []string{`"w"`, "begins at byte 4"}},
		"offset beyond the integers' range": {fileOf(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}`, floats(1, 2)), []string{`"w"`}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.content)
			f, err := safetensors.Open(path)
			if err == nil {
				f.Close()
				t.Fatal("no error")
			}
			for _, s := range append(c.says, path) {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't say %q", err, s)
				}
			}
		})
	}
}

func TestAFolderOrAMissingFileIsAnError(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{folder, filepath.Join(folder, "none")} {
		if _, err := safetensors.Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error is %v", path, err)
		}
	}
}

func TestATensorThatDoesNotFitIsRefusedByName(t *testing.T) {
	header := `{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"i":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},` +
		`"bad":{"dtype":"F32","shape":[3],"data_offsets":[16,28]},"inf":{"dtype":"F16","shape":[1],"data_offsets":[28,30]}}`
	data := append(floats(1, 2, 0, 0, 1, float32(math.NaN()), 2), 0x00, 0x7c)
	f, err := safetensors.Open(write(t, fileOf(header, data)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tests := map[string]struct {
		tensor string
		shape  []int
		room   int
		says   string
	}{
		"missing":         {"none", []int{2}, 2, "missing"},
		"wrong shape":     {"w", []int{3}, 3, "shape [2]"},
		"wrong rank":      {"w", []int{1, 2}, 2, "shape [2]"},
		"dtype":           {"i", []int{1}, 1, "I64"},
		"not a number":    {"bad", []int{3}, 3, "value 1 is NaN"},
		"infinite":        {"inf", []int{1}, 1, "value 0 is +Inf"},
		"wrong room":      {"w", []int{2}, 5, "destination 5"},
		"no room":         {"w", []int{2}, 0, "destination 0"},
		"shape as a name": {"", nil, 0, "missing"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			err := f.Read(make([]float32, c.room), c.tensor, c.shape...)
			if err == nil {
				t.Fatal("no error")
			}
			for _, s := range []string{c.says, f.Path(), `"` + c.tensor + `"`} {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't say %q", err, s)
				}
			}
		})
	}
}

func TestAFileThatShrinksWhileItIsOpenIsAnError(t *testing.T) {
	path := write(t, fileOf(good, floats(1, 2)))
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 20); err != nil {
		t.Fatal(err)
	}
	if err := f.Read(make([]float32, 2), "w", 2); err == nil || !strings.Contains(err.Error(), `"w"`) {
		t.Errorf("error is %v", err)
	}
}
