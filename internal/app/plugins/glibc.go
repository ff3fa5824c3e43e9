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
	return glibcText(highest), nil
}

func glibcText(version [3]int) string {
	if version == [3]int{} {
		return ""
	}
	return strings.TrimSuffix(fmt.Sprintf("%d.%d.%d", version[0], version[1], version[2]), ".0")
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
			versions = append(versions, glibcVersion(need.Dep))
		}
	}
	return versions, nil
}

// glibcVersion is that of a name such as GLIBC_2.34; none where there is none in it, as in
// GLIBC_PRIVATE.
func glibcVersion(name string) (v [3]int) {
	text, ok := strings.CutPrefix(name, "GLIBC_")
	if !ok {
		return v
	}
	for i, part := range strings.SplitN(text, ".", len(v)) {
		number, err := strconv.Atoi(part)
		if err != nil {
			return v
		}
		v[i] = number
	}
	return v
}

func newer(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return false
}
