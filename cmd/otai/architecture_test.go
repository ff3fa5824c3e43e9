package main_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	packageRow = regexp.MustCompile("(?m)^\\| `([a-z/-]+)` \\|.*\\| ([^|]*) \\|$")
	packageRef = regexp.MustCompile("`([a-z/-]+)`( and its packages)?|its packages")
)

// TestTheArchitecturePageShowsEveryPackageAndItsImports compares the table of
// docs/architecture.md with the packages: each has a row, which names its direct imports.
func TestTheArchitecturePageShowsEveryPackageAndItsImports(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(product.root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## The packages\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := make(map[string]string)
	for _, row := range packageRow.FindAllStringSubmatch(table, -1) {
		rows[row[1]] = row[2]
	}
	for _, dir := range []string{".", "pkg/api", "pkg/params", "plugins/otobo-znuny", "plugins/hf-local"} {
		for _, line := range list(t, filepath.Join(product.root, dir), `{{.ImportPath}},{{join .Imports ","}}`, "./...") {
			name, imports, _ := strings.Cut(strings.TrimPrefix(line, module), ",")
			if helper := path.Base(name) == "testhost" || path.Base(name) == "catalogtest"; helper || strings.HasPrefix(name, "plugins/hf-local/") {
				continue // for the tests of one package; shown by the plugin's own README and its test
			}
			row, ok := rows[name]
			if !ok {
				t.Errorf("%s has no row", name)
				continue
			}
			delete(rows, name)
			compareImports(t, name, row, strings.Split(imports, ","))
		}
	}
	delete(rows, "tools")
	for name := range rows {
		t.Errorf("there is no package %s", name)
	}
}

// compareImports reports imports that the row doesn't name, and names that it has in vain.
func compareImports(t *testing.T, name, row string, imports []string) {
	t.Helper()
	refs := packageRef.FindAllStringSubmatch(row, -1)
	used := make([]bool, len(refs))
	for _, imported := range imports {
		ours, isOurs := strings.CutPrefix(imported, module)
		if !isOurs || strings.HasPrefix(ours, "plugins/hf-local/") {
			continue
		}
		i := slices.IndexFunc(refs, func(ref []string) bool {
			switch {
			case ref[1] == "":
				return strings.HasPrefix(ours, name+"/")
			case ours == ref[1] || strings.HasSuffix(ours, "/"+ref[1]):
				return true
			}
			return ref[2] != "" && strings.Contains(ours, "/"+ref[1]+"/")
		})
		if i < 0 {
			t.Errorf("%s imports %s, which its row doesn't show", name, ours)
			continue
		}
		used[i] = true
	}
	for i, ref := range refs {
		if !used[i] {
			t.Errorf("%s does not import %s", name, ref[0])
		}
	}
}
