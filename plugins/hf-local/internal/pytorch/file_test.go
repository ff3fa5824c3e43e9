package pytorch_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/pytorch"
)

// testdata is written by tools/hf-reference/record_models.py.
const testdata = "../../testdata/torch"

func read(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pytorch_model.bin")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEveryFormatOfTorchGivesItsTensors(t *testing.T) {
	for _, name := range []string{"zip.bin", "stream.bin", "protocol4.bin"} {
		t.Run(name, func(t *testing.T) {
			f, err := pytorch.Open(filepath.Join(testdata, name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			tests := map[string]struct {
				shape []int
				want  []float32
			}{
				"single":    {[]int{2, 3}, []float32{0, 1, 2, 3, 4, 5}},
				"behind":    {[]int{2}, []float32{4, 5}},
				"scalar":    {nil, []float32{7}},
				"empty":     {[]int{0, 3}, nil},
				"nothing":   {[]int{3, 0}, nil},
				"half":      {[]int{2}, []float32{0.5, -2}},
				"bfloat":    {[]int{1}, []float32{1.5}},
				"parameter": {[]int{1}, []float32{4}},
			}
			for tensor, c := range tests {
				got := make([]float32, len(c.want))
				if err := f.Read(got, tensor, c.shape...); err != nil || !slices.Equal(got, c.want) {
					t.Errorf("%s is %v, %v; want %v", tensor, got, err, c.want)
				}
			}
			for tensor, says := range map[string]string{"double": "F64", "count": "shape []", "text": "missing", "list": "missing"} {
				if err := f.Check(tensor, 1); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), `"`+tensor+`"`) {
					t.Errorf("%s: error is %v", tensor, err)
				}
			}
			if !f.Has("bias") || f.Has("text") {
				t.Error("not the tensors of the file")
			}
		})
	}
}

func TestATransposedTensorIsReadInTheOrderOfItsDimensions(t *testing.T) {
	f, err := pytorch.Open(filepath.Join(testdata, "transposed.bin"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := make([]float32, 6)
	if err := f.Read(got, "matrix", 3, 2); err != nil || !slices.Equal(got, []float32{0, 3, 1, 4, 2, 5}) {
		t.Errorf("got %v, %v", got, err)
	}
	got = make([]float32, 24)
	want := make([]float32, 24) // element [i][j][k] is 12j + 4i + k
	for i := range want {
		want[i] = float32(12*(i/4%2) + 4*(i/8) + i%4)
	}
	if err := f.Read(got, "block", 3, 2, 4); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

// archive makes a zip archive like torch.save's with another pickle.
func archive(t testing.TB, pickle string, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	files["archive/data.pkl"] = pickle
	for name, content := range files {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// stored is the pickle of {"w": tensor}, with a storage of that many values, an
// offset, a size and a stride.
func stored(class, key string, values, offset, size, stride byte) string {
	return "\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n" + class +
		"\nX" + string([]byte{byte(len(key)), 0, 0, 0}) + key + "X\x03\x00\x00\x00cpuK" + string([]byte{values}) + "tQK" + string([]byte{offset}) +
		"K" + string([]byte{size}) + "\x85K" + string([]byte{stride}) + "\x85\x89ccollections\nOrderedDict\n)RtRs."
}

func TestAHandMadeFileIsRead(t *testing.T) {
	f, err := pytorch.Open(write(t, archive(t, stored("FloatStorage", "0", 2, 1, 1, 1), map[string]string{"archive/data/0": "\x00\x00\x00\x00\x00\x00\x80\x3f"})))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := make([]float32, 1)
	if err := f.Read(got, "w", 1); err != nil || got[0] != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAFileThatCannotBeReadIsRefused(t *testing.T) {
	eight := func() map[string]string {
		return map[string]string{"archive/data/0": "\x00\x00\x00\x00\x00\x00\x80\x3f"}
	}
	good := stored("FloatStorage", "0", 2, 0, 2, 1)
	tar := make([]byte, 1024)
	copy(tar[257:], "ustar")
	tests := map[string]struct {
		content []byte
		says    []string
	}{
		"empty":                     {nil, []string{"torch.save"}},
		"something else":            {[]byte("<html>not found</html>"), []string{"torch.save"}},
		"a tar archive":             {tar, []string{"tar archive", "0.1.10", "safetensors"}},
		"a pointer of Git LFS":      {[]byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), []string{"Git LFS", "git lfs pull"}},
		"a zip that is cut off":     {read(t, "zip.bin")[:900], []string{"cut off"}},
		"a stream that is cut off":  {read(t, "stream.bin")[:len(read(t, "stream.bin"))-3], []string{"cut off"}},
		"a stream without values":   {read(t, "stream.bin")[:400], []string{"cut off"}},
		"another pickle":            {[]byte("\x80\x02K\x01."), []string{"not one of torch.save"}},
		"a whole module":            {read(t, "module.bin"), []string{"torch.nn.modules.linear.Linear", "refused"}},
		"a list":                    {read(t, "list.bin"), []string{"list", "state dictionary"}},
		"no pickle":                 {archive(t, "", just("archive/other/data.pkl")), []string{"data.pkl"}},
		"code":                      {archive(t, "\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", eight()), []string{"os.system", "refused"}},
		"code by another opcode":    {archive(t, "\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02ls\x85R.", eight()), []string{"posix.system", "refused"}},
		"code of an instance":       {archive(t, "\x80\x02(ios\nsystem\n.", eight()), []string{"instruction 0x69"}},
		"code of an object":         {archive(t, "\x80\x02ctorch\nFloatStorage\n)\x81.", eight()), []string{"instruction 0x81"}},
		"a builtin":                 {archive(t, "\x80\x02c__builtin__\neval\n.", eight()), []string{"__builtin__.eval", "refused"}},
		"a storage that is called":  {archive(t, "\x80\x02ctorch\nFloatStorage\nK\x01\x85R.", eight()), []string{"calls torch.FloatStorage"}},
		"attributes of a name":      {archive(t, "\x80\x02ctorch\nFloatStorage\n}b.", eight()), []string{"attributes of a torch.FloatStorage"}},
		"compressed":                {deflated(t, good), []string{"compressed"}},
		"a big-endian machine":      {archive(t, good, map[string]string{"archive/data/0": "\x00\x00\x00\x00\x00\x00\x80\x3f", "archive/byteorder": "big"}), []string{"byteorder", "big"}},
		"values that are missing":   {archive(t, stored("FloatStorage", "7", 2, 0, 2, 1), eight()), []string{`tensor "w"`, "data/7"}},
		"too few values":            {archive(t, stored("FloatStorage", "0", 3, 0, 3, 1), eight()), []string{`tensor "w"`, "12 bytes", "8"}},
		"a tensor outside":          {archive(t, stored("FloatStorage", "0", 2, 1, 2, 1), eight()), []string{"outside of its storage"}},
		"an offset outside":         {archive(t, stored("FloatStorage", "0", 2, 3, 0, 1), eight()), []string{"outside of its storage"}},
		"steps between values":      {archive(t, stored("FloatStorage", "0", 2, 0, 2, 2), eight()), []string{"stride"}},
		"a storage of unknown kind": {archive(t, stored("QInt8Storage", "0", 2, 0, 2, 1), eight()), []string{"torch.QInt8Storage", "refused"}},
		"cut off in the pickle":     {archive(t, good[:len(good)-4], eight()), []string{"cut off"}},
		"an empty stack":            {archive(t, "\x80\x020.", eight()), []string{"not there"}},
		"no mark":                   {archive(t, "\x80\x02t.", eight()), []string{"mark"}},
		"nothing remembered":        {archive(t, "\x80\x02h\x05.", eight()), []string{"remembers nothing as 5"}},
		"too many instructions":     {archive(t, "\x80\x02"+strings.Repeat("}", 2<<20)+".", eight()), []string{"instructions"}},
		"a pickle that is too long": {archive(t, "\x80\x02"+strings.Repeat("}", 17<<20)+".", eight()), []string{"data.pkl", "more than"}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.content)
			f, err := pytorch.Open(path)
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

func just(name string) map[string]string { return map[string]string{name: "x"} }

func deflated(t testing.TB, pickle string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.Create("archive/data.pkl")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(pickle)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAMissingFileIsAnError(t *testing.T) {
	if _, err := pytorch.Open(filepath.Join(t.TempDir(), "none.bin")); err == nil || !strings.Contains(err.Error(), "none.bin") {
		t.Errorf("error is %v", err)
	}
	if _, err := pytorch.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("error is %v", err)
	}
}

func TestAValueThatIsNoNumberIsAnError(t *testing.T) {
	f, err := pytorch.Open(write(t, archive(t, stored("FloatStorage", "0", 2, 0, 2, 1), map[string]string{"archive/data/0": "\x00\x00\x00\x00\x00\x00\xc0\x7f"})))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Read(make([]float32, 2), "w", 2); err == nil || !strings.Contains(err.Error(), "value 1 is NaN") {
		t.Errorf("error is %v", err)
	}
	if err := f.Read(make([]float32, 3), "w", 2); err == nil || !strings.Contains(err.Error(), "destination 3") {
		t.Errorf("error is %v", err)
	}
}

func TestAnArchiveOfMoreFilesThanAnyModelHasIsRefused(t *testing.T) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	if _, err := w.CreateHeader(&zip.FileHeader{Name: strings.Repeat("x", 60_000)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// The directory's only entry so often that it is larger than 64 MiB, and then the
	// end of the archive, which says so.
	const entries, endBytes = 1200, 22
	content := archive.Bytes()
	begin := bytes.Index(content, []byte("PK\x01\x02"))
	entry, end := content[begin:len(content)-endBytes], content[len(content)-endBytes:]
	binary.LittleEndian.PutUint16(end[8:], entries)
	binary.LittleEndian.PutUint16(end[10:], entries)
	binary.LittleEndian.PutUint32(end[12:], uint32(entries*len(entry)))
	_, err := pytorch.Open(write(t, slices.Concat(content[:begin], bytes.Repeat(entry, entries), end)))
	if err == nil || !strings.Contains(err.Error(), "its directory is larger than that of any model") {
		t.Errorf("error is %.300v", err)
	}
}
