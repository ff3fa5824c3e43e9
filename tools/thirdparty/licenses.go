package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licenses under which a binary may be distributed as otai is.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "Unicode-DFS-2016"}

// isLicense matches the files that must accompany a copy.
var isLicense = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

//go:embed embedded/onnxruntime.txt
var onnxruntime string

//go:embed embedded/unicode.txt
var unicode string

// embedded are sources of others that aren't in a module of their own.
func embedded() []module {
	return []module{
		{
			path: "ONNX Runtime, its C interface (a header in github.com/yalue/onnxruntime_go)", licenses: []string{"MIT"},
			texts: []licenseFile{{"LICENSE", onnxruntime}},
		},
		{
			path: "Unicode, data of characters (tables of the template language, the tokenizers and the standard library)", licenses: []string{"Unicode-DFS-2016"},
			texts: []licenseFile{{"LICENSE", unicode}},
		},
	}
}

// licenseFiles reads the license files of a module: at its root, and in the folders down to
// what is linked.
func licenseFiles(root string, folders []string) ([]licenseFile, error) {
	var files []licenseFile
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() || !isLicense.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
				continue
			}
			name := filepath.Join(folder, e.Name())
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			short, err := filepath.Rel(root, name)
			if err != nil {
				return nil, err
			}
			files = append(files, licenseFile{short, string(text)})
		}
	}
	return files, nil
}

// identify returns the SPDX names of the licenses in files.
func identify(files []licenseFile) ([]string, error) {
	var names []string
	for _, f := range files {
		for _, m := range licensecheck.Scan([]byte(f.text)).Match {
			if m.IsURL || slices.Contains(names, m.ID) || m.ID == "GooglePatentsFile" || m.ID == "GooglePatentClause" {
				continue
			}
			names = append(names, m.ID)
			if !slices.Contains(allowed, m.ID) {
				return names, fmt.Errorf("%s is under %s, which is not one of %s", f.name, m.ID, strings.Join(allowed, ", "))
			}
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no license of it is known")
	}
	slices.Sort(names)
	return names, nil
}

func licenseText(modules []module) []byte {
	var b bytes.Buffer
	b.WriteString(`Software and data of others in otai's binary and its two plugins, and their licenses.
Made by tools/thirdparty from what is linked: make licenses. otai itself is under the
license in the file LICENSE. The C library and ld.so are those of the machine. What is
under MPL-2.0 is unchanged; its sources: go mod download MODULE@VERSION.

`)
	for _, m := range modules {
		fmt.Fprintf(&b, "  %s: %s\n", m.title(), strings.Join(m.licenses, ", "))
	}
	for _, m := range modules {
		for _, f := range m.texts {
			fmt.Fprintf(&b, "\n%s\n%s: %s\n%s\n\n%s\n", strings.Repeat("=", 80), m.title(), f.name, strings.Repeat("=", 80), strings.TrimSpace(strings.ReplaceAll(f.text, "\r\n", "\n")))
		}
	}
	return b.Bytes()
}

func (m module) title() string { return strings.TrimSpace(m.path + " " + m.version) }
