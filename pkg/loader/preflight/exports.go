package preflight

import (
	"debug/elf"
	"errors"
	"fmt"
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
	if i.Packages == nil && i.unknownRelease() {
		i.Notes = append(i.Notes, fmt.Sprintf("the fingerprints of its packages are unknown: "+
			"where %s writes them is not known here, so only the versions of modules can be compared", minor(i.Build.GoVersion)))
	}
	return nil
}

// readExports reads what package main exports. The table that plugin.Open will
// read has names and types; where it can't be decoded, the symbols have at least
// the names.
func (i *Image) readExports(object *elf.File) {
	i.exportsOfSymbols()
	if i.PluginPath == "" && i.unknownRelease() {
		i.PluginPath = escape(i.Build.Path)
	}
	if i.PluginPath == "" {
		return
	}
	exports, err := exportTable(object, i)
	if err != nil {
		i.Notes = append(i.Notes, fmt.Sprintf("the types of its exported names are unknown: %v", err))
		return
	}
	i.Exports = exports
}

// exportsOfSymbols finds the plugin's package main, the one that has a function
// main, and the names that it exports: their symbols begin with the plugin path.
func (i *Image) exportsOfSymbols() {
	path := escape(i.Build.Path)
	function := path + ".main"
	if !slices.ContainsFunc(i.shared.symbols, func(s symbol) bool { return s.section != elf.SHN_UNDEF && s.name == function }) {
		path = otherMain(i.shared.symbols)
	}
	if path == "" {
		return
	}
	i.PluginPath = strings.Clone(path)
	i.Exports = make(map[string]Export)
	prefix := path + "."
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
			i.Exports[strings.Clone(name)] = Export{Kind: Func}
		case elf.STT_OBJECT:
			i.Exports[strings.Clone(name)] = Export{Kind: Var}
		}
	}
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

// layout says at which words of the runtime's moduledata (runtime/symtab.go) the
// fields begin that are needed here. Until Go 1.25 no section of the file says
// where the moduledata are.
type layout struct{ types, exports, path uint64 }

var layouts = map[string]layout{
	"go1.25": {},
	"go1.26": {types: 37, exports: 51, path: 54},
}

// unknownRelease reports whether Go may have written the file in ways that are not
// known here. What can't be found in it is then no reason to refuse it.
func (i *Image) unknownRelease() bool {
	_, known := layouts[minor(i.Build.GoVersion)]
	return !known
}

// No package exports more names.
const mostExports = 1 << 16

// exportTable reads the table of exported names by way of the moduledata.
func exportTable(object *elf.File, i *Image) (map[string]Export, error) {
	release := minor(i.Build.GoVersion)
	fields, ok := layouts[release]
	if !ok || fields == (layout{}) {
		return nil, fmt.Errorf("the layout of module data in %s is not known here", release)
	}
	module := object.Section(".go.module")
	if module == nil {
		return nil, errors.New("it has no section .go.module")
	}
	m, err := newMemory(object, &i.shared)
	if err != nil {
		return nil, err
	}
	word := func(n uint64) uint64 { return module.Addr + 8*n }
	path := m.text(m.pointer(word(fields.path)), m.word(word(fields.path+1)))
	if escape(path) != i.PluginPath && path != i.PluginPath {
		return nil, fmt.Errorf("its module data are not laid out as those of %s", release)
	}
	m.types = m.pointer(word(fields.types))
	table, count := m.pointer(word(fields.exports)), m.word(word(fields.exports+1))
	if count > mostExports {
		return nil, fmt.Errorf("its module data list %d exported names", count)
	}
	exports := make(map[string]Export)
	for n := range count {
		nameAndType := m.word(table + 8*n)
		name, kind := m.name(m.types+nameAndType&0xffffffff), m.types+nameAndType>>32
		export := Export{Kind: Func, Type: m.typeName(kind, 0)}
		if m.kind(kind) == kindPointer { // for a variable the table has the type of its address
			export = Export{Kind: Var, Type: strings.TrimPrefix(export.Type, "*")}
		}
		exports[name] = export
		if m.err != nil {
			return nil, m.err
		}
	}
	return exports, m.err
}

// minor returns "go1.26" for "go1.26.8".
func minor(version string) string {
	release, _ := splitRelease(version)
	parts := strings.SplitN(release, ".", 3)
	if len(parts) < 2 {
		return release
	}
	last := strings.IndexFunc(parts[1], func(r rune) bool { return !unicode.IsDigit(r) })
	if last >= 0 {
		parts[1] = parts[1][:last]
	}
	return parts[0] + "." + parts[1]
}
