package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// byPath are the functions that do to whatever is at a path what was meant for the file
// that was there a moment ago: with root's rights, to a file that the folder's owner chose.
var byPath = map[string]string{
	"os.Chown":         "use the Chown of the open file, before it has its name",
	"os.Lchown":        "use the Chown of the open file, before it has its name",
	"os.Chmod":         "use the Chmod of the open file",
	"syscall.Chown":    "use the Chown of the open file, before it has its name",
	"syscall.Lchown":   "use the Chown of the open file, before it has its name",
	"syscall.Chmod":    "use the Chmod of the open file",
	"os.MkdirTemp":     "use loader.NewTemporary, which judges where it is made",
	"unix.Fchmodat":    "use the Chmod of the open file",
	"unix.Fchownat":    "use the Chown of the open file",
	"unix.Chown":       "use the Chown of the open file",
	"unix.Chmod":       "use the Chmod of the open file",
	"unix.Lchown":      "use the Chown of the open file",
	"ioutil.TempDir":   "use loader.NewTemporary",
	"syscall.Fchmodat": "use the Chmod of the open file",
	"syscall.Fchownat": "use the Chown of the open file",
}

// mayMakeTemporary holds the one function that chooses a folder for temporary files.
const mayMakeTemporary = "pkg/loader/temporary.go"

func TestNothingIsGivenAwayOrMadeByAPathThatOthersCanChange(t *testing.T) {
	const root = "../.."
	read := 0
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, root+"/")
		if entry.IsDir() && (name == "tools" || name == "build/dist" || entry.Name() == "testdata" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		read++
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, ok := s.X.(*ast.Ident)
			if !ok {
				return true
			}
			used := of.Name + "." + s.Sel.Name
			if instead, banned := byPath[used]; banned && !(used == "os.MkdirTemp" && name == mayMakeTemporary) {
				t.Errorf("%s uses %s: %s", files.Position(s.Pos()), used, instead)
			}
			return true
		})
		return nil
	}))
	if read < 100 {
		t.Errorf("only %d files were read", read)
	}
}
