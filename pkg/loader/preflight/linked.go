package preflight

import (
	"cmp"
	"maps"
	"slices"
)

// Linked is a package that is linked into a file. A plugin that has it, too, must have
// the same one, or a process can't open both.
type Linked struct {
	Package string  // its import path
	Module  string  // path of its module; "" for the standard library
	Version Version // of that module; of the standard library, the release of Go
}

// Linked returns the packages that are linked into the file, sorted by module, then by
// package, without those of its main module, which nothing else links.
func (i *Image) Linked() []Linked {
	var list []Linked
	for _, name := range slices.Sorted(maps.Keys(i.Packages)) {
		module, version := i.module(name)
		if name == "main" || module != "" && module == i.Build.Main.Path {
			continue
		}
		if module == "" {
			version.Version = i.Build.GoVersion
		}
		list = append(list, Linked{Package: name, Module: module, Version: version})
	}
	slices.SortStableFunc(list, func(a, b Linked) int { return cmp.Compare(a.Module, b.Module) })
	return list
}
