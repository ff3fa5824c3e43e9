package preflight

import (
	"debug/elf"
	"os"
	"testing"
)

func TestWhereProtectionMayEnd(t *testing.T) {
	page := uint64(os.Getpagesize())
	loaded := elf.ProgHeader{Type: elf.PT_LOAD, Flags: elf.PF_R | elf.PF_W, Vaddr: page + 0x700, Off: page + 0x700, Filesz: page, Memsz: page}
	table := elf.ProgHeader{Type: elf.PT_DYNAMIC, Vaddr: page + 0x800, Off: page + 0x800}
	for name, c := range map[string]struct {
		vaddr, memsz uint64
		sound        bool
	}{
		"before the segment's end":    {page + 0x700, 0x900, true},
		"with the last page, as lld":  {page + 0x700, 2*page - 0x700, true},
		"behind the last page":        {page + 0x700, 2*page - 0x6ff, false},
		"before the segment":          {page, 0x900, false},
		"nothing":                     {page + 0x700, 0, true},
		"where nothing is any longer": {8 * page, 16, false},
	} {
		t.Run(name, func(t *testing.T) {
			object := &elf.File{Sections: []*elf.Section{{SectionHeader: elf.SectionHeader{Type: elf.SHT_DYNAMIC, Addr: table.Vaddr, Offset: table.Off}}}}
			for _, h := range []elf.ProgHeader{loaded, table, {Type: elf.PT_GNU_RELRO, Vaddr: c.vaddr, Memsz: c.memsz}} {
				object.Progs = append(object.Progs, &elf.Prog{ProgHeader: h})
			}
			if err := soundSegments(object); (err == nil) != c.sound {
				t.Error(err)
			}
		})
	}
}
