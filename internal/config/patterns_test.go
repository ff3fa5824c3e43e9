package config

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// What is compiled at its first use is compiled here, so that none fails in front of a user.
func TestEveryPatternCompiles(t *testing.T) {
	files, _ := filepath.Glob("*.go")
	inner, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, inner...) {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			name, _ := call.Fun.(*ast.SelectorExpr)
			text, _ := call.Args[0].(*ast.BasicLit)
			if name == nil || types.ExprString(name) != "lazyregexp.New" || text == nil {
				return true
			}
			value, _ := strconv.Unquote(text.Value)
			if _, err := regexp.Compile(value); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			found++
			return true
		})
	}
	if found < 50 {
		t.Errorf("%d patterns were found", found)
	}
}
