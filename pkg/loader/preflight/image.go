package preflight

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"syscall"
)

// Image is what can be read from a file that Go built, without running it. [Read] makes
// one.
type Image struct {
	File       string                 // its path, as given to Read
	Build      *debug.BuildInfo       // as "go version -m" prints it; never nil
	Packages   map[string]Fingerprint // the packages that are linked in, by import path
	PluginPath string                 // the import path by which Go's runtime knows a plugin; "" for other files
	Exports    map[string]Export      // the exported names of a plugin's package main
	Libraries  []string               // the C libraries that it needs, such as "libc.so.6"
	Notes      []string               // what could not be determined about the file, and why

	machine elf.Machine
	class   elf.Class
	data    elf.Data
	shared  dynamic
	unsound error // why the dynamic linker must not get it, or nil

	linked      bool              // it exports Go's own functions, as hosts and plugins do
	withoutMain bool              // its package main has no function main
	names       map[string]Export // what package main exports by its symbols, without types
	undecodable error             // of this host: why types in files of its release can't be decoded, or nil
}

// Export is an exported function or variable of package main.
type Export struct {
	Kind Kind   // a function or a variable
	Type string // its type as TypeName writes it; "" if it is not known, for the reason in Image.Notes
}

// Read reads a file that Go built, a plugin or a host, without running it. An error is
// an [*Error].
func Read(path string) (*Image, error) { return readFile(path, read) }

// ThisHost reads the running binary. It also tries on it whether types in the files of its
// release of Go can be decoded; if not, the types of symbols are not checked.
func ThisHost() (*Image, error) {
	host, err := readFile("/proc/self/exe", readRunning)
	var unread *Error
	if errors.As(err, &unread) && errors.Is(err, fs.ErrNotExist) {
		unread.Fix = "mount /proc, by which a program sees itself"
	}
	if err != nil {
		return nil, fmt.Errorf("read the running binary: %w", err)
	}
	return host, nil
}

func readFile(path string, read func(file io.ReaderAt, path string, size int64) (*Image, error)) (*Image, error) {
	file, err := Open(path)
	if err != nil {
		return nil, &Error{Code: Unreadable, Cause: "can't be opened: " + Reason(err).Error(), Err: err}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, &Error{Code: Unreadable, Cause: "can't be read: " + Reason(err).Error(), Err: err}
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{Code: Unreadable, Cause: "is not a regular file", Fix: "name the plugin file itself"}
	}
	return read(file, path, info.Size())
}

// Open opens a file for reading. Unlike [os.Open], it doesn't block if the file is a named
// pipe.
func Open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

func read(file io.ReaderAt, path string, size int64) (*Image, error) {
	return decode(file, path, size, func(image *Image, object *elf.File) {
		if image.setting("-buildmode") == "plugin" {
			image.readExports(object)
			image.unsound = checkSound(file, object, &image.shared)
		}
	})
}

func readRunning(file io.ReaderAt, path string, size int64) (*Image, error) {
	return decode(file, path, size, func(image *Image, object *elf.File) {
		if !image.linked {
			return
		}
		if image.undecodable = tryDecoding(object, &image.shared); image.undecodable != nil {
			image.Notes = append(image.Notes, fmt.Sprintf("types in files of %s can't be decoded: %v", image.Build.GoVersion, image.undecodable))
		}
	})
}

// decode reads what every file has, then what further wants.
func decode(file io.ReaderAt, path string, size int64, further func(*Image, *elf.File)) (image *Image, err error) {
	// debug/elf and debug/buildinfo don't promise to withstand hostile files.
	defer func() {
		if value := recover(); value != nil {
			image, err = nil, damaged(fmt.Errorf("its headers make no sense: %v", value))
		}
	}()
	object, err := open(file, size)
	if err != nil {
		return nil, err
	}
	build, err := buildinfo.Read(&limited{file: file, left: mostBuildInfoReads})
	if err != nil {
		return nil, &Error{
			Code: NotAGoPlugin, Cause: "was not built by Go: it has no build information",
			Fix: "build a plugin with: go build -trimpath -buildmode=plugin", Err: err,
		}
	}
	image = &Image{
		File: path, Build: build,
		machine: object.Machine, class: object.Class, data: object.Data,
	}
	if image.shared, err = readDynamic(object); err != nil {
		return nil, damaged(err)
	}
	image.shared.origin = origin(path)
	image.linked = defines(image.shared.symbols, "runtime.main")
	if err := image.readPackages(object); err != nil {
		return nil, damaged(err)
	}
	further(image, object)
	image.shared.forget()
	image.Libraries = image.shared.needed
	return image, nil
}

// open reads the headers of an ELF file that is whole.
func open(file io.ReaderAt, size int64) (*elf.File, error) {
	if err := checkMagic(file, size); err != nil {
		return nil, err
	}
	if err := checkNames(file, size); err != nil {
		return nil, damaged(err)
	}
	object, err := elf.NewFile(file)
	if err != nil {
		return nil, damaged(err)
	}
	if err := checkBounds(object, uint64(size)); err != nil {
		return nil, err
	}
	return object, nil
}

// MaxSize is the largest size of a plugin in bytes: code in it is addressed with offsets
// of 31 bits. A larger file is rejected without being read.
const MaxSize int64 = 2 << 30

// Package buildinfo reads a few pages, and all data where it has to search them.
const mostBuildInfoReads = 256 << 20

// limited is a file of which only a number of bytes can be read, so that one
// with large holes does not fill the memory.
type limited struct {
	file io.ReaderAt
	left int64
}

func (l *limited) ReadAt(into []byte, offset int64) (int, error) {
	if l.left -= int64(len(into)); l.left < 0 {
		return 0, errors.New("too much would have to be read")
	}
	return l.file.ReadAt(into, offset)
}

func checkMagic(file io.ReaderAt, size int64) error {
	if size == 0 {
		return &Error{Code: NotELF, Cause: "is empty", Fix: "copy or build it again"}
	}
	start := make([]byte, min(size, 32))
	if _, err := file.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return &Error{Code: Unreadable, Cause: "can't be read: " + Reason(err).Error(), Err: err}
	}
	if !bytes.HasPrefix(start, []byte(elf.ELFMAG)) {
		return &Error{
			Code:  NotELF,
			Cause: fmt.Sprintf("is not an ELF file: it begins with %q", start),
			Fix:   "build it with: go build -trimpath -buildmode=plugin",
		}
	}
	if size > MaxSize {
		return damaged(fmt.Errorf("it has %d bytes, and no plugin has more than %d", size, MaxSize))
	}
	return nil
}

// No linker writes more. Package elf copies the name of each section, and names
// may overlap, so that a small file could make it fill the memory.
const (
	mostSections  = 1024
	mostNameBytes = 16 << 10
)

func checkNames(file io.ReaderAt, size int64) error {
	header := make([]byte, 64)
	if _, err := file.ReadAt(header[:min(size, 64)], 0); err != nil {
		return err
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(header[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	var table, sizeAt uint64
	counts := header[46:]
	if elf.Class(header[elf.EI_CLASS]) == elf.ELFCLASS64 {
		table, counts, sizeAt = order.Uint64(header[40:]), header[58:], 32
	} else {
		table, sizeAt = uint64(order.Uint32(header[32:])), 20
	}
	each, count, names := uint64(order.Uint16(counts)), order.Uint16(counts[2:]), uint64(order.Uint16(counts[4:]))
	if count > mostSections || count == 0 && table != 0 {
		return errors.New("it has too many sections, or none where its header says they begin")
	}
	field := make([]byte, 8)
	if _, err := file.ReadAt(field, int64(table+names*each+sizeAt)); err != nil {
		return nil // package elf says what is wrong
	}
	length := order.Uint64(field)
	if sizeAt == 20 {
		length = uint64(order.Uint32(field))
	}
	if length > mostNameBytes {
		return fmt.Errorf("the names of its sections take %d bytes", length)
	}
	return nil
}

// checkBounds finds files that were cut off: the dynamic linker maps such a file,
// and the first access beyond its end kills the process by SIGBUS.
func checkBounds(object *elf.File, size uint64) error {
	beyond := func(what string, offset, length uint64) error {
		if length == 0 || offset <= size && length <= size-offset {
			return nil
		}
		return damaged(fmt.Errorf("%s should have %d bytes from byte %d on, but the file ends at %d", what, length, offset, size))
	}
	for _, segment := range object.Progs {
		if err := beyond("segment "+segment.Type.String(), segment.Off, segment.Filesz); err != nil {
			return err
		}
	}
	for _, section := range object.Sections {
		if section.Type == elf.SHT_NOBITS || section.Type == elf.SHT_NULL {
			continue
		}
		if section.Flags&elf.SHF_COMPRESSED != 0 && section.Type != elf.SHT_PROGBITS {
			return damaged(fmt.Errorf("section %s is compressed, which only debug information may be", section.Name))
		}
		if err := beyond("section "+section.Name, section.Offset, section.FileSize); err != nil {
			return err
		}
	}
	return nil
}

// setting returns a build setting as "go version -m" shows it, "" when absent.
func (i *Image) setting(key string) string {
	for _, setting := range i.Build.Settings {
		if setting.Key == key {
			return setting.Value
		}
	}
	return ""
}

func damaged(err error) error {
	return &Error{
		Code: Truncated, Cause: "is incomplete or damaged: " + err.Error(),
		Fix: "copy it again, to a temporary name first and then by renaming, or build it again", Err: err,
	}
}

// Reason returns the error inside an [*os.PathError], without the operation and the path,
// for a message that names the path itself; it returns any other error as it is.
func Reason(err error) error {
	if pathError := (*os.PathError)(nil); errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
