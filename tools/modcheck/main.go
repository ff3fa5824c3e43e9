// Command modcheck proves that the modules given can be linked into one process:
// a module that two of them require has one version in all, no go line is above the
// host's, and none pins a toolchain. A native plugin loads only under these terms. The
// host's module is the first one given.
package main

import (
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
)

func main() {
	mismatches, err := check(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "modcheck:", err)
		os.Exit(2)
	}
	for _, mismatch := range mismatches {
		fmt.Fprintln(os.Stderr, mismatch)
	}
	if len(mismatches) > 0 {
		os.Exit(1)
	}
}

type requirement struct{ version, by string }

func check(dirs []string) ([]string, error) {
	var mismatches []string
	host := requirement{}
	versions := make(map[string]requirement)
	for _, dir := range dirs {
		name := filepath.Join(dir, "go.mod")
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file, err := modfile.Parse(name, data, nil)
		if err != nil {
			return nil, err
		}
		if file.Toolchain != nil {
			mismatches = append(mismatches, name+": remove the toolchain line; it would bind plugins to one release")
		}
		if file.Go == nil {
			mismatches = append(mismatches, name+": has no go line")
			continue
		}
		// The tools are never linked with the others.
		if filepath.Base(dir) == "tools" {
			continue
		}
		if host.version == "" {
			host = requirement{file.Go.Version, name}
		}
		if version.Compare("go"+file.Go.Version, "go"+host.version) > 0 {
			mismatches = append(mismatches, fmt.Sprintf("%s: go %s is above the host's go %s: who builds the host with that release can't build this", name, file.Go.Version, host.version))
		}
		for _, r := range file.Require {
			first, seen := versions[r.Mod.Path]
			if !seen {
				versions[r.Mod.Path] = requirement{r.Mod.Version, name}
			} else if first.version != r.Mod.Version {
				mismatches = append(mismatches, fmt.Sprintf("%s: %s %s, but %s has %s", name, r.Mod.Path, r.Mod.Version, first.by, first.version))
			}
		}
	}
	slices.Sort(mismatches)
	return mismatches, nil
}
