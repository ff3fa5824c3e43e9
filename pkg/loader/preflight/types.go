package preflight

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TypeName returns the name of a type with the full import paths of its packages, which
// the String method of a [reflect.Type] shortens to their last element. In a process whose
// packages agree, types with the same name are identical.
func TypeName(t reflect.Type) string {
	if t.Name() != "" {
		return qualified(t.PkgPath(), t.Name())
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + TypeName(t.Elem())
	case reflect.Slice:
		return "[]" + TypeName(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), TypeName(t.Elem()))
	case reflect.Map:
		return fmt.Sprintf("map[%s]%s", TypeName(t.Key()), TypeName(t.Elem()))
	case reflect.Chan:
		return channelName(t.ChanDir(), TypeName(t.Elem()))
	case reflect.Func:
		var in, out []string
		for n := range t.NumIn() {
			in = append(in, TypeName(t.In(n)))
		}
		for n := range t.NumOut() {
			out = append(out, TypeName(t.Out(n)))
		}
		return "func" + signature(in, out, t.IsVariadic())
	case reflect.Struct:
		var fields []string
		for n := range t.NumField() {
			f := t.Field(n)
			fields = append(fields, fieldName(qualified(f.PkgPath, f.Name), TypeName(f.Type), string(f.Tag), f.Anonymous))
		}
		return braces("struct", fields)
	case reflect.Interface:
		var methods []string
		for n := range t.NumMethod() {
			m := t.Method(n)
			methods = append(methods, qualified(m.PkgPath, m.Name)+strings.TrimPrefix(TypeName(m.Type), "func"))
		}
		return braces("interface", methods)
	}
	return t.String()
}

func qualified(pkg, name string) string {
	if pkg == "" {
		return name
	}
	return pkg + "." + name
}

func channelName(direction reflect.ChanDir, element string) string {
	switch {
	case direction == reflect.RecvDir:
		return "<-chan " + element
	case direction == reflect.SendDir:
		return "chan<- " + element
	case strings.HasPrefix(element, "<-"):
		return "chan (" + element + ")"
	}
	return "chan " + element
}

func signature(in, out []string, variadic bool) string {
	if variadic && len(in) > 0 {
		last := len(in) - 1
		in[last] = "..." + strings.TrimPrefix(in[last], "[]")
	}
	text := "(" + strings.Join(in, ", ") + ")"
	switch len(out) {
	case 0:
		return text
	case 1:
		return text + " " + out[0]
	}
	return text + " (" + strings.Join(out, ", ") + ")"
}

func fieldName(name, kind, tag string, embedded bool) string {
	if name += " " + kind; embedded {
		name = "embedded " + name
	}
	if tag != "" {
		name += " " + strconv.Quote(tag)
	}
	return name
}

func braces(what string, parts []string) string {
	if len(parts) == 0 {
		return what + " {}"
	}
	return what + " { " + strings.Join(parts, "; ") + " }"
}

// The kinds and flags of types in the file are those of internal/abi, which agree
// with package reflect's.
const (
	kindPointer = reflect.Pointer
	kindMask    = 1<<5 - 1

	flagUncommon  = 1 << 0
	flagExtraStar = 1 << 1
	flagNamed     = 1 << 2
)

// uncommonAt is where the import path of a named type's package is, after what
// its kind needs (internal/abi, Type.Uncommon).
var uncommonAt = map[reflect.Kind]uint64{
	reflect.Pointer: 56, reflect.Func: 56, reflect.Slice: 56, reflect.Array: 72, reflect.Chan: 64,
	reflect.Map: 112, reflect.Interface: 80, reflect.Struct: 80,
}

// memory reads a plugin's data as they will be when it is loaded. After the first
// thing that makes no sense, err is set, and all that is read is zero.
type memory struct {
	object      *elf.File
	relocations []byte
	symbols     []symbol
	types       uint64 // address that the offsets of names and types count from
	left        int    // types that may still be read: a hostile file might have endless ones
	room        int    // bytes that names may still take
	err         error
}

// relocationTypes are those that write a pointer: to an address of the file, and
// to a symbol. Other processors' relocations are not known here.
var relocationTypes = map[elf.Machine]struct{ relative, symbol uint32 }{
	elf.EM_X86_64:  {uint32(elf.R_X86_64_RELATIVE), uint32(elf.R_X86_64_64)},
	elf.EM_AARCH64: {uint32(elf.R_AARCH64_RELATIVE), uint32(elf.R_AARCH64_ABS64)},
}

func newMemory(object *elf.File, d *dynamic) (*memory, error) {
	if _, ok := relocationTypes[object.Machine]; !ok || object.Class != elf.ELFCLASS64 || object.Data != elf.ELFDATA2LSB {
		return nil, fmt.Errorf("relocations of %v are not known here", object.Machine)
	}
	m := &memory{object: object, symbols: d.symbols, left: 2000, room: 1 << 20}
	var err error
	if m.relocations, err = d.relocations(object); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *memory) bytes(address, length uint64) []byte {
	if m.err == nil {
		if content := at(m.object, address, length); content != nil {
			return content
		}
		m.err = fmt.Errorf("no segment holds %d bytes at address %#x", length, address)
	}
	return make([]byte, min(length, 64)) // nobody asks for an element beyond
}

func (m *memory) word(address uint64) uint64 { return binary.LittleEndian.Uint64(m.bytes(address, 8)) }

func (m *memory) half(address uint64) uint64 {
	return uint64(binary.LittleEndian.Uint32(m.bytes(address, 4)))
}

// pointer reads a pointer, which the dynamic linker will write: the file itself
// has zero there, or, in its newer form of relocations, the address.
func (m *memory) pointer(address uint64) uint64 {
	kinds := relocationTypes[m.object.Machine]
	for entries := m.relocations; len(entries) >= 24; entries = entries[24:] {
		if binary.LittleEndian.Uint64(entries) != address {
			continue
		}
		info, addend := binary.LittleEndian.Uint64(entries[8:]), binary.LittleEndian.Uint64(entries[16:])
		switch kind, n := uint32(info), info>>32; {
		case kind == kinds.relative:
			return addend
		case kind == kinds.symbol && n < uint64(len(m.symbols)) && m.symbols[n].section != elf.SHN_UNDEF:
			return m.symbols[n].value + addend
		}
	}
	return m.word(address)
}

// No name in a program is longer.
const longestName = 1 << 14

func (m *memory) text(address, length uint64) string {
	if length > longestName {
		m.fail("a name of %d bytes", length)
		return ""
	}
	if length == 0 {
		return ""
	}
	if m.room -= int(length); m.room < 0 {
		m.fail("names of more than a megabyte")
	}
	return string(m.bytes(address, length))
}

func (m *memory) fail(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

// name reads a name of internal/abi: a byte of flags, its length as a varint, its
// text, and, where the flags say so, the same for a tag, and the offset of the path of the
// package that it belongs to.
func (m *memory) name(address uint64) string { return m.memberName(address).name }

type memberName struct {
	name, tag, pkg string
	embedded       bool
}

const (
	nameHasTag     = 1 << 1
	nameHasPackage = 1 << 2
	nameEmbedded   = 1 << 3
)

func (m *memory) memberName(address uint64) (found memberName) {
	flags := m.bytes(address, 1)[0]
	found.embedded = flags&nameEmbedded != 0
	var next uint64
	found.name, next = m.counted(address + 1)
	if flags&nameHasTag != 0 {
		found.tag, next = m.counted(next)
	}
	if flags&nameHasPackage != 0 {
		if offset := m.half(next); offset != 0 {
			found.pkg, _ = m.counted(m.types + offset + 1)
		}
	}
	return found
}

func (m *memory) counted(address uint64) (text string, next uint64) {
	var length uint64
	for shift := 0; shift < 21; shift += 7 {
		b := m.bytes(address, 1)[0]
		address++
		if length |= uint64(b&0x7f) << shift; b < 0x80 {
			return m.text(address, length), address + length
		}
	}
	m.fail("a name without end")
	return "", 0
}

func (m *memory) kind(address uint64) reflect.Kind {
	return reflect.Kind(m.bytes(address+23, 1)[0] & kindMask)
}

// typeName writes the type at an address as [TypeName] does.
func (m *memory) typeName(address uint64, depth int) string {
	if m.left--; m.left < 0 || depth > 50 {
		m.fail("a type without end")
	}
	if m.err != nil {
		return ""
	}
	flags, kind := m.bytes(address+20, 1)[0], m.kind(address)
	if flags&flagNamed != 0 {
		return m.namedType(address, flags, kind)
	}
	element := func(n uint64) string { return m.typeName(m.pointer(address+48+8*n), depth+1) }
	switch kind {
	case reflect.Pointer:
		return "*" + element(0)
	case reflect.Slice:
		return "[]" + element(0)
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", m.word(address+64), element(0))
	case reflect.Map:
		return fmt.Sprintf("map[%s]%s", element(0), element(1))
	case reflect.Chan:
		return channelName(reflect.ChanDir(m.word(address+56)), element(0))
	case reflect.Func:
		return "func" + m.signature(address, flags, depth)
	case reflect.Struct:
		return m.structType(address, depth)
	case reflect.Interface:
		return m.interfaceType(address, depth)
	}
	m.fail("a type of the unknown kind %d", kind)
	return ""
}

// namedType has the last element of the import path in its own name, and the
// whole path beside it.
func (m *memory) namedType(address uint64, flags byte, kind reflect.Kind) string {
	name := m.name(m.types + m.half(address+40))
	if flags&flagExtraStar != 0 {
		name = strings.TrimPrefix(name, "*")
	}
	if flags&flagUncommon == 0 {
		return name
	}
	offset, ok := uncommonAt[kind]
	if !ok {
		offset = 48
	}
	pkg := m.half(address + offset)
	if pkg == 0 {
		return name
	}
	// Dots in the type arguments of a generic type are none of its own.
	own, _, _ := strings.Cut(name, "[")
	return qualified(m.name(m.types+pkg), name[strings.LastIndexByte(own, '.')+1:])
}

func (m *memory) signature(address uint64, flags byte, depth int) string {
	counts := m.half(address + 48)
	ins, outs := counts&0xffff, counts>>16&0x7fff
	list := address + 56
	if flags&flagUncommon != 0 {
		list += 16
	}
	names := func(count uint64) (names []string) {
		for range count {
			names = append(names, m.typeName(m.pointer(list), depth+1))
			if list += 8; m.err != nil {
				return nil
			}
		}
		return names
	}
	in := names(ins)
	return signature(in, names(outs), counts>>31 != 0)
}

func (m *memory) structType(address uint64, depth int) string {
	pkg, list, count := m.members(address)
	var fields []string
	for n := uint64(0); n < count && m.err == nil; n++ {
		field := m.memberName(m.pointer(list + 24*n))
		fields = append(fields, fieldName(field.qualified(pkg), m.typeName(m.pointer(list+24*n+8), depth+1), field.tag, field.embedded))
	}
	return braces("struct", fields)
}

func (m *memory) interfaceType(address uint64, depth int) string {
	pkg, list, count := m.members(address)
	var methods []string
	for n := uint64(0); n < count && m.err == nil; n++ {
		method := m.memberName(m.types + m.half(list+8*n))
		methods = append(methods, method.qualified(pkg)+strings.TrimPrefix(m.typeName(m.types+m.half(list+8*n+4), depth+1), "func"))
	}
	return braces("interface", methods)
}

// members reads what the types of structs and of interfaces have alike: the package, and
// where the list of their fields or methods is.
func (m *memory) members(address uint64) (pkg string, list, count uint64) {
	if at := m.pointer(address + 48); at != 0 {
		pkg = m.name(at)
	}
	return pkg, m.pointer(address + 56), m.word(address + 64)
}

// qualified has the package before a name that only it can use: its own, or else that of
// the type.
func (m memberName) qualified(pkg string) string {
	if first, _ := utf8.DecodeRuneInString(m.name); unicode.IsUpper(first) {
		return m.name
	}
	return qualified(cmp.Or(m.pkg, pkg), m.name)
}
