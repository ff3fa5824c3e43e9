package preflight

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Process is what a plugin must agree with: the host's binary and the plugins that were
// opened before. It is not safe for concurrent use.
type Process struct {
	host   *Image
	opened []opened
}

type opened struct {
	image  *Image
	failed bool
}

// ThisProcess reads the running binary and returns a process that has opened no plugin
// yet. An error says why this binary can't open plugins at all.
func ThisProcess() (*Process, error) {
	host, err := ThisHost()
	if err != nil {
		return nil, err
	}
	return NewProcess(host)
}

// NewProcess returns a process of the binary host that has opened no plugin yet. An
// [*Error] says why this binary can't open plugins at all.
func NewProcess(host *Image) (*Process, error) {
	if err := checkHost(host); err != nil {
		return nil, err
	}
	return &Process{host: host}, nil
}

// Opened records that plugin.Open succeeded for the file of i. Later plugins must agree
// with it.
func (p *Process) Opened(i *Image) { p.opened = append(p.opened, opened{image: i}) }

// Failed records that plugin.Open failed for the file of i. The file stays mapped: later
// plugins find the packages that only it has, but these were never initialized. So such
// plugins are rejected as [Tainted].
func (p *Process) Failed(i *Image) { p.opened = append(p.opened, opened{image: i, failed: true}) }

// images are those that the process has mapped, in the order in which the dynamic
// linker looks through them.
func (p *Process) images() []*Image {
	images := []*Image{p.host}
	for _, before := range p.opened {
		images = append(images, before.image)
	}
	return images
}

// Symbol is a function that a host looks up in a plugin.
type Symbol struct {
	Name string // such as "CreatePlugin"
	Type string // of the function, as [TypeName] writes it; "" accepts any
}

// Check returns nil if the process can open the file of i and find the wanted symbols in
// it, otherwise an [*Error]. What i.Notes lists is not checked.
func (p *Process) Check(i *Image, wanted ...Symbol) error {
	checks := []func() error{
		func() error { return p.checkArch(i) },
		func() error { return p.checkMode(i) },
		func() error { return p.checkRelease(i) }, // a file of another release is known too little for the rest
		func() error { return p.checkPlugin(i) },
		func() error { return checkWhole(i) },
		func() error { return p.checkSettings(i) },
		func() error { return checkMain(i) },
		func() error { return p.checkSymbols(i, wanted) },
		func() error { return p.checkPath(i) },
		func() error { return p.checkPackages(i) },
		func() error { return p.checkLibraries(i) },
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Process) checkArch(i *Image) error {
	if i.machine == p.host.machine && i.class == p.host.class && i.data == p.host.data {
		return nil
	}
	return &Error{
		Code: WrongArch,
		Cause: fmt.Sprintf("was built for another processor (%v %v %v), this host runs on %v %v %v",
			i.machine, i.class, i.data, p.host.machine, p.host.class, p.host.data),
		Fix: fmt.Sprintf("build it with GOARCH=%s, or take the file for this machine", p.host.setting("GOARCH")),
	}
}

func (p *Process) checkMode(i *Image) error {
	if mode := i.setting("-buildmode"); mode != "plugin" {
		return &Error{
			Code: NotAGoPlugin, Cause: fmt.Sprintf("is a Go file, but no plugin: it was built with -buildmode=%s", mode),
			Fix: "build it with: " + p.buildCommand(i),
		}
	}
	return nil
}

func (p *Process) checkPlugin(i *Image) error {
	if i.PluginPath == "" || len(i.Packages) == 0 && !i.linked {
		return &Error{
			Code: NotAGoPlugin, Cause: "says that it is a Go plugin, but has not the symbols of one",
			Fix: "build it again with: " + p.buildCommand(i),
		}
	}
	return nil
}

func checkWhole(i *Image) error {
	if i.unsound == nil {
		return nil
	}
	return damaged(i.unsound)
}

func (p *Process) checkPath(i *Image) error {
	for _, before := range p.opened {
		if before.image.PluginPath == i.PluginPath {
			return &Error{
				Code:  PluginPathInUse,
				Cause: fmt.Sprintf("has the same import path %q as %s, which was opened before", i.PluginPath, before.image.File),
				Fix:   "remove one of the two files; two versions of a plugin can't be in one process",

				Opened: before.image.File,
			}
		}
	}
	return nil
}

// checkMain wants what Go's specification wants of a package main, though go build and
// plugin.Open let it pass.
func checkMain(i *Image) error {
	if !i.withoutMain {
		return nil
	}
	return &Error{
		Code:  NoMain,
		Cause: "package main has no function main, which Go wants of every package main, a plugin's too",
		Fix:   "add to package main: func main() {}",
	}
}

func (p *Process) checkSymbols(i *Image, wanted []Symbol) error {
	exports := i.Exports
	if p.host.undecodable != nil {
		exports = i.names
	}
	if exports == nil && i.undecoded() {
		return nil
	}
	for _, symbol := range wanted {
		if err := checkSymbol(exports, symbol); err != nil {
			return err
		}
	}
	return nil
}

func checkSymbol(exported map[string]Export, wanted Symbol) error {
	found, ok := exported[wanted.Name]
	declaration := "func " + wanted.Name + "(…)"
	if wanted.Type != "" {
		declaration = "func " + wanted.Name + strings.TrimPrefix(wanted.Type, "func")
	}
	switch {
	case !ok:
		exports := "nothing"
		if names := slices.Sorted(maps.Keys(exported)); len(names) > 0 {
			exports = strings.Join(names, ", ")
		}
		return &Error{
			Code:  MissingSymbol,
			Cause: fmt.Sprintf("package main exports no %s (it exports %s)", wanted.Name, exports),
			Fix:   fmt.Sprintf("write a function %s in package main, spelled exactly so and not generic", wanted.Name),
		}
	case found.Kind != Func:
		return &Error{
			Code:  WrongSymbolType,
			Cause: strings.TrimSpace(fmt.Sprintf("%s is a variable, not a function: var %s %s", wanted.Name, wanted.Name, found.Type)),
			Fix:   "declare it as " + declaration,
		}
	case wanted.Type != "" && found.Type != "" && found.Type != wanted.Type:
		return &Error{
			Code:  WrongSymbolType,
			Cause: fmt.Sprintf("%s is %s, but %s is wanted", wanted.Name, found.Type, wanted.Type),
			Fix:   "declare it as " + declaration,
		}
	}
	return nil
}

// checkPackages compares the fingerprints as the dynamic linker will: the first
// image that defines a package gives it to all images after.
func (p *Process) checkPackages(i *Image) error {
	if len(i.Packages) == 0 {
		return p.checkModules(i)
	}
	var differ, conflict []Difference
	var tainted []string
	taint := ""
	for _, name := range slices.Sorted(maps.Keys(i.Packages)) {
		first, failed := p.definer(name)
		switch {
		case first == nil:
		case failed:
			tainted, taint = append(tainted, name), first.File
		case first.Packages[name] == i.Packages[name]:
		case first == p.host:
			differ = append(differ, difference(name, i, first))
		default:
			d := difference(name, i, first)
			d.Opened = first.File
			conflict = append(conflict, d)
		}
	}
	sortByModule(differ)
	sortByModule(conflict)
	switch {
	case len(differ) > 0:
		return p.mismatch(i, append(differ, conflict...))
	case len(conflict) > 0:
		return &Error{
			Code:        PackageConflict,
			Cause:       fmt.Sprintf("does not match %s, which was opened before, in %s", conflict[0].Opened, list(conflict)),
			Fix:         fixConflict(conflict),
			Differences: conflict,
			Opened:      conflict[0].Opened,
		}
	case len(tainted) > 0:
		return &Error{
			Code:  Tainted,
			Cause: fmt.Sprintf("shares %s with %s, which failed while it was opened, so it was never set up", strings.Join(tainted, ", "), taint),
			Fix:   "fix or remove that plugin, then start again",

			Opened: taint,
		}
	}
	return nil
}

// checkModules stands in for checkPackages where fingerprints can't be read: a
// package of another version of its module nearly always differs.
func (p *Process) checkModules(i *Image) error {
	var differ []Difference
	for _, module := range i.Build.Deps {
		path, other := p.host.module(module.Path)
		if _, version := i.module(module.Path); path == module.Path && version.Version != other.Version {
			differ = append(differ, difference(path, i, p.host))
		}
	}
	if len(differ) == 0 {
		return nil
	}
	sortByModule(differ)
	return p.mismatch(i, differ)
}

func (p *Process) definer(name string) (image *Image, failed bool) {
	if _, ok := p.host.Packages[name]; ok {
		return p.host, false
	}
	for _, before := range p.opened {
		if _, ok := before.image.Packages[name]; ok {
			return before.image, before.failed
		}
	}
	return nil, false
}

func sortByModule(differences []Difference) {
	slices.SortFunc(differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Package, b.Package))
	})
}

func difference(name string, plugin, other *Image) Difference {
	module, version := plugin.module(name)
	otherModule, otherVersion := other.module(name)
	if module == "" {
		module = otherModule
	}
	if module == "" { // the standard library's version is the release
		version.Version, otherVersion.Version = plugin.Build.GoVersion, other.Build.GoVersion
	}
	d := Difference{Package: name, Module: module, Plugin: version, Host: otherVersion}
	d.Fix = fixDifference(d)
	return d
}

// module returns the module that a package belongs to, and what is recorded of
// it; "" for the standard library.
func (i *Image) module(name string) (path string, version Version) {
	modules := append(slices.Clone(i.Build.Deps), &i.Build.Main)
	for _, module := range modules {
		if name != module.Path && !strings.HasPrefix(name, module.Path+"/") || len(module.Path) <= len(path) {
			continue
		}
		path, version = module.Path, Version{Version: module.Version, Sum: module.Sum}
		if module.Replace != nil {
			version.Replaced = strings.TrimSpace(module.Replace.Path + " " + module.Replace.Version)
			version.Sum = module.Replace.Sum
		}
	}
	return path, version
}

// list names the packages for people; [Error.Differences] has all of them.
func list(differences []Difference) string {
	const most = 6
	var names bytes.Buffer
	for n, d := range differences {
		switch {
		case n == most:
			fmt.Fprintf(&names, " and %d more", len(differences)-most)
			return names.String()
		case n > 0:
			names.WriteString(", ")
		}
		names.WriteString(d.Package)
		here, there := d.Plugin, d.Host
		if here.Version != there.Version {
			here.Sum, there.Sum = "", "" // long, and no news
		}
		if here != there {
			fmt.Fprintf(&names, " (here %s, there %s)", here, there)
		}
	}
	return names.String()
}
