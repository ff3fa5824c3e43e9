package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

type sbom struct {
	version string
	time    time.Time
	modules []module
	files   []string
}

// writeSBOM lists the files with their checksums and the modules that are recorded in
// them. There is no serial number, since it would differ between builds.
func writeSBOM(out io.Writer, s sbom) error {
	product := "pkg:golang/" + own + "@" + s.version
	bom := cdx.NewBOM()
	bom.SerialNumber = ""
	bom.Metadata = &cdx.Metadata{
		Timestamp: s.time.Format(time.RFC3339),
		Component: &cdx.Component{
			BOMRef: product, Type: cdx.ComponentTypeApplication, Name: "otai", Version: s.version,
			PackageURL: product, Licenses: license([]string{"Apache-2.0"}),
		},
	}
	var components []cdx.Component
	var dependencies []cdx.Dependency
	var parts []string
	used := make(map[string]bool)
	for _, name := range s.files {
		component, needs, err := s.file(name)
		if err != nil {
			return err
		}
		components = append(components, component)
		parts = append(parts, component.BOMRef)
		dependencies = append(dependencies, cdx.Dependency{Ref: component.BOMRef, Dependencies: &needs})
		for _, ref := range needs {
			used[ref] = true
		}
	}
	for _, m := range s.modules {
		ref := purl(m.path, m.version)
		if m.path == library {
			continue // with its version, below
		}
		if !used[ref] {
			continue
		}
		components = append(components, cdx.Component{
			BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: m.path, Version: m.version, PackageURL: ref, Licenses: license(m.licenses),
		})
		delete(used, ref)
	}
	for _, ref := range slices.Sorted(maps.Keys(used)) {
		version, isStandard := strings.CutPrefix(ref, standard)
		if !isStandard {
			return fmt.Errorf("the files have %s, which is not among what is linked by these sources", ref)
		}
		components = append(components, cdx.Component{
			BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: "std", Version: version, PackageURL: ref, Licenses: license([]string{"BSD-3-Clause"}),
		})
	}
	bom.Components = &components
	dependencies = append([]cdx.Dependency{{Ref: product, Dependencies: &parts}}, dependencies...)
	bom.Dependencies = &dependencies
	return cdx.NewBOMEncoder(out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
}

const standard = "pkg:golang/std@"

func purl(path, version string) string { return "pkg:golang/" + path + "@" + version }

// file describes a binary by its checksum and what the linker recorded in it.
func (s sbom) file(name string) (cdx.Component, []string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return cdx.Component{}, nil, err
	}
	info, err := buildinfo.ReadFile(name)
	if err != nil {
		return cdx.Component{}, nil, err
	}
	needs := []string{standard + strings.TrimPrefix(info.GoVersion, "go")}
	for _, dep := range info.Deps {
		if !strings.HasPrefix(dep.Path, own) {
			needs = append(needs, purl(dep.Path, dep.Version))
		}
	}
	slices.Sort(needs)
	base := filepath.Base(name)
	sum := sha256.Sum256(data)
	return cdx.Component{
		BOMRef: "file:" + base, Type: cdx.ComponentTypeFile, Name: base, Version: s.version,
		Hashes:   &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
		Licenses: license([]string{"Apache-2.0"}),
	}, needs, nil
}

func license(ids []string) *cdx.Licenses {
	var all cdx.Licenses
	for _, id := range ids {
		all = append(all, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	return &all
}
