package preflight

import (
	"debug/elf"
	"errors"
	"fmt"
	"reflect"
	"runtime"
)

// What a plugin exports stands in its module data, a struct of the runtime
// (runtime/symtab.go) whose fields are elsewhere in each release. So nothing about it is
// written down here: the running binary knows its own release's struct as a type, to
// which the exported types of package runtime lead.

// layout says where in the module data of the running release the fields are that are
// needed here, in bytes.
type layout struct {
	types   uint64 // address that the offsets of names and types count from
	path    uint64 // the plugin's import path, a string
	exports uint64 // slice of what it exports, each entry having:
	entry   uint64 // its size
	name    uint64 // offset of its name
	kind    uint64 // offset of its type
}

// runningLayout reads the layout from the types of the running binary.
func runningLayout() (layout, error) {
	module := moduleData()
	if module == nil {
		return layout{}, errors.New("no type of package runtime leads to its module data")
	}
	return layoutOf(module)
}

// moduleData returns the runtime's type of module data, nil where it isn't found. The
// short way is that of the releases known so far.
func moduleData() reflect.Type {
	frame := reflect.TypeFor[runtime.Frame]()
	if function, ok := frame.FieldByName("funcInfo"); ok && function.Type.Kind() == reflect.Struct {
		if data, ok := function.Type.FieldByName("datap"); ok && data.Type.Kind() == reflect.Pointer && isModuleData(data.Type.Elem()) {
			return data.Type.Elem()
		}
	}
	return searchTypes(isModuleData, frame, reflect.TypeFor[runtime.Frames](), reflect.TypeFor[runtime.Pinner](), reflect.TypeFor[runtime.TypeAssertionError]())
}

func isModuleData(t reflect.Type) bool {
	return t.PkgPath() == "runtime" && t.Name() == "moduledata" && t.Kind() == reflect.Struct
}

// searchTypes looks for a type among all that the given ones are made of, near ones first.
func searchTypes(wanted func(reflect.Type) bool, from ...reflect.Type) reflect.Type {
	seen := make(map[reflect.Type]bool)
	for len(from) > 0 {
		t := from[0]
		from = from[1:]
		if seen[t] {
			continue
		}
		seen[t] = true
		if wanted(t) {
			return t
		}
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
			from = append(from, t.Elem())
		case reflect.Map:
			from = append(from, t.Key(), t.Elem())
		case reflect.Struct:
			for n := range t.NumField() {
				from = append(from, t.Field(n).Type)
			}
		case reflect.Func:
			for n := range t.NumIn() {
				from = append(from, t.In(n))
			}
			for n := range t.NumOut() {
				from = append(from, t.Out(n))
			}
		}
	}
	return nil
}

// layoutOf finds the fields by their names, and wants them to be what they have been.
func layoutOf(module reflect.Type) (layout, error) {
	var failure error
	field := func(of reflect.Type, name string, kinds ...reflect.Kind) (uint64, reflect.Type) {
		f, ok := of.FieldByName(name)
		if !ok && failure == nil {
			failure = fmt.Errorf("%v has no field %s", of, name)
		}
		if !ok {
			return 0, nil
		}
		t := f.Type
		for n, kind := range kinds {
			if n > 0 {
				t = t.Elem()
			}
			if t.Kind() != kind {
				failure = fmt.Errorf("the field %s of %v is %v", name, of, f.Type)
				return 0, nil
			}
		}
		return uint64(f.Offset), t
	}
	var l layout
	var entry reflect.Type
	l.types, _ = field(module, "types", reflect.Uintptr)
	l.path, _ = field(module, "pluginpath", reflect.String)
	if l.exports, entry = field(module, "ptab", reflect.Slice, reflect.Struct); entry != nil {
		l.entry = uint64(entry.Size())
		l.name, _ = field(entry, "name", reflect.Int32)
		l.kind, _ = field(entry, "typ", reflect.Int32)
	}
	return l, failure
}

// tryDecoding decodes types of the running binary from its file, and compares them with
// what package reflect says of them. An error means that the types in plugins can't be
// decoded either: this release lays out something otherwise.
func tryDecoding(object *elf.File, d *dynamic) error {
	fields, err := runningLayout()
	if err != nil {
		return err
	}
	module := object.Section(".go.module")
	if module == nil {
		return errNoModule
	}
	m, err := newMemory(object, d)
	if err != nil {
		return err
	}
	loadedAt, err := whereLoaded(object, d)
	if err != nil {
		return err
	}
	m.types = m.pointer(module.Addr + fields.types)
	for _, known := range knownTypes {
		// The value in an interface of type reflect.Type is the address of the type.
		decoded := m.typeName(uint64(reflect.ValueOf(known).Pointer())-loadedAt, 0)
		if m.err != nil {
			return fmt.Errorf("%s: %w", TypeName(known), m.err)
		}
		if decoded != TypeName(known) {
			return fmt.Errorf("%s is read as %s", TypeName(known), decoded)
		}
	}
	return nil
}

var errNoModule = errors.New("it has no section .go.module")

// knownTypes have everything that a type can have.
var knownTypes = []reflect.Type{
	reflect.TypeFor[func(*Image, int, ...func(chan<- uint16, <-chan chan error)) (map[string]Fingerprint, error)](),
	reflect.TypeFor[struct {
		Error
		count [3]complex64
		Named *reflect.Value `tag:"a \"value\""`
	}](),
	reflect.TypeFor[interface {
		fmt.Stringer
		private(any) struct{}
	}](),
	reflect.TypeFor[generic[map[Code][]Kind]](),
}

type generic[T any] struct{ _ T }

// whereLoaded returns how far the running binary's addresses are from those in its file.
func whereLoaded(object *elf.File, d *dynamic) (uint64, error) {
	if object.Type == elf.ET_EXEC {
		return 0, nil
	}
	here := reflect.ValueOf(ThisHost).Pointer()
	name := runtime.FuncForPC(here).Name()
	for _, s := range d.symbols {
		if s.name == name && s.section != elf.SHN_UNDEF {
			return uint64(here) - s.value, nil
		}
	}
	return 0, fmt.Errorf("it exports no %s", name)
}
