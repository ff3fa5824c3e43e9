package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// module is a module of others with at least one linked package.
type module struct {
	path, version string // version is "" for the standard library
	licenses      []string
	texts         []licenseFile
}

type licenseFile struct{ name, text string }

const (
	own     = "github.com/open-ticket-ai/otai"
	library = "Go standard library and runtime"
)

// mains are the packages that are shipped, with their folders.
var mains = [][2]string{{".", "./cmd/otai"}, {"plugins/otobo-znuny", "."}, {"plugins/hf-local", "."}}

// linked returns the modules of all mains, sorted by path, with their licenses.
func linked(root string) ([]module, error) {
	type found struct {
		dir, version string
		folders      map[string]bool // of the linked packages and above, within the module
	}
	all := make(map[string]*found)
	for _, m := range mains {
		packages, err := dependencies(filepath.Join(root, m[0]), m[1])
		if err != nil {
			return nil, err
		}
		for _, p := range packages {
			if p.Module == nil || strings.HasPrefix(p.Module.Path, own) {
				continue
			}
			if p.Module.Dir == "" {
				return nil, fmt.Errorf("%s is not in the module cache", p.Module.Path)
			}
			f := all[p.Module.Path]
			if f == nil {
				f = &found{p.Module.Dir, p.Module.Version, map[string]bool{}}
				all[p.Module.Path] = f
			}
			for dir := p.Dir; strings.HasPrefix(dir, f.dir); dir = filepath.Dir(dir) {
				f.folders[dir] = true
			}
		}
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	at := strings.TrimSpace(string(goroot))
	all[library] = &found{at, "", map[string]bool{at: true}}
	modules := embedded()
	var errs []error
	for path, f := range all {
		m := module{path: path, version: f.version}
		if m.texts, err = licenseFiles(f.dir, slices.Sorted(maps.Keys(f.folders))); err != nil {
			return nil, err
		}
		if m.licenses, err = identify(m.texts); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		}
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return modules, errors.Join(errs...)
}

type goPackage struct {
	Dir    string
	Module *struct{ Path, Version, Dir string }
}

func dependencies(dir, name string) ([]goPackage, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Dir,Module", name)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w", dir, err)
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, p)
	}
}
