package preflight

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// The dynamic linker trusts a file: a header with a flipped bit makes it write
// where it must not, and the process ends. So what it relies on is compared with
// what else the file says of itself: the segments against the sections, the
// dynamic table against the sections, relocations against the segments. See
// elf(5) and "System V Application Binary Interface", chapters 4 and 5.

// checkSound says what of an image can't be loaded as it stands, or nil.
func checkSound(file io.ReaderAt, object *elf.File, d *dynamic) error {
	for _, check := range []func() error{
		func() error { return soundHeader(file, object) },
		func() error { return soundSegments(object) },
		func() error { return soundSections(object) },
		func() error { return soundTables(object, d) },
		func() error { return soundRelocations(object, d) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func soundHeader(file io.ReaderAt, object *elf.File) error {
	const padding, version = 9, 20
	header := make([]byte, 24)
	if _, err := file.ReadAt(header, 0); err != nil {
		return err
	}
	switch {
	case object.Type != elf.ET_DYN:
		return fmt.Errorf("its header says that it is not a shared object but %v", object.Type)
	case object.OSABI != elf.ELFOSABI_NONE && object.OSABI != elf.ELFOSABI_LINUX || object.ABIVersion != 0:
		return fmt.Errorf("its header says that it is for %v, version %d", object.OSABI, object.ABIVersion)
	case slices.ContainsFunc(header[padding:elf.EI_NIDENT], func(b byte) bool { return b != 0 }):
		return errors.New("its header has something where nothing may be")
	case object.ByteOrder.Uint32(header[version:]) != uint32(elf.EV_CURRENT):
		return errors.New("its header has an unknown version")
	}
	return nil
}

// No plugin takes more of the address space.
const mostAddress = 1 << 36

func soundSegments(object *elf.File) error {
	page, end, dynamics := uint64(os.Getpagesize()), uint64(0), 0
	for _, s := range object.Progs {
		wrong := func(what string) error { return fmt.Errorf("segment %v at address %#x %s", s.Type, s.Vaddr, what) }
		if s.Memsz > mostAddress || s.Vaddr > mostAddress {
			return wrong("takes more memory than there is")
		}
		switch s.Type {
		case elf.PT_LOAD:
			switch {
			case s.Filesz > s.Memsz:
				return wrong("has more in the file than in memory")
			case (s.Vaddr-s.Off)%page != 0:
				return wrong("is not aligned to pages")
			case s.Vaddr < end:
				return wrong("overlaps the one before it")
			}
			end = s.Vaddr + s.Memsz
		case elf.PT_DYNAMIC:
			dynamics++
			if table := object.SectionByType(elf.SHT_DYNAMIC); table == nil || table.Addr != s.Vaddr || table.Offset != s.Off {
				return wrong("is not where the section table has it")
			}
		case elf.PT_TLS:
			if s.Filesz > s.Memsz || s.Align&(s.Align-1) != 0 || s.Align > page {
				return wrong("has a size or an alignment that makes no sense")
			}
		case elf.PT_GNU_RELRO:
			// Whole pages are protected, and so lld lets it end with the segment's last page.
			protected := segmentOf(object, s.Vaddr, min(s.Memsz, 1), 0)
			if protected == nil || s.Vaddr+s.Memsz > (protected.Vaddr+protected.Memsz+page-1)&^(page-1) {
				return wrong("protects what is not loaded")
			}
		}
	}
	if end == 0 || dynamics != 1 {
		return errors.New("it has no segment to load, or not one dynamic table")
	}
	return nil
}

func holds(s *elf.Prog, address, length uint64) bool {
	return address >= s.Vaddr && address-s.Vaddr <= s.Memsz && length <= s.Memsz-(address-s.Vaddr)
}

// segmentOf returns the segment that is loaded to these addresses with such rights.
func segmentOf(object *elf.File, address, length uint64, rights elf.ProgFlag) *elf.Prog {
	for _, s := range object.Progs {
		if s.Type == elf.PT_LOAD && holds(s, address, length) && s.Flags&rights == rights {
			return s
		}
	}
	return nil
}

// soundSections wants each section that is in memory in a segment that loads it to
// its address, with the rights that it needs.
func soundSections(object *elf.File) error {
	for _, s := range object.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 || s.Size == 0 || s.Flags&elf.SHF_TLS != 0 && s.Type == elf.SHT_NOBITS {
			continue
		}
		rights := elf.PF_R
		if s.Flags&elf.SHF_WRITE != 0 {
			rights |= elf.PF_W
		}
		if s.Flags&elf.SHF_EXECINSTR != 0 {
			rights |= elf.PF_X
		}
		segment := segmentOf(object, s.Addr, s.Size, rights)
		switch {
		case segment == nil:
			return fmt.Errorf("no segment loads section %s to address %#x with the rights that it needs", s.Name, s.Addr)
		case s.Type != elf.SHT_NOBITS && (s.Addr-segment.Vaddr != s.Offset-segment.Off || s.Addr-segment.Vaddr+s.Size > segment.Filesz):
			return fmt.Errorf("section %s is not in the part of the file that is loaded to its address", s.Name)
		}
	}
	return nil
}

// tablesOf are the sections that an entry of the dynamic table points to.
var tablesOf = map[elf.SectionType][]elf.DynTag{
	elf.SHT_DYNSYM:      {elf.DT_SYMTAB},
	elf.SHT_GNU_HASH:    {elf.DT_GNU_HASH},
	elf.SHT_HASH:        {elf.DT_HASH},
	elf.SHT_RELA:        {elf.DT_RELA, elf.DT_JMPREL},
	elf.SHT_GNU_VERSYM:  {elf.DT_VERSYM},
	elf.SHT_GNU_VERNEED: {elf.DT_VERNEED},
	elf.SHT_GNU_VERDEF:  {elf.DT_VERDEF},
	elf.SHT_INIT_ARRAY:  {elf.DT_INIT_ARRAY},
	elf.SHT_FINI_ARRAY:  {elf.DT_FINI_ARRAY},
}

const noOpen, isProgram = uint64(elf.DF_1_NOOPEN), uint64(elf.DF_1_PIE)

// sizesOf are the entries that hold the bytes of those tables.
var sizesOf = map[elf.DynTag]elf.DynTag{
	elf.DT_RELA: elf.DT_RELASZ, elf.DT_JMPREL: elf.DT_PLTRELSZ, elf.DT_INIT_ARRAY: elf.DT_INIT_ARRAYSZ, elf.DT_FINI_ARRAY: elf.DT_FINI_ARRAYSZ,
}

// soundTable wants a section of the dynamic linker's in its table, with its size.
func soundTable(s *elf.Section, tags []elf.DynTag, d *dynamic) error {
	for _, tag := range tags {
		address, ok := d.entries[tag]
		if !ok || address != s.Addr {
			continue
		}
		if size, sized := sizesOf[tag]; sized && (d.entries[size] < s.Size || s.Type != elf.SHT_RELA && d.entries[size] != s.Size) {
			return fmt.Errorf("its dynamic table gives section %s %d bytes of %d", s.Name, d.entries[size], s.Size)
		}
		return nil
	}
	// Some linkers join both tables of relocations, so that one entry is for two.
	if start := d.entries[elf.DT_RELA]; s.Type == elf.SHT_RELA && s.Addr > start && s.Addr-start < d.entries[elf.DT_RELASZ] {
		return nil
	}
	return fmt.Errorf("its dynamic table has no %v for section %s at address %#x", tags[0], s.Name, s.Addr)
}

func soundTables(object *elf.File, d *dynamic) error {
	for _, s := range object.Sections {
		if tags, ok := tablesOf[s.Type]; ok && s.Flags&elf.SHF_ALLOC != 0 {
			if err := soundTable(s, tags, d); err != nil {
				return err
			}
		}
	}
	for kind, tags := range tablesOf {
		for _, tag := range tags {
			if address, ok := d.entries[tag]; ok && !slices.ContainsFunc(object.Sections, func(s *elf.Section) bool { return s.Type == kind && s.Addr == address }) {
				return fmt.Errorf("its dynamic table has %v at address %#x, where no such section is", tag, address)
			}
		}
	}
	symbols := object.SectionByType(elf.SHT_DYNSYM)
	if symbols == nil || int(symbols.Link) >= len(object.Sections) || object.Sections[symbols.Link].Addr != d.entries[elf.DT_STRTAB] {
		return errors.New("the names of its symbols are not where its dynamic table has them")
	}
	if flags := d.entries[elf.DT_FLAGS_1]; flags&(noOpen|isProgram) != 0 {
		return fmt.Errorf("its dynamic table says that it may not be opened (%v)", elf.DynFlag1(flags))
	}
	for _, tag := range []elf.DynTag{elf.DT_INIT, elf.DT_FINI} {
		if address, ok := d.entries[tag]; ok && segmentOf(object, address, 1, elf.PF_X) == nil {
			return fmt.Errorf("its dynamic table has %v at address %#x, where no code is", tag, address)
		}
	}
	if address, ok := d.entries[elf.DT_PLTGOT]; ok && segmentOf(object, address, 24, elf.PF_W) == nil {
		return fmt.Errorf("its dynamic table has %v at address %#x, where nothing can be written", elf.DT_PLTGOT, address)
	}
	return soundHash(object)
}

// soundHash looks at the table by which symbols are found: its header (number of
// buckets, first symbol, words and shift of the filter), then the filter.
func soundHash(object *elf.File) error {
	s := object.SectionByType(elf.SHT_GNU_HASH)
	if s == nil {
		return nil
	}
	content := make([]byte, 16)
	if _, err := s.ReadAt(content, 0); err != nil {
		return fmt.Errorf("section %s: %w", s.Name, err)
	}
	order, word := object.ByteOrder, uint64(8)
	if object.Class == elf.ELFCLASS32 {
		word = 4
	}
	buckets, filter := uint64(order.Uint32(content)), uint64(order.Uint32(content[8:]))
	if filter&(filter-1) != 0 || uint64(len(content))+word*filter+4*buckets > s.Size {
		return fmt.Errorf("section %s says that it has %d buckets and a filter of %d words", s.Name, buckets, filter)
	}
	return nil
}

// relocationKinds are those that the dynamic linker knows, the frequent ones first.
var relocationKinds = map[elf.Machine][]uint32{
	elf.EM_X86_64: {
		uint32(elf.R_X86_64_RELATIVE), uint32(elf.R_X86_64_64), uint32(elf.R_X86_64_GLOB_DAT), uint32(elf.R_X86_64_JMP_SLOT), uint32(elf.R_X86_64_NONE),
		uint32(elf.R_X86_64_DTPMOD64), uint32(elf.R_X86_64_DTPOFF64), uint32(elf.R_X86_64_TPOFF64), uint32(elf.R_X86_64_TLSDESC), uint32(elf.R_X86_64_IRELATIVE),
		uint32(elf.R_X86_64_COPY), uint32(elf.R_X86_64_32), uint32(elf.R_X86_64_PC32), uint32(elf.R_X86_64_SIZE64),
	},
	elf.EM_AARCH64: {
		uint32(elf.R_AARCH64_RELATIVE), uint32(elf.R_AARCH64_ABS64), uint32(elf.R_AARCH64_GLOB_DAT), uint32(elf.R_AARCH64_JUMP_SLOT), uint32(elf.R_AARCH64_NONE),
		uint32(elf.R_AARCH64_TLS_DTPMOD64), uint32(elf.R_AARCH64_TLS_DTPREL64), uint32(elf.R_AARCH64_TLS_TPREL64), uint32(elf.R_AARCH64_TLSDESC), uint32(elf.R_AARCH64_IRELATIVE),
		uint32(elf.R_AARCH64_COPY), uint32(elf.R_AARCH64_ABS32), uint32(elf.R_AARCH64_PREL32), uint32(elf.R_AARCH64_ABS16),
	},
}

const relaSize = 24 // bytes of a relocation of 64-bit files

func soundRelocations(object *elf.File, d *dynamic) error {
	kinds, ok := relocationKinds[object.Machine]
	if !ok || object.Class != elf.ELFCLASS64 || object.Data != elf.ELFDATA2LSB {
		return nil
	}
	for _, part := range []struct{ at, size elf.DynTag }{{elf.DT_RELA, elf.DT_RELASZ}, {elf.DT_JMPREL, elf.DT_PLTRELSZ}} {
		address, ok := d.entries[part.at]
		if !ok {
			continue
		}
		size := d.entries[part.size]
		if size%relaSize != 0 || size > mostTableBytes {
			return fmt.Errorf("its dynamic table has a %v of %d bytes", part.at, size)
		}
		list, err := d.relocationsAt(object, address, size)
		if err != nil {
			return err
		}
		if list == nil {
			return fmt.Errorf("its dynamic table has a %v of %d bytes at address %#x, which the file does not hold", part.at, size, address)
		}
		if err := soundRelocationList(object, list, kinds, len(d.symbols)); err != nil {
			return err
		}
		if part.at == elf.DT_RELA && d.entries[elf.DT_RELACOUNT] > size/relaSize {
			return errors.New("its dynamic table counts more relocations than there are")
		}
	}
	if _, ok := d.entries[elf.DT_RELA]; ok && d.entries[elf.DT_RELAENT] != relaSize || d.entries[elf.DT_SYMENT] != elf.Sym64Size {
		return errors.New("its dynamic table gives its entries an unknown size")
	}
	if kind, ok := d.entries[elf.DT_PLTREL]; ok && elf.DynTag(kind) != elf.DT_RELA {
		return errors.New("its dynamic table names an unknown kind of relocations")
	}
	return nil
}

func (d *dynamic) relocationsAt(object *elf.File, address, size uint64) ([]byte, error) {
	if s := object.Section(".rela.dyn"); s != nil && s.Addr == address && s.Size == size {
		return d.relocations(object)
	}
	return at(object, address, size), nil
}

func soundRelocationList(object *elf.File, list []byte, kinds []uint32, symbols int) error {
	relative := relocationTypes[object.Machine].relative
	var written, meant *elf.Prog // neighbors are mostly in one segment
	for ; len(list) >= relaSize; list = list[relaSize:] {
		address, info, addend := binary.LittleEndian.Uint64(list), binary.LittleEndian.Uint64(list[8:]), binary.LittleEndian.Uint64(list[16:])
		kind, symbol := uint32(info), info>>32
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("it has a relocation of the unknown kind %d", kind)
		}
		if symbol >= uint64(max(symbols, 1)) {
			return fmt.Errorf("it has a relocation for symbol %d of %d", symbol, symbols)
		}
		if written == nil || !holds(written, address, 8) {
			if written = segmentOf(object, address, 8, elf.PF_W); written == nil {
				return fmt.Errorf("it has a relocation at address %#x, where nothing can be written", address)
			}
		}
		if kind == relative && (meant == nil || !holds(meant, addend, 0)) {
			if meant = segmentOf(object, addend, 0, 0); meant == nil {
				return fmt.Errorf("it has a relocation to address %#x, where nothing is loaded", addend)
			}
		}
	}
	return nil
}
