package preflight

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// dynamic is what the dynamic linker reads of a file.
type dynamic struct {
	needed   []string // libraries, by name
	name     string   // that other files need it by (DT_SONAME)
	rpath    string
	runpath  string
	origin   string              // folder that $ORIGIN stands for
	versions map[string][]string // symbol versions that it needs of a library
	offers   []string            // symbol versions that it defines
	symbols  []symbol            // in the file's order, which relocations count by
	tables   map[uint32]string   // of names, by section
	entries  map[elf.DynTag]uint64
	relative []byte // section .rela.dyn, once it was read

	undefined []string // without weak ones
	defined   []string
	hashes    []uint64 // of those that it defines instead, in order, once it was read
}

type symbol struct {
	name    string
	value   uint64
	info    byte
	section elf.SectionIndex
}

// readDynamic reads the sections itself: package elf copies every name, and names
// may overlap, so that a small file could make it fill the memory.
func readDynamic(object *elf.File) (d dynamic, err error) {
	d.tables, d.entries = make(map[uint32]string), make(map[elf.DynTag]uint64)
	if err := d.readSymbols(object); err != nil {
		return d, err
	}
	if err := d.readEntries(object); err != nil {
		return d, err
	}
	return d, d.readVersions(object)
}

// forget drops what only the reading of the file needs. What is kept of a file that was opened is kept as long as
// the process lives, so nothing of it is a part of the tables of names, which have megabytes.
func (d *dynamic) forget() {
	d.symbols, d.tables, d.entries, d.relative = nil, nil, nil, nil
	d.hashes = make([]uint64, 0, len(d.defined))
	for _, name := range d.defined {
		d.hashes = append(d.hashes, maphash.String(seed, name))
	}
	slices.Sort(d.hashes)
	d.defined = nil
	for _, name := range []*string{&d.name, &d.rpath, &d.runpath} {
		*name = strings.Clone(*name)
	}
	versions := make(map[string][]string, len(d.versions))
	for library, list := range d.versions {
		versions[strings.Clone(library)] = cloned(list)
	}
	d.needed, d.offers, d.undefined, d.versions = cloned(d.needed), cloned(d.offers), cloned(d.undefined), versions
}

// seed never changes.
var seed = maphash.MakeSeed()

func cloned(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.Clone(s)
	}
	return out
}

// defines removes from names those that the file defines.
func (d *dynamic) defines(names map[string]bool) {
	for _, name := range d.defined {
		delete(names, name)
	}
	if len(d.hashes) == 0 {
		return
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool {
		_, is := slices.BinarySearch(d.hashes, maphash.String(seed, name))
		return is
	})
}

// No linker writes a larger table of symbols, of their names or of relocations.
const mostTableBytes = 128 << 20

// table reads a whole section.
func table(s *elf.Section) ([]byte, error) {
	if s.Size > mostTableBytes {
		return nil, fmt.Errorf("section %s has %d bytes, more than makes sense", s.Name, s.Size)
	}
	content, err := s.Data()
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", s.Name, err)
	}
	return content, nil
}

// section returns the content of the first section of a type, and of the section
// that it links to; nil where there is none.
func (d *dynamic) section(object *elf.File, kind elf.SectionType) (content []byte, text string, err error) {
	s := object.SectionByType(kind)
	if s == nil {
		return nil, "", nil
	}
	if content, err = table(s); err != nil {
		return nil, "", err
	}
	if s.Link == 0 || int(s.Link) >= len(object.Sections) || object.Sections[s.Link].Type != elf.SHT_STRTAB {
		return nil, "", fmt.Errorf("section %s has no names", s.Name)
	}
	text, ok := d.tables[s.Link]
	if !ok {
		names, err := table(object.Sections[s.Link])
		if err != nil {
			return nil, "", err
		}
		text = string(names)
		d.tables[s.Link] = text
	}
	return content, text, nil
}

// relocations returns the content of the section .rela.dyn, nil where there is none.
func (d *dynamic) relocations(object *elf.File) ([]byte, error) {
	s := object.Section(".rela.dyn")
	if s == nil || d.relative != nil {
		return d.relative, nil
	}
	if s.Type != elf.SHT_RELA {
		return nil, errors.New("section .rela.dyn holds no relocations")
	}
	content, err := table(s)
	d.relative = content
	return content, err
}

func nameAt(text string, offset uint64) (string, error) {
	if offset >= uint64(len(text)) {
		return "", errors.New("a name lies beyond the table of names")
	}
	name, _, ok := strings.Cut(text[offset:], "\x00")
	if !ok {
		return "", errors.New("the table of names has no end")
	}
	return name, nil
}

func (d *dynamic) readSymbols(object *elf.File) error {
	content, text, err := d.section(object, elf.SHT_DYNSYM)
	if err != nil {
		return err
	}
	size := elf.Sym64Size
	if object.Class == elf.ELFCLASS32 {
		size = elf.Sym32Size
	}
	d.symbols = make([]symbol, 0, len(content)/size)
	d.defined = make([]string, 0, len(content)/size)
	// Names that share their end are stored once, so their sum may be more than
	// the table; a file where it is much more wants to waste time.
	budget := 16*len(text) + 1<<16
	for ; len(content) >= size; content = content[size:] {
		s, offset := decodeSymbol(object, content)
		if s.name, err = nameAt(text, offset); err != nil {
			return err
		}
		if budget -= len(s.name); budget < 0 {
			return errors.New("the names of its symbols overlap")
		}
		d.symbols = append(d.symbols, s)
		switch {
		case s.name == "":
		case s.section != elf.SHN_UNDEF:
			d.defined = append(d.defined, s.name)
		case elf.ST_BIND(s.info) != elf.STB_WEAK:
			d.undefined = append(d.undefined, s.name)
		}
	}
	return nil
}

func decodeSymbol(object *elf.File, content []byte) (s symbol, name uint64) {
	order := object.ByteOrder
	name = uint64(order.Uint32(content))
	if object.Class == elf.ELFCLASS32 {
		s.value = uint64(order.Uint32(content[4:]))
		s.info, s.section = content[12], elf.SectionIndex(order.Uint16(content[14:]))
		return s, name
	}
	s.info, s.section = content[4], elf.SectionIndex(order.Uint16(content[6:]))
	s.value = order.Uint64(content[8:])
	return s, name
}

func (d *dynamic) readEntries(object *elf.File) error {
	content, text, err := d.section(object, elf.SHT_DYNAMIC)
	if err != nil {
		return err
	}
	order, size := object.ByteOrder, 16
	if object.Class == elf.ELFCLASS32 {
		size = 8
	}
	seen := make(map[uint64]bool)
	for ; len(content) >= size; content = content[size:] {
		var tag, value uint64
		if size == 8 {
			tag, value = uint64(order.Uint32(content)), uint64(order.Uint32(content[4:]))
		} else {
			tag, value = order.Uint64(content), order.Uint64(content[8:])
		}
		if elf.DynTag(tag) == elf.DT_NULL {
			break
		}
		d.entries[elf.DynTag(tag)] = value
		var name string
		switch elf.DynTag(tag) {
		case elf.DT_NEEDED, elf.DT_SONAME, elf.DT_RPATH, elf.DT_RUNPATH:
			if name, err = nameAt(text, value); err != nil {
				return err
			}
		}
		switch elf.DynTag(tag) {
		case elf.DT_NEEDED:
			if !seen[value] {
				seen[value] = true
				d.needed = append(d.needed, name)
			}
		case elf.DT_SONAME:
			d.name = name
		case elf.DT_RPATH:
			d.rpath = name
		case elf.DT_RUNPATH:
			d.runpath = name
		}
	}
	return nil
}

// readVersions reads the versions of symbols that the file needs and defines, as
// GLIBC_2.34 is one ("Linux Standard Base Core Specification", symbol versioning).
// Both are lists of records, each of which has a list of its own.
func (d *dynamic) readVersions(object *elf.File) error {
	needs, text, err := d.section(object, elf.SHT_GNU_VERNEED)
	if err != nil {
		return err
	}
	d.versions = make(map[string][]string)
	err = eachVersion(needs, object.ByteOrder, recordShape{list: 8, next: 12, name: 4, entryName: 8, entryNext: 12, flags: 4, size: 16},
		func(library, version uint64, weak bool) error {
			name, err := nameAt(text, library)
			if err != nil || weak {
				return err
			}
			needed, err := nameAt(text, version)
			if err == nil {
				d.versions[name] = append(d.versions[name], needed)
			}
			return err
		})
	if err != nil {
		return err
	}
	offers, text, err := d.section(object, elf.SHT_GNU_VERDEF)
	if err != nil {
		return err
	}
	return eachVersion(offers, object.ByteOrder, recordShape{list: 12, next: 16, name: -1, entryName: 0, entryNext: 4, flags: -1, size: 20},
		func(_, version uint64, _ bool) error {
			name, err := nameAt(text, version)
			d.offers = append(d.offers, name)
			return err
		})
}

// recordShape says where in a record its fields are, -1 for those that it hasn't.
type recordShape struct {
	list, next, name            int
	entryName, entryNext, flags int
	size                        int
}

const weakVersion = 2 // VER_FLG_WEAK

func eachVersion(content []byte, order binary.ByteOrder, shape recordShape, visit func(record, entry uint64, weak bool) error) error {
	field := func(at uint64, offset int) uint64 {
		if offset < 0 || at+uint64(offset)+4 > uint64(len(content)) {
			return 0
		}
		return uint64(order.Uint32(content[at+uint64(offset):]))
	}
	// Every record and entry has room of its own in files that a linker wrote.
	left := len(content)/8 + 1
	for record := uint64(0); record+uint64(shape.size) <= uint64(len(content)); {
		for entry := record + field(record, shape.list); entry+8 <= uint64(len(content)); {
			if left--; left < 0 {
				return errors.New("its lists of symbol versions overlap")
			}
			weak := shape.flags >= 0 && order.Uint16(content[entry+uint64(shape.flags):])&weakVersion != 0
			if err := visit(field(record, shape.name), field(entry, shape.entryName), weak); err != nil {
				return err
			}
			next := field(entry, shape.entryNext)
			if next == 0 {
				break
			}
			entry += next
		}
		next := field(record, shape.next)
		if next == 0 {
			break
		}
		record += next
	}
	return nil
}

// origin is the folder that the dynamic linker puts for $ORIGIN.
func origin(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	return filepath.Dir(path)
}

// at reads what a segment has loaded to an address. It returns nil where the file
// has no such bytes.
func at(object *elf.File, address, length uint64) []byte {
	for _, segment := range object.Progs {
		if segment.Type != elf.PT_LOAD || address < segment.Vaddr || address-segment.Vaddr >= segment.Filesz || length > segment.Filesz-(address-segment.Vaddr) {
			continue
		}
		content := make([]byte, length)
		if _, err := segment.ReadAt(content, int64(address-segment.Vaddr)); err != nil {
			return nil
		}
		return content
	}
	return nil
}
