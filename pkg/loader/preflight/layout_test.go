package preflight

import (
	"reflect"
	"runtime"
	"testing"
)

// The layout of a release is never written down. Where this test fails, a new release of Go
// has moved or renamed what layout.go goes by: until that follows, hosts of this release
// check neither the type of CreatePlugin nor whether it is a variable.
func TestThisReleaseSaysWhereItKeepsWhatAPluginExports(t *testing.T) {
	l, err := runningLayout()
	if err != nil {
		t.Fatalf("%s: %v", runtime.Version(), err)
	}
	t.Logf("%s: %+v", runtime.Version(), l)
	module := moduleData()
	for name, offset := range map[string]uint64{"types": l.types, "pluginpath": l.path, "ptab": l.exports} {
		if f, _ := module.FieldByName(name); uint64(f.Offset) != offset || offset == 0 {
			t.Errorf("%s is at %d, not at %d", name, f.Offset, offset)
		}
	}
	if found := searchTypes(isModuleData, reflect.TypeFor[runtime.Frame]()); found != module {
		t.Errorf("the search finds %v", found)
	}
}

func TestWhatIsNotWhereItWasIsAnError(t *testing.T) {
	type entry struct{ name, typ int32 }
	_ = entry{name: 0, typ: 0}
	for name, module := range map[string]reflect.Type{
		"no table": reflect.TypeFor[struct {
			types      uintptr
			pluginpath string
		}](),
		"a path of bytes": reflect.TypeFor[struct {
			types      uintptr
			pluginpath []byte
			ptab       []entry
		}](),
		"a table of pointers": reflect.TypeFor[struct {
			types      uintptr
			pluginpath string
			ptab       []*entry
		}](),
		"entries of pointers": reflect.TypeFor[struct {
			types      uintptr
			pluginpath string
			ptab       []struct{ name, typ uintptr }
		}](),
		"a map": reflect.TypeFor[struct {
			types      uintptr
			pluginpath string
			ptab       map[string]entry
		}](),
	} {
		if l, err := layoutOf(module); err == nil {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if l, err := layoutOf(reflect.TypeFor[struct {
		first, types uintptr
		pluginpath   string
		ptab         []entry
	}]()); err != nil || l != (layout{types: 8, path: 16, exports: 32, entry: 8, kind: 4}) {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestAHostThatCannotDecodeItsTypesChecksNamesAlone(t *testing.T) {
	host := image(func(i *Image) { i.undecodable = errNoModule })
	wrong := image(func(i *Image) {
		i.Exports = map[string]Export{"garbage": {Kind: Var, Type: "garbage"}}
		i.names = map[string]Export{"Create": {Kind: Func}}
	})
	if err := process(t, host).Check(wrong, create); err != nil {
		t.Error(err)
	}
	if err := process(t, image()).Check(wrong, create); err == nil {
		t.Error("what a host can decode doesn't count")
	}
}
