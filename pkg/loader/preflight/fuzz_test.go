package preflight

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"maps"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
)

// sketch is a plugin of a few hundred bytes: it has all that Read looks at, and no
// code.
type sketch struct {
	content  []byte
	sections []elf.Section64
	names    []byte
}

func (s *sketch) add(name string, kind elf.SectionType, link, entry int, content []byte) (address int) {
	address = s.end()
	s.sections = append(s.sections, elf.Section64{
		Name: uint32(len(s.names)), Type: uint32(kind), Addr: uint64(address), Off: uint64(address),
		Size: uint64(len(content)), Link: uint32(link), Entsize: uint64(entry),
	})
	s.names = append(append(s.names, name...), 0)
	s.content = append(s.content, content...)
	return address
}

// end is where the next section will begin. Build information has to lie at a
// multiple of 16.
func (s *sketch) end() int {
	for len(s.content)%16 != 0 {
		s.content = append(s.content, 0)
	}
	return len(s.content)
}

func words(values ...uint64) []byte {
	var b []byte
	for _, value := range values {
		b = binary.LittleEndian.AppendUint64(b, value)
	}
	return b
}

// release is the one that runs the tests, whose plugins are decoded.
func release() string {
	release, _ := splitRelease(runtime.Version())
	return release
}

// another is a release that isn't known, and as long.
func another() string { return "go1." + strings.Repeat("9", len(release())-4) }

// plugin draws a plugin of the running release that exports "func Create(…int) error" and
// "var Level [3]int".
func plugin(t testing.TB) []byte {
	t.Helper()
	s := sketch{content: make([]byte, 64+56), sections: make([]elf.Section64, 1), names: []byte{0}}

	info := []byte("\xff Go buildinf:\x08\x02" + strings.Repeat("\x00", 16))
	mod := "0123456789abcdef" + "path\texample.com/plug\nmod\texample.com/plug\t(devel)\t\nbuild\t-buildmode=plugin\n" + "0123456789abcdef"
	for _, text := range []string{release(), mod} {
		info = append(binary.AppendUvarint(info, uint64(len(text))), text...)
	}
	s.add(".go.buildinfo", elf.SHT_PROGBITS, 0, 0, info)

	// Types and their names; offsets count from here.
	types := s.end()
	data := make([]byte, 8)
	name := func(text string) uint32 {
		offset := len(data)
		data = append(append(data, 0, byte(len(text))), text...)
		return uint32(offset)
	}
	path, createName, level, intName, errorName := name("example.com/plug"), name("Create"), name("Level"), name("int"), name("error")
	kind := func(flags byte, kind byte, name uint32, rest ...byte) (offset uint32) {
		for len(data)%8 != 0 {
			data = append(data, 0)
		}
		offset = uint32(len(data))
		head := make([]byte, 48)
		head[20], head[23] = flags, kind
		binary.LittleEndian.PutUint32(head[40:], name)
		data = append(append(data, head...), rest...)
		return offset
	}
	const intKind, arrayKind, funcKind, interfaceKind, sliceKind, pointerKind = 2, 17, 19, 20, 23, 22
	integer := kind(flagNamed, intKind, intName)
	wrong := kind(flagNamed, interfaceKind, errorName, make([]byte, 32)...)
	slice := kind(0, sliceKind, 0, make([]byte, 8)...)
	signature := kind(0, funcKind, 0, append([]byte{1, 0, 1, 0x80, 0, 0, 0, 0}, make([]byte, 16)...)...)
	array := kind(0, arrayKind, 0, words(0, 0, 3)...)
	pointer := kind(0, pointerKind, 0, make([]byte, 8)...)
	table := len(data)
	for _, value := range []uint32{createName, signature, level, pointer} {
		data = binary.LittleEndian.AppendUint32(data, value)
	}
	fingerprint := len(data)
	data = append(data, "12345678"...)
	s.add(".rodata", elf.SHT_PROGBITS, 0, 0, data)
	at := func(offset uint32) uint64 { return uint64(types) + uint64(offset) }

	fields, err := runningLayout()
	if err != nil {
		t.Fatal(err)
	}
	module := make([]byte, moduleData().Size())
	binary.LittleEndian.PutUint64(module[fields.exports+8:], 2)
	binary.LittleEndian.PutUint64(module[fields.path+8:], uint64(len("example.com/plug")))
	m := uint64(s.add(".go.module", elf.SHT_PROGBITS, 0, 0, module))

	strings := []byte("\x00libc.so.6\x00V1\x00" + fingerprintPrefix + "fmt\x00malloc\x00runtime.main\x00example.com/plug.main\x00example.com/plug.Create\x00int\x00")
	text := func(name string) uint32 { return uint32(bytes.Index(strings, append([]byte(name), 0))) }
	var symbols bytes.Buffer
	function := elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC)
	for _, symbol := range []elf.Sym64{
		{},
		{Name: text(fingerprintPrefix + "fmt"), Info: function, Shndx: 2, Value: at(uint32(fingerprint))},
		{Name: text("malloc"), Info: function},
		{Name: text("example.com/plug.main"), Info: function, Shndx: 2},
		{Name: text("example.com/plug.Create"), Info: function, Shndx: 2},
		{Name: text("int"), Info: function, Shndx: 2, Value: at(integer)},
		{Name: text("runtime.main"), Info: function, Shndx: 2},
	} {
		if err := binary.Write(&symbols, binary.LittleEndian, symbol); err != nil {
			t.Fatal(err)
		}
	}
	relative := func(place, value uint64) []byte { return words(place, uint64(elf.R_X86_64_RELATIVE), value) }
	s.add(".rela.dyn", elf.SHT_RELA, 5, 24, slices.Concat(
		relative(m+fields.types, uint64(types)), relative(m+fields.exports, at(uint32(table))), relative(m+fields.path, at(path)+2),
		relative(at(signature)+56, at(slice)), relative(at(signature)+64, at(wrong)),
		relative(at(array)+48, at(integer)), relative(at(pointer)+48, at(array)),
		words(at(slice)+48, 5<<32|uint64(elf.R_X86_64_64), 0),
	))
	s.add(".dynsym", elf.SHT_DYNSYM, 6, 24, symbols.Bytes())
	s.add(".dynstr", elf.SHT_STRTAB, 0, 0, strings)
	s.add(".dynamic", elf.SHT_DYNAMIC, 6, 16, words(uint64(elf.DT_NEEDED), uint64(text("libc.so.6")), 0, 0))
	need := binary.LittleEndian.AppendUint16(nil, 1)
	need = binary.LittleEndian.AppendUint16(need, 1)
	for _, value := range []uint32{text("libc.so.6"), 16, 0, 0, 0, text("V1"), 0} {
		need = binary.LittleEndian.AppendUint32(need, value)
	}
	s.add(".gnu.version_r", elf.SHT_GNU_VERNEED, 6, 0, need)

	return s.file(t)
}

// file ends the sketch: the names of its sections come last, then their table.
func (s *sketch) file(t testing.TB) []byte {
	t.Helper()
	s.add(".shstrtab", elf.SHT_STRTAB, 0, 0, append(slices.Clip(s.names), ".shstrtab\x00"...))
	s.end()
	h := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT), Phoff: 64, Phentsize: 56, Phnum: 1, Ehsize: 64,
		Shoff: uint64(len(s.content)), Shentsize: 64, Shnum: uint16(len(s.sections)), Shstrndx: uint16(len(s.sections) - 1),
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	var start, end bytes.Buffer
	length := uint64(len(s.content))
	if err := binary.Write(&end, binary.LittleEndian, s.sections); err != nil {
		t.Fatal(err)
	}
	for _, value := range []any{h, elf.Prog64{Type: uint32(elf.PT_LOAD), Filesz: length, Memsz: length}} {
		if err := binary.Write(&start, binary.LittleEndian, value); err != nil {
			t.Fatal(err)
		}
	}
	copy(s.content, start.Bytes())
	return append(s.content, end.Bytes()...)
}

func TestASketchOfAPluginIsReadWhole(t *testing.T) {
	content := plugin(t)
	i, err := read(bytes.NewReader(content), "x.so", int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	exports := map[string]Export{"Create": {Kind: Func, Type: "func(...int) error"}, "Level": {Kind: Var, Type: "[3]int"}}
	if !maps.Equal(i.Exports, exports) || i.PluginPath != "example.com/plug" || len(i.Notes) > 0 {
		t.Errorf("%q exports %v, notes %q", i.PluginPath, i.Exports, i.Notes)
	}
	if !slices.Equal(i.Libraries, []string{"libc.so.6"}) || !slices.Equal(i.shared.versions["libc.so.6"], []string{"V1"}) {
		t.Errorf("libraries %q %v", i.Libraries, i.shared.versions)
	}
	if i.Packages["fmt"] != Fingerprint([]byte("12345678")) || !slices.Equal(i.shared.undefined, []string{"malloc"}) {
		t.Errorf("%v, %q", i.Packages, i.shared.undefined)
	}
}

func TestAFileOfAnotherReleaseIsReadByItsSymbolsAndSaysSo(t *testing.T) {
	content := bytes.Replace(plugin(t), []byte(release()), []byte(another()), 1)
	i, err := read(bytes.NewReader(content), "x.so", int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if len(i.Notes) != 1 || !strings.Contains(i.Notes[0], "was built by "+another()) {
		t.Errorf("notes %q", i.Notes)
	}
	if i.Exports["Create"] != (Export{Kind: Func}) || i.Packages["fmt"] == (Fingerprint{}) {
		t.Errorf("%v, %v", i.Exports, i.Packages)
	}
}

func TestAReleaseWhoseFingerprintsAreElsewhereSaysSo(t *testing.T) {
	content := bytes.Replace(plugin(t), []byte(fingerprintPrefix), []byte(strings.Repeat("x", len(fingerprintPrefix))), 1)
	i, err := read(bytes.NewReader(content), "x.so", int64(len(content)))
	if err != nil || i.Packages != nil || len(i.Notes) != 1 || !strings.Contains(i.Notes[0], "only the versions of modules") {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestModuleDataThatMakeNoSenseAreNotBelieved(t *testing.T) {
	content := plugin(t)
	broken := bytes.Replace(content, []byte("example.com/plug\x00\x06Create"), []byte("example.com/plum\x00\x06Create"), 1)
	i, err := read(bytes.NewReader(broken), "x.so", int64(len(broken)))
	if err != nil || len(i.Notes) != 1 || i.Exports["Create"] != (Export{Kind: Func}) {
		t.Errorf("%+v, %v", i, err)
	}
}

// Names overlap in this file: copied one by one, they would take gigabytes.
func TestASmallFileCannotFillTheMemory(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 1<<20)
	s := sketch{content: make([]byte, 64+56), sections: make([]elf.Section64, 1), names: []byte{0}}
	info := []byte("\xff Go buildinf:\x08\x02" + strings.Repeat("\x00", 16) + "\x08go1.26.8\x00")
	s.add(".go.buildinfo", elf.SHT_PROGBITS, 0, 0, info)
	var symbols bytes.Buffer
	for n := range 1 << 15 {
		if err := binary.Write(&symbols, binary.LittleEndian, elf.Sym64{Name: uint32(n), Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC)}); err != nil {
			t.Fatal(err)
		}
	}
	s.add(".dynsym", elf.SHT_DYNSYM, 3, 24, symbols.Bytes())
	s.add(".dynstr", elf.SHT_STRTAB, 0, 0, append(long, 0))
	content := s.file(t)
	before := allocated()
	_, err := read(bytes.NewReader(content), "x.so", int64(len(content)))
	var rejection *Error
	if !errors.As(err, &rejection) || rejection.Code != Truncated || !strings.Contains(rejection.Cause, "overlap") {
		t.Errorf("%v", err)
	}
	if used := allocated() - before; used > mostMemory(len(content)) {
		t.Errorf("%d bytes for a file of %d", used, len(content))
	}
}

func TestALongTableOfSectionNamesIsRefused(t *testing.T) {
	s := sketch{content: make([]byte, 64+56), sections: make([]elf.Section64, 1)}
	s.names = append(bytes.Repeat([]byte("x"), mostNameBytes), 0)
	content := s.file(t)
	_, err := read(bytes.NewReader(content), "x.so", int64(len(content)))
	if err == nil || !strings.Contains(err.Error(), "names of its sections") {
		t.Errorf("%v", err)
	}
}

// allocated is what the process has ever taken from the heap, in bytes.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// mostMemory bounds what reading a file of that size may take from the heap.
func mostMemory(size int) uint64 { return 64<<20 + 64*uint64(size) }

func FuzzRead(f *testing.F) {
	f.Add([]byte("text"))
	f.Add(header(f, 0, 0))
	f.Add(header(f, 64, 1))
	f.Add(segment(f, 0, 120))
	f.Add(plugin(f))
	f.Add(bytes.Replace(plugin(f), []byte(release()), []byte(another()), 1))
	content := plugin(f)
	host, err := read(bytes.NewReader(content), "host", int64(len(content)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		before := allocated()
		image, err := read(bytes.NewReader(content), "x.so", int64(len(content)))
		var rejection *Error
		if err != nil && (!errors.As(err, &rejection) || rejection.Cause == "") || (err == nil) != (image != nil) {
			t.Errorf("%v, %v", image, err)
		}
		if used := allocated() - before; used > mostMemory(len(content)) {
			t.Errorf("%d bytes for a file of %d", used, len(content))
		}
		if image == nil {
			return
		}
		image.unsound = nil // to get to what is checked after it
		process, err := NewProcess(host)
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Check(image, Symbol{Name: "Create", Type: "func(...int) error"}); err != nil && !errors.As(err, &rejection) {
			t.Errorf("%v", err)
		}
	})
}

func FuzzCachedPaths(f *testing.F) {
	header := append([]byte("glibc-ld.so.cache1.1"), make([]byte, 28)...)
	header[20] = 1
	f.Add(append(append(header, 0, 0, 0, 0, 72, 0, 0, 0, 79, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "libx.so\x00/lib/libx.so\x00"...), "libx.so")
	f.Fuzz(func(t *testing.T, content []byte, name string) {
		for _, path := range cachedPaths(content, name) {
			if !bytes.Contains(content, []byte(path)) {
				t.Errorf("%q is not in the cache", path)
			}
		}
	})
}
