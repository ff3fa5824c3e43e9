package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryCodeIsDocumentedWithCauseAndRemedy(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(product.root, "docs", "plugin-codes.md"))
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|(.*)\\|(.*)\\|$").FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, row[1])
		for _, cell := range row[2:] {
			if len(strings.Fields(cell)) < 3 {
				t.Errorf("%s: the page says too little: %q", row[1], cell)
			}
		}
	}
	slices.Sort(documented)
	if diff := cmp.Diff(loaderCodes(t), documented); diff != "" {
		t.Errorf("the codes of pkg/loader (-) and those on the page (+):\n%s", diff)
	}
	overview, err := os.ReadFile(filepath.Join(product.root, "docs", "plugins.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range documented {
		if !strings.Contains(string(overview), "`"+code+"`") {
			t.Errorf("docs/plugins.md lacks %s", code)
		}
	}
}

// elsewhere are the codes that the list of animals does not show, because something
// other than a plugin file is needed for them.
var elsewhere = map[string]string{
	"duplicate-name":     "two plugin folders",
	"disabled":           "a configuration",
	"version-constraint": "a configuration",
	"checksum-mismatch":  "a configuration",
	"unsigned":           "a configuration",
	"signature-invalid":  "a configuration",
	"state-dir":          "a state folder",
	"tainted":            "a plugin that behaves otherwise the second time",
	"bad-toolchain":      "a host of another release",
	"unfit-host":         "a host that is linked otherwise",
	"host-crashed":       "a worker that it ends",
	"init-side-effects":  "a configuration",
	"open-failed":        "a file that is beyond what preflight knows",
}

func TestTheZooShowsEveryCodeThatAPluginFileCanHave(t *testing.T) {
	shown := make(map[string]bool)
	for _, a := range animals() {
		shown[a.code] = true
	}
	for _, code := range loaderCodes(t) {
		if _, known := elsewhere[code]; shown[code] == known {
			t.Errorf("%s: shown by the zoo: %v, said to be tested elsewhere: %v", code, shown[code], known)
		}
	}
}

// loaderCodes reads the constants Code… of pkg/loader, sorted. Some are those of
// preflight.
func loaderCodes(t *testing.T) []string {
	t.Helper()
	texts := stringConstants(t, filepath.Join("pkg", "loader", "preflight", "error.go"))
	var codes []string
	for name, value := range stringConstants(t, filepath.Join("pkg", "loader", "error.go")) {
		if !strings.HasPrefix(name, "Code") {
			continue
		}
		if original, ok := strings.CutPrefix(value, "preflight."); ok {
			value = texts[original]
		}
		if value == "" {
			t.Errorf("%s has no text", name)
		}
		codes = append(codes, value)
	}
	slices.Sort(codes)
	return codes
}

// stringConstants maps the constants of a file to their texts, or, where one is
// converted from a constant of another package, to that constant's name.
func stringConstants(t *testing.T, name string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(product.root, name), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != len(spec.Names) {
			return true
		}
		for i, name := range spec.Names {
			found[name.Name] = constantText(t, spec.Values[i])
		}
		return true
	})
	return found
}

func constantText(t *testing.T, value ast.Expr) string {
	t.Helper()
	switch v := value.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(v.Value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	case *ast.CallExpr:
		return constantText(t, v.Args[0])
	case *ast.SelectorExpr:
		if pkg, ok := v.X.(*ast.Ident); ok {
			return pkg.Name + "." + v.Sel.Name
		}
	}
	return ""
}
