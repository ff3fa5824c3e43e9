package plugins

import (
	"debug/elf"
	"fmt"
	"strconv"
	"strings"
)

// NeededGlibc is the oldest GNU C library with which the dynamic linker loads all of
// these files, such as "2.34"; "" where none of them needs it. Which symbols a file
// asks for depends on the library that it was built with.
func NeededGlibc(files ...string) (string, error) {
	var highest [3]int
	for _, name := range files {
		versions, err := glibcVersions(name)
		if err != nil {
			return "", fmt.Errorf("which C library %s needs: %w", name, err)
		}
		for _, v := range versions {
			if newer(v, highest) {
				highest = v
			}
		}
	}
	if highest == [3]int{} {
		return "", nil
	}
	return strings.TrimSuffix(fmt.Sprintf("%d.%d.%d", highest[0], highest[1], highest[2]), ".0"), nil
}

// glibcVersions are the versions of symbols that a file needs of its libraries.
func glibcVersions(name string) ([][3]int, error) {
	file, err := elf.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	libraries, err := file.DynamicVersionNeeds()
	if err != nil {
		return nil, err
	}
	var versions [][3]int
	for _, library := range libraries {
		for _, need := range library.Needs {
			text, ok := strings.CutPrefix(need.Dep, "GLIBC_")
			if !ok {
				continue
			}
			var v [3]int
			for i, part := range strings.SplitN(text, ".", len(v)) {
				if v[i], err = strconv.Atoi(part); err != nil {
					break // GLIBC_PRIVATE, GLIBC_ABI_…: no version
				}
			}
			versions = append(versions, v)
		}
	}
	return versions, nil
}

func newer(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return false
}
