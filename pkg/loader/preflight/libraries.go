package preflight

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkLibraries finds what the dynamic linker would miss: a library, a version
// of its symbols, a symbol. The host runs, so whatever it needs itself is there.
func (p *Process) checkLibraries(i *Image) error {
	s := search{process: p, host: p.host, found: make(map[string]*dynamic)}
	if err := s.find(&i.shared, nil); err != nil {
		return err
	}
	return s.checkSymbols(i)
}

// search is one look for the libraries of a file, as ld.so(8) describes it.
type search struct {
	process *Process
	host    *Image
	found   map[string]*dynamic // by the name that they are needed by
}

func (s *search) find(user *dynamic, chain []string) error {
	for _, name := range user.needed {
		wanted := s.newVersions(name, user.versions[name])
		if _, ok := s.found[name]; ok || s.loaded(name) && len(wanted) == 0 {
			continue
		}
		library, looked := s.locate(name, user)
		if library == nil {
			return &Error{
				Code: MissingLibrary,
				Cause: fmt.Sprintf("needs the library %s%s, which is in none of the places that the dynamic linker looks in: %s",
					name, through(chain), strings.Join(looked, ", ")),
				Fix: "install the library, or link it statically into the plugin",
			}
		}
		s.found[name] = library
		for _, version := range wanted {
			if !slices.Contains(library.offers, version) {
				return &Error{
					Code:  MissingLibrary,
					Cause: fmt.Sprintf("needs %s of the library %s%s, but this machine's has no such version", version, name, through(chain)),
					Fix:   "build it on a system that is as old as this one",
				}
			}
		}
		if err := s.find(library, append(slices.Clip(chain), name)); err != nil {
			return err
		}
	}
	return nil
}

func through(chain []string) string {
	if len(chain) == 0 {
		return ""
	}
	return " (by way of " + strings.Join(chain, ", ") + ")"
}

// loaded reports whether the process has the library already.
func (s *search) loaded(name string) bool {
	for _, image := range s.process.images() {
		if slices.Contains(image.shared.needed, name) {
			return true
		}
	}
	return false
}

// newVersions drops the versions that the host needs too.
func (s *search) newVersions(library string, versions []string) []string {
	return slices.DeleteFunc(slices.Clone(versions), func(version string) bool {
		return slices.Contains(s.host.shared.versions[library], version)
	})
}

// checkSymbols finds names that nobody defines. Nearly always the host needs the
// same few functions of the C library, and no library has to be read.
func (s *search) checkSymbols(i *Image) error {
	missing := make(map[string]bool, len(i.shared.undefined))
	for _, name := range i.shared.undefined {
		missing[name] = true
	}
	found := func(names []string) {
		for _, name := range names {
			if len(missing) == 0 {
				return
			}
			delete(missing, name)
		}
	}
	for _, image := range s.process.images() {
		found(image.shared.undefined)
	}
	visit := func(library *dynamic) (more bool) {
		library.defines(missing)
		return len(missing) > 0
	}
	for _, library := range s.found {
		visit(library)
	}
	for _, image := range s.process.images() {
		if !visit(&image.shared) || !s.eachLibrary(&image.shared, visit, make(map[string]bool)) {
			return nil
		}
	}
	return &Error{
		Code:  MissingLibrary,
		Cause: fmt.Sprintf("needs what no library and no file opened before defines: %s", strings.Join(slices.Sorted(maps.Keys(missing)), ", ")),
		Fix:   "link the library that defines it, or write what is missing",
	}
}

// eachLibrary visits all that user needs, and what that needs, until visit wants
// no more.
func (s *search) eachLibrary(user *dynamic, visit func(*dynamic) (more bool), seen map[string]bool) (more bool) {
	for _, name := range user.needed {
		if seen[name] {
			continue
		}
		seen[name] = true
		library, ok := s.found[name]
		if !ok {
			library, _ = s.locate(name, user)
			s.found[name] = library
		}
		if library != nil && (!visit(library) || !s.eachLibrary(library, visit, seen)) {
			return false
		}
	}
	return true
}

// locate returns the first library of the name that is for this processor, or
// where it looked.
func (s *search) locate(name string, user *dynamic) (library *dynamic, looked []string) {
	if strings.Contains(name, "/") {
		return s.read(name), []string{name}
	}
	inFolders := func(what string, dirs []string) *dynamic {
		if len(dirs) > 0 {
			looked = append(looked, what+strings.Join(dirs, ":"))
		}
		for _, dir := range dirs {
			if library := s.read(filepath.Join(dir, name)); library != nil {
				return library
			}
		}
		return nil
	}
	places := []func() *dynamic{
		func() *dynamic { return inFolders("", s.rpath(user)) },
		func() *dynamic { return inFolders("LD_LIBRARY_PATH=", s.environment()) },
		func() *dynamic { return inFolders("", expand(user.runpath, user.origin)) },
		func() *dynamic {
			looked = append(looked, cacheFile)
			for _, path := range cached(name) {
				if library := s.read(path); library != nil {
					return library
				}
			}
			return nil
		},
		func() *dynamic { return inFolders("", usualFolders()) },
	}
	for _, place := range places {
		if library = place(); library != nil {
			return library, nil
		}
	}
	return nil, looked
}

// rpath counts only where there is no runpath.
func (s *search) rpath(user *dynamic) []string {
	if user.runpath != "" {
		return nil
	}
	dirs := expand(user.rpath, user.origin)
	if s.host.shared.runpath == "" {
		dirs = append(dirs, expand(s.host.shared.rpath, s.host.shared.origin)...)
	}
	return dirs
}

// environment is LD_LIBRARY_PATH as it was when this process started: the dynamic
// linker doesn't read it again.
func (s *search) environment() []string {
	value := os.Getenv("LD_LIBRARY_PATH")
	if start, err := os.ReadFile("/proc/self/environ"); err == nil {
		value = ""
		for _, variable := range bytes.Split(start, []byte{0}) {
			if path, ok := bytes.CutPrefix(variable, []byte("LD_LIBRARY_PATH=")); ok {
				value = string(path)
			}
		}
	}
	return expand(strings.ReplaceAll(value, ";", ":"), s.host.shared.origin)
}

// expand splits a list of folders and puts in what $ORIGIN and $LIB stand for. An
// empty element is the working folder.
func expand(list, origin string) []string {
	if list == "" {
		return nil
	}
	var dirs []string
	for _, dir := range strings.Split(list, ":") {
		if dir == "" {
			dir = "."
		}
		dir = strings.NewReplacer("$ORIGIN", origin, "${ORIGIN}", origin).Replace(dir)
		if !strings.Contains(dir, "$LIB") && !strings.Contains(dir, "${LIB}") {
			dirs = append(dirs, dir)
			continue
		}
		for _, lib := range libFolders() {
			dirs = append(dirs, strings.NewReplacer("$LIB", lib, "${LIB}", lib).Replace(dir))
		}
	}
	return dirs
}

// libFolders differ between distributions: Debian's have a folder for each kind of
// processor.
func libFolders() []string {
	folders := []string{"lib64", "lib"}
	matches, _ := filepath.Glob("/lib/*-linux-gnu*") // the pattern is well-formed
	for _, match := range matches {
		folders = append(folders, strings.TrimPrefix(match, "/"))
	}
	return folders
}

func usualFolders() []string {
	var dirs []string
	for _, lib := range libFolders() {
		dirs = append(dirs, "/"+lib, "/usr/"+lib)
	}
	return dirs
}

const cacheFile = "/etc/ld.so.cache"

// cached returns the paths that ldconfig has found for a library.
func cached(name string) []string {
	const most = 64 << 20
	if info, err := os.Stat(cacheFile); err != nil || info.Size() > most {
		return nil
	}
	content, err := os.ReadFile(cacheFile)
	if err != nil {
		return nil
	}
	return cachedPaths(content, name)
}

// cachedPaths reads the format of glibc 2.2 and later (sysdeps/generic/dl-cache.h):
// a header of 48 bytes, which may follow an older table, then entries of 24 bytes
// with the offsets of name and path, counted from that header.
func cachedPaths(content []byte, name string) (paths []string) {
	const header, entry = 48, 24
	start := bytes.Index(content, []byte("glibc-ld.so.cache1.1"))
	if start < 0 || len(content)-start < header {
		return nil
	}
	content = content[start:]
	text := func(offset uint32) string {
		if int64(offset) >= int64(len(content)) {
			return ""
		}
		found, _, _ := bytes.Cut(content[offset:], []byte{0})
		return string(found)
	}
	matches := func(offset uint32) bool {
		end := int64(offset) + int64(len(name))
		return end < int64(len(content)) && content[end] == 0 && string(content[offset:end]) == name
	}
	count := binary.NativeEndian.Uint32(content[20:])
	for entries := content[header:]; count > 0 && len(entries) >= entry; entries, count = entries[entry:], count-1 {
		if matches(binary.NativeEndian.Uint32(entries[4:])) {
			paths = append(paths, text(binary.NativeEndian.Uint32(entries[8:])))
		}
	}
	return paths
}

// read returns nil for a file that isn't there or is for another processor, which
// the dynamic linker passes over, and for one that it can't use.
func (s *search) read(path string) (library *dynamic) {
	defer func() {
		if recover() != nil { // as in Read
			library = nil
		}
	}()
	file, err := Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	object, err := open(file, info.Size())
	if err != nil || object.Machine != s.host.machine || object.Class != s.host.class || object.Data != s.host.data || object.Type != elf.ET_DYN {
		return nil
	}
	d, err := readDynamic(object)
	if err != nil {
		return nil
	}
	d.origin = origin(path)
	d.forget()
	return &d
}
