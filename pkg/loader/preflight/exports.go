package preflight

import (
	"debug/elf"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fingerprint is the compiler's hash of everything in a package that other packages can
// see, including the recorded paths of its source files.
type Fingerprint [8]byte

// Kind says what an exported name of package main is.
type Kind string

// The kinds of names that [plugin.Plugin.Lookup] finds.
const (
	Func Kind = "func" // a function
	Var  Kind = "var"  // a variable
)

// The linker makes one symbol with this prefix for each package, in plugins and
// in binaries that import package plugin (cmd/link/internal/ld, addpkghash).
const fingerprintPrefix = "go:link.pkghashbytes."

func (i *Image) readPackages(object *elf.File) error {
	for _, symbol := range i.shared.symbols {
		name, ok := strings.CutPrefix(symbol.name, fingerprintPrefix)
		if !ok || symbol.section == elf.SHN_UNDEF {
			continue
		}
		content := at(object, symbol.value, uint64(len(Fingerprint{})))
		if content == nil {
			return fmt.Errorf("the fingerprint of %s is missing: no segment holds address %#x", name, symbol.value)
		}
		if i.Packages == nil {
			i.Packages = make(map[string]Fingerprint)
		}
		i.Packages[strings.Clone(name)] = Fingerprint(content)
	}
	if i.undecoded() {
		i.Notes = append(i.Notes, fmt.Sprintf("the fingerprints of its packages are unknown: "+
			"where %s writes them is not known here, so only the versions of modules can be compared", i.Build.GoVersion))
	}
	return nil
}

// undecoded reports whether the file has the symbols by which host and plugin find each
// other, but not the fingerprints among them: then its release of Go writes them in a way
// that is not known here. What can't be found in such a file doesn't speak against it.
func (i *Image) undecoded() bool { return len(i.Packages) == 0 && i.linked }

// readExports reads what package main exports. The table that plugin.Open will
// read has names and types; where it can't be decoded, the symbols have at least
// the names.
func (i *Image) readExports(object *elf.File) {
	main := i.packageMain()
	table, err := readTable(object, i, main)
	switch {
	case main != "":
		i.PluginPath = strings.Clone(main)
		i.names = i.exportsOfSymbols()
	case err == nil: // go build doesn't mind
		i.PluginPath, i.withoutMain = escape(table.path), true
	case i.undecoded():
		i.PluginPath = escape(i.Build.Path)
	default:
		return
	}
	i.Exports = table.exports
	if err != nil {
		i.Exports = i.names
		i.Notes = append(i.Notes, fmt.Sprintf("the types of its exported names are unknown: %v", err))
	}
}

// packageMain finds the plugin's package main, the one that has a function main, by the
// symbols; "" where there is none.
func (i *Image) packageMain() string {
	path := escape(i.Build.Path)
	if defines(i.shared.symbols, path+".main") {
		return path
	}
	return otherMain(i.shared.symbols)
}

func defines(symbols []symbol, name string) bool {
	return slices.ContainsFunc(symbols, func(s symbol) bool { return s.section != elf.SHN_UNDEF && s.name == name })
}

// exportsOfSymbols finds the names that package main exports: their symbols begin with
// the plugin path.
func (i *Image) exportsOfSymbols() map[string]Export {
	exports := make(map[string]Export)
	prefix := i.PluginPath + "."
	for _, s := range i.shared.symbols {
		name, ok := strings.CutPrefix(s.name, prefix)
		if !ok || s.section == elf.SHN_UNDEF {
			continue
		}
		if first, _ := utf8.DecodeRuneInString(name); !unicode.IsUpper(first) || strings.ContainsAny(name, ".[(") {
			continue
		}
		switch elf.ST_TYPE(s.info) {
		case elf.STT_FUNC:
			exports[strings.Clone(name)] = Export{Kind: Func}
		case elf.STT_OBJECT:
			exports[strings.Clone(name)] = Export{Kind: Var}
		}
	}
	return exports
}

// otherMain finds the package main of a build whose plugin path is not its import
// path: from a list of files, or with -ldflags=-pluginpath.
func otherMain(symbols []symbol) string {
	var paths []string
	for _, s := range symbols {
		if path, ok := strings.CutSuffix(s.name, ".main"); ok && path != "runtime" && s.section != elf.SHN_UNDEF {
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

// No package exports more names.
const mostExports = 1 << 16

type exportTable struct {
	path    string // by which the runtime knows the plugin
	exports map[string]Export
}

// readTable reads the table of exported names by way of the module data, which must be
// those of package main; "" accepts any package of the file.
func readTable(object *elf.File, i *Image, main string) (exportTable, error) {
	release, _ := splitRelease(i.Build.GoVersion)
	if running, _ := splitRelease(runtime.Version()); release != running {
		return exportTable{}, fmt.Errorf("it was built by %s, and only what %s builds is decoded here", release, running)
	}
	fields, err := runningLayout()
	if err != nil {
		return exportTable{}, err
	}
	module := object.Section(".go.module")
	if module == nil {
		return exportTable{}, errNoModule
	}
	m, err := newMemory(object, &i.shared)
	if err != nil {
		return exportTable{}, err
	}
	at := func(offset uint64) uint64 { return module.Addr + offset }
	found := exportTable{path: m.text(m.pointer(at(fields.path)), m.word(at(fields.path+8))), exports: make(map[string]Export)}
	if main == "" && !i.has(escape(found.path)) || main != "" && escape(found.path) != main && found.path != main {
		return exportTable{}, fmt.Errorf("its module data are not laid out as those of %s", release)
	}
	m.types = m.pointer(at(fields.types))
	list, count := m.pointer(at(fields.exports)), m.word(at(fields.exports+8))
	if count > mostExports {
		return exportTable{}, fmt.Errorf("its module data list %d exported names", count)
	}
	for n := range count {
		entry := list + fields.entry*n
		name, kind := m.name(m.types+m.half(entry+fields.name)), m.types+m.half(entry+fields.kind)
		export := Export{Kind: Func, Type: m.typeName(kind, 0)}
		if m.kind(kind) == kindPointer { // for a variable the table has the type of its address
			export = Export{Kind: Var, Type: strings.TrimPrefix(export.Type, "*")}
		}
		found.exports[name] = export
		if m.err != nil {
			return exportTable{}, m.err
		}
	}
	return found, m.err
}

// has reports whether the package is one of the file's, by its path in symbols.
func (i *Image) has(path string) bool {
	return path != "" && slices.ContainsFunc(i.shared.symbols, func(s symbol) bool {
		return s.section != elf.SHN_UNDEF && strings.HasPrefix(s.name, path+".")
	})
}
