package preflight

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
)

func TestTheRunningBinaryCanBeRead(t *testing.T) {
	image, err := Read("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if image.Build.GoVersion != runtime.Version() || image.PluginPath != "" || image.Exports != nil {
		t.Errorf("%s, plugin path %q, exports %v", image.Build.GoVersion, image.PluginPath, image.Exports)
	}
}

// A sparse file takes no room on the disk, and as much memory as it says.
func TestAFileWithLargeHolesIsRefusedUnread(t *testing.T) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int64{"a little too large": MaxSize + 1, "as large as files can be": 1 << 42} {
		path := filepath.Join(t.TempDir(), "sparse")
		if err := os.WriteFile(path, self[:4096], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, size); err != nil {
			t.Skip("no such files here:", err)
		}
		_, err := Read(path)
		var rejection *Error
		if !errors.As(err, &rejection) || rejection.Code != Truncated || !strings.Contains(rejection.Cause, "no plugin has more") {
			t.Errorf("%s: %v", name, err)
		}
	}
	large := make([]byte, 64)
	if _, err := (&limited{file: bytes.NewReader(large), left: 63}).ReadAt(large, 0); err == nil {
		t.Error("more than the limit was read")
	}
	if _, err := table(&elf.Section{SectionHeader: elf.SectionHeader{Name: ".dynsym", Size: mostTableBytes + 1}}); err == nil {
		t.Error("a table larger than the limit was read")
	}
}

func TestAFileThatIsNoneIsRefused(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name    string
		content []byte
		code    Code
		cause   string
	}{
		{"empty", nil, NotELF, "is empty"},
		{"text", []byte("#!/bin/sh\n"), NotELF, `"#!/bin/sh\n"`},
		{"magic only", []byte(elf.ELFMAG), Truncated, "incomplete"},
		{"header without sections", header(t, 0, 0), NotAGoPlugin, "not built by Go"},
		{"section table beyond the end", header(t, 4096, 3), Truncated, "incomplete"},
		{"section table at the end of the address space", header(t, 1<<63-64, 1), Truncated, "incomplete"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(dir, test.name)
			if err := os.WriteFile(path, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			var rejection *Error
			if !errors.As(err, &rejection) || rejection.Code != test.code || !strings.Contains(rejection.Cause, test.cause) || rejection.Fix == "" {
				t.Errorf("error = %#v, want %s: %s", err, test.code, test.cause)
			}
		})
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a folder": dir, "nothing": filepath.Join(dir, "missing"), "a named pipe that nobody writes to": pipe} {
		_, err := Read(path)
		var rejection *Error
		if !errors.As(err, &rejection) || rejection.Code != Unreadable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// header is an ELF header for a 64-bit little-endian shared object.
func header(t testing.TB, sections uint64, count uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	h := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Shoff: sections, Ehsize: 64, Phentsize: 56, Shentsize: 64, Shnum: count,
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	if err := binary.Write(&b, binary.LittleEndian, h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// segment is a header with one segment that claims a part of the file.
func segment(t testing.TB, offset, length uint64) []byte {
	t.Helper()
	b := bytes.NewBuffer(header(t, 0, 0))
	content := b.Bytes()
	binary.LittleEndian.PutUint64(content[32:], 64) // e_phoff
	binary.LittleEndian.PutUint16(content[56:], 1)  // e_phnum
	if err := binary.Write(b, binary.LittleEndian, elf.Prog64{Type: uint32(elf.PT_LOAD), Off: offset, Filesz: length, Memsz: length}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestASegmentBeyondTheEndMeansThatTheFileWasCut(t *testing.T) {
	for _, part := range [][2]uint64{{0, 121}, {121, 1}, {1 << 62, 1 << 62}} {
		content := segment(t, part[0], part[1])
		_, err := read(bytes.NewReader(content), "x.so", int64(len(content)))
		var rejection *Error
		if !errors.As(err, &rejection) || rejection.Code != Truncated {
			t.Errorf("segment at %d of %d bytes: %v", part[0], part[1], err)
		}
	}
	content := segment(t, 0, 120)
	_, err := read(bytes.NewReader(content), "x.so", int64(len(content)))
	var rejection *Error
	if !errors.As(err, &rejection) || rejection.Code != NotAGoPlugin {
		t.Errorf("a segment up to the end: %v", err)
	}
}

func TestPluginPathsAreWrittenAsTheLinkerDoes(t *testing.T) {
	for path, want := range map[string]string{
		"example.com/plug":    "example.com/plug",
		"example.com/plug.v2": "example.com/plug%2ev2",
		"plug.v2":             "plug%2ev2",
		"example.com/a%b":     "example.com/a%25b",
		"example.com/ä.x/b":   "example.com/%c3%a4.x/b",
	} {
		if got := escape(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestPackageMainIsFoundInEveryKindOfBuild(t *testing.T) {
	symbols := func(path string) []symbol {
		function := func(name string) symbol {
			return symbol{name: name, info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), section: 1}
		}
		variable := func(name string) symbol {
			return symbol{name: name, info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_OBJECT), section: 1}
		}
		return []symbol{
			function("runtime.main"), function("x.org/lib.Create"),
			function(path + ".main"), function(path + ".Create"), function(path + ".create"), variable(path + ".Level"),
			function(path + ".Type.Method"), function(path + ".Generic[int]"), variable(path + "..inittask"),
			{name: path + ".Elsewhere", info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC)},
		}
	}
	for name, build := range map[string][2]string{
		"a folder":              {"example.com/plug", "example.com/plug"},
		"a folder with a dot":   {"example.com/plug.v2", "example.com/plug%2ev2"},
		"a list of files":       {"command-line-arguments", "plugin/unnamed-0123"},
		"an own plugin path":    {"example.com/plug", "renamed"},
		"a name after runtime":  {"example.com/plug", "zoo"},
		"a name before runtime": {"example.com/plug", "aardvark"},
	} {
		i := Image{Build: &debug.BuildInfo{Path: build[0]}, shared: dynamic{symbols: symbols(build[1])}}
		i.PluginPath = i.packageMain()
		exports := i.exportsOfSymbols()
		want := map[string]Export{"Create": {Kind: Func}, "Level": {Kind: Var}}
		if i.PluginPath != build[1] || !maps.Equal(exports, want) {
			t.Errorf("%s: %q exports %v, want %q and %v", name, i.PluginPath, exports, build[1], want)
		}
	}
}
