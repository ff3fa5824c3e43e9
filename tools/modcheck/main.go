// Command modcheck proves that the modules given can be linked into one process:
// a module that two of them require has one version in all, every go line is the
// same, and none pins a toolchain. A native plugin loads only under these terms.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
)

func main() {
	problems, err := check(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "modcheck:", err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

type requirement struct{ version, by string }

func check(dirs []string) ([]string, error) {
	var problems []string
	goLine := requirement{}
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
			problems = append(problems, name+": remove the toolchain line; it would bind plugins to one release")
		}
		if file.Go == nil {
			problems = append(problems, name+": has no go line")
			continue
		}
		// The tools are never linked with the others.
		if filepath.Base(dir) == "tools" {
			continue
		}
		if goLine.version == "" {
			goLine = requirement{file.Go.Version, name}
		}
		if file.Go.Version != goLine.version {
			problems = append(problems, fmt.Sprintf("%s: go %s, but %s has go %s", name, file.Go.Version, goLine.by, goLine.version))
		}
		for _, r := range file.Require {
			first, seen := versions[r.Mod.Path]
			if !seen {
				versions[r.Mod.Path] = requirement{r.Mod.Version, name}
			} else if first.version != r.Mod.Version {
				problems = append(problems, fmt.Sprintf("%s: %s %s, but %s has %s", name, r.Mod.Path, r.Mod.Version, first.by, first.version))
			}
		}
	}
	slices.Sort(problems)
	return problems, nil
}
