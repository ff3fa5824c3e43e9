package main_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestWhatIsPublicIsDocumented: authors of plugins and hosts know pkg/ only by go doc.
func TestWhatIsPublicIsDocumented(t *testing.T) {
	for _, dir := range publicPackages(t) {
		name := strings.TrimPrefix(filepath.ToSlash(dir), "../../")
		for _, missing := range undocumented(t, dir) {
			// Package api's sources never change; its types explain their fields.
			if name == "pkg/api" && !strings.HasPrefix(missing, "the type") && !strings.HasPrefix(missing, "the function") {
				continue
			}
			t.Errorf("%s: %s has no comment that explains it; that of a type or function begins with its name", name, missing)
		}
	}
}

func TestTheCheckOfCommentsFindsWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	source := "package sample\n\n// Some comment.\ntype Options struct {\n\tDir string\n\tSize int // in bytes\n}\n\nfunc (Options) Error() string { return \"\" }\n\n" +
		"func (Options) Apply() {}\n\n// Codes.\nconst (\n\tCodeA = \"a\"\n\tCodeB = \"b\" // no b\n)\n\n// Open opens.\nfunc Open() {}\n"
	if err := os.WriteFile(filepath.Join(dir, "sample.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{"the package", "the value CodeA", "the type Options", "the function Options.Apply", "the field Options.Dir"}
	if got := undocumented(t, dir); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func publicPackages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(filepath.Join("..", "..", "pkg"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); name == "testdata" || name == "internal" {
			return filepath.SkipDir
		}
		if sources, _ := filepath.Glob(filepath.Join(path, "*.go")); len(sources) > 0 {
			dirs = append(dirs, path)
		}
		return nil
	})
	if err != nil || len(dirs) < 7 {
		t.Fatalf("found the packages %v, %v", dirs, err)
	}
	return dirs
}

// undocumented lists the exported identifiers of a package that go doc shows without a
// word on them.
func undocumented(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(set, files, dir)
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	if !strings.HasPrefix(pkg.Doc, "Package "+pkg.Name+" ") {
		missing = append(missing, "the package")
	}
	function := func(owner string, f *doc.Func) {
		if !standardMethod(owner, f.Name) && !beginsWith(f.Doc, f.Name) {
			missing = append(missing, "the function "+owner+f.Name)
		}
	}
	values := func(all []*doc.Value) {
		for _, group := range all {
			for _, spec := range group.Decl.Specs {
				spec := spec.(*ast.ValueSpec)
				if spec.Doc.Text() != "" || spec.Comment.Text() != "" || group.Doc != "" && (len(group.Decl.Specs) == 1 || converts(spec)) {
					continue
				}
				for _, name := range spec.Names {
					if name.IsExported() {
						missing = append(missing, "the value "+name.Name)
					}
				}
			}
		}
	}
	values(pkg.Consts)
	values(pkg.Vars)
	for _, f := range pkg.Funcs {
		function("", f)
	}
	for _, typ := range pkg.Types {
		if !beginsWith(typ.Doc, typ.Name) {
			missing = append(missing, "the type "+typ.Name)
		}
		values(typ.Consts)
		values(typ.Vars)
		for _, f := range typ.Funcs {
			function("", f)
		}
		for _, f := range typ.Methods {
			function(typ.Name+".", f)
		}
		missing = append(missing, fields(typ)...)
	}
	return missing
}

// fields lists the fields and methods of a type on which neither a comment of their
// own, a doc tag nor the comment of the type says anything.
func fields(typ *doc.Type) []string {
	var list *ast.FieldList
	switch t := typ.Decl.Specs[0].(*ast.TypeSpec).Type.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return nil
	}
	var missing []string
	for _, field := range list.List {
		if field.Doc.Text() != "" || field.Comment.Text() != "" || field.Tag != nil && hasDoc(field.Tag.Value) {
			continue
		}
		for _, name := range field.Names {
			if name.IsExported() && !mentions(typ.Doc, name.Name) && len(list.List) > 1 {
				missing = append(missing, "the field "+typ.Name+"."+name.Name)
			}
		}
	}
	return missing
}

func hasDoc(literal string) bool {
	tag, err := strconv.Unquote(literal)
	return err == nil && reflect.StructTag(tag).Get("doc") != ""
}

// converts reports whether a constant is one of another package with another type, which
// explains it.
func converts(spec *ast.ValueSpec) bool {
	if len(spec.Values) != 1 {
		return false
	}
	call, ok := spec.Values[0].(*ast.CallExpr)
	return ok && len(call.Args) == 1 && reflect.TypeOf(call.Args[0]) == reflect.TypeFor[*ast.SelectorExpr]()
}

// standardMethod reports whether a method's meaning is that of a standard interface.
func standardMethod(owner, name string) bool {
	return owner != "" && slices.Contains([]string{"Error", "Unwrap", "Is", "As", "String"}, name)
}

func beginsWith(comment, name string) bool {
	words := strings.Fields(comment)
	if len(words) > 1 && slices.Contains([]string{"A", "An", "The"}, words[0]) {
		words = words[1:]
	}
	return len(words) > 1 && strings.TrimRight(words[0], ",:") == name
}

func mentions(comment, name string) bool {
	return slices.ContainsFunc(strings.Fields(comment), func(word string) bool {
		return strings.Trim(word, ".,:;()[]") == name
	})
}
