package preflight

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fingerprint is the compiler's hash of all that other packages can see of a
// package, the recorded paths of its source files included.
type Fingerprint [8]byte

// Kind tells what an exported name of package main is.
type Kind string

// The kinds that plugin.Lookup can find.
const (
	Func Kind = "func"
	Var  Kind = "var"
)

// Image is what can be read from a file built by Go without running it.
type Image struct {
	File       string
	Build      *debug.BuildInfo
	Packages   map[string]Fingerprint // by import path
	PluginPath string                 // as the runtime knows the plugin; "" when this is none
	Exports    map[string]Kind        // of a plugin's package main

	machine elf.Machine
	class   elf.Class
	data    elf.Data
}

// The linker makes one symbol with this prefix for each package, in plugins and
// in binaries that import package plugin (cmd/link/internal/ld, addpkghash).
const fingerprintPrefix = "go:link.pkghashbytes."

// Read reads a file that Go built, a plugin or a host. Errors are of type
// [*Error].
func Read(path string) (*Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, &Error{Code: Unreadable, Cause: "can't be opened: " + plain(err).Error(), Err: err}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, &Error{Code: Unreadable, Cause: "can't be read: " + plain(err).Error(), Err: err}
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{Code: Unreadable, Cause: "is no regular file"}
	}
	return read(file, path, info.Size())
}

func read(file io.ReaderAt, path string, size int64) (image *Image, err error) {
	// debug/elf and debug/buildinfo don't promise to withstand hostile files.
	defer func() {
		if value := recover(); value != nil {
			image, err = nil, damaged(fmt.Errorf("its headers make no sense: %v", value))
		}
	}()
	if err := checkMagic(file, size); err != nil {
		return nil, err
	}
	object, err := elf.NewFile(file)
	if err != nil {
		return nil, damaged(err)
	}
	if err := checkBounds(object, uint64(size)); err != nil {
		return nil, err
	}
	build, err := buildinfo.Read(file)
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
	if err := image.readSymbols(object); err != nil {
		return nil, err
	}
	return image, nil
}

func checkMagic(file io.ReaderAt, size int64) error {
	if size == 0 {
		return &Error{Code: NotELF, Cause: "is empty", Fix: "copy or build it again"}
	}
	start := make([]byte, min(size, 32))
	if _, err := file.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return &Error{Code: Unreadable, Cause: "can't be read: " + plain(err).Error(), Err: err}
	}
	if !bytes.HasPrefix(start, []byte(elf.ELFMAG)) {
		return &Error{
			Code:  NotELF,
			Cause: fmt.Sprintf("is no ELF file: it begins with %q", start),
			Fix:   "build it with: go build -trimpath -buildmode=plugin",
		}
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
		if err := beyond("section "+section.Name, section.Offset, section.FileSize); err != nil {
			return err
		}
	}
	return nil
}

func (i *Image) readSymbols(object *elf.File) error {
	symbols, err := object.DynamicSymbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return nil
	}
	if err != nil {
		return damaged(err)
	}
	i.Packages = make(map[string]Fingerprint)
	defined := make(map[string]elf.Symbol, len(symbols))
	for _, symbol := range symbols {
		if symbol.Section == elf.SHN_UNDEF {
			continue
		}
		defined[symbol.Name] = symbol
		if name, ok := strings.CutPrefix(symbol.Name, fingerprintPrefix); ok {
			fingerprint, err := fingerprintAt(object, symbol.Value)
			if err != nil {
				return damaged(fmt.Errorf("the fingerprint of %s is missing: %w", name, err))
			}
			i.Packages[name] = fingerprint
		}
	}
	if i.setting("-buildmode") == "plugin" {
		i.readExports(defined)
	}
	return nil
}

func fingerprintAt(object *elf.File, address uint64) (fingerprint Fingerprint, err error) {
	for _, segment := range object.Progs {
		if segment.Type != elf.PT_LOAD || address < segment.Vaddr || address-segment.Vaddr >= segment.Filesz {
			continue
		}
		_, err = segment.ReadAt(fingerprint[:], int64(address-segment.Vaddr))
		return fingerprint, err
	}
	return fingerprint, fmt.Errorf("no segment holds address %#x", address)
}

// readExports finds the plugin's package main, the one that has a function main,
// and the names that it exports: their symbols begin with the plugin path.
func (i *Image) readExports(defined map[string]elf.Symbol) {
	path := escape(i.Build.Path)
	if _, ok := defined[path+".main"]; !ok {
		path = otherMain(defined)
	}
	if path == "" {
		return
	}
	i.PluginPath = path
	i.Exports = make(map[string]Kind)
	for name, symbol := range defined {
		name, ok := strings.CutPrefix(name, path+".")
		if first, _ := utf8.DecodeRuneInString(name); !ok || !unicode.IsUpper(first) || strings.ContainsAny(name, ".[(") {
			continue
		}
		switch elf.ST_TYPE(symbol.Info) {
		case elf.STT_FUNC:
			i.Exports[name] = Func
		case elf.STT_OBJECT:
			i.Exports[name] = Var
		}
	}
}

// otherMain finds the package main of a build whose plugin path is not its import
// path: from a list of files, or with -ldflags=-pluginpath.
func otherMain(defined map[string]elf.Symbol) string {
	var paths []string
	for name := range defined {
		if path, ok := strings.CutSuffix(name, ".main"); ok && path != "runtime" {
			if strings.HasPrefix(path, "plugin/unnamed-") {
				return path
			}
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return ""
	}
	return slices.Min(paths)
}

// escape writes an import path as the linker does in symbol names: dots in the
// last element, and everything that could confuse a linker, as %xx (package
// cmd/internal/objabi, PathToPrefix).
func escape(path string) string {
	last := strings.LastIndexByte(path, '/')
	var escaped strings.Builder
	for i := range len(path) {
		c := path[i]
		if c <= ' ' || c == '%' || c == '"' || c >= 0x7f || c == '.' && i > last {
			fmt.Fprintf(&escaped, "%%%02x", c)
		} else {
			escaped.WriteByte(c)
		}
	}
	return escaped.String()
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

func damaged(err error) *Error {
	return &Error{
		Code: Truncated, Cause: "is incomplete or damaged: " + err.Error(),
		Fix: "copy it again, to a temporary name first and then by renaming, or build it again", Err: err,
	}
}

// plain drops the operation and the path that a caller names anyway.
func plain(err error) error {
	if pathError := (*os.PathError)(nil); errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
