package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// production calls visit with each production file, by its name from the root.
func production(t *testing.T, visit func(name string, set *token.FileSet, file *ast.File)) {
	t.Helper()
	root := filepath.Join("..", "..")
	for _, dir := range []string{"internal", "cmd", "pkg", "plugins"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "testdata" {
				return skipOr(err)
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			visit(name, set, file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func skipOr(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

// Of a message of otai's own a short secret isn't taken out, so what others wrote
// must stand in the fields.
func TestMessagesOfTheLogAreConstant(t *testing.T) {
	// A diagnostic's text was masked when it was made; the others are made of constants.
	allowed := []string{"internal/app/setup.go", "internal/app/run.go"}
	seen := 0
	production(t, func(name string, set *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !isLogger(method.X) {
				return true
			}
			at, ok := map[string]int{"Debug": 0, "Info": 0, "Warn": 0, "Error": 0, "DebugContext": 1, "InfoContext": 1, "WarnContext": 1, "ErrorContext": 1, "Log": 2, "LogAttrs": 2}[method.Sel.Name]
			if !ok || len(call.Args) <= at {
				return true
			}
			seen++
			if _, constant := call.Args[at].(*ast.BasicLit); !constant && !slices.Contains(allowed, name) {
				t.Errorf("%s: the message is put together: put what changes into a field", set.Position(call.Pos()))
			}
			return true
		})
	})
	if seen < 20 {
		t.Errorf("only %d calls were found", seen)
	}
}

// Alert rules and people look for an error under one key, whoever logs it.
func TestErrorsAreLoggedUnderOneKey(t *testing.T) {
	seen := 0
	production(t, func(_ string, set *token.FileSet, file *ast.File) {
		for _, wrong := range wrongErrorKeys(file, &seen) {
			t.Errorf("%s: an error is logged under another key than err", set.Position(wrong))
		}
	})
	if seen < 20 {
		t.Errorf("only %d errors that are logged were found", seen)
	}
}

func TestAnErrorUnderAnotherKeyIsFound(t *testing.T) {
	for code, wrong := range map[string]bool{
		`log.Warn("x", "err", err)`:                                          false,
		`log.Warn("x", "ticket", id, "err", err.Error())`:                    false,
		`log.Debug("ended", "status", "error")`:                              false,
		`log.Warn("x", "error", err)`:                                        true,
		`log.Warn("x", "ticket", id, "cause", err.Error())`:                  true,
		`log.Warn("x", "reason", p.Err)`:                                     true,
		`log.Warn("x", "error", text)`:                                       true,
		`s.logger.With("service", id).Error("x", "failure", closeErr)`:       true,
		`log.Warn("x", slog.Any("error", err))`:                              true,
		`log.Warn("x", slog.String("failure", err.Error()))`:                 true,
		`args = append(args, "reason", failure)`:                             true,
		`args := []any{"ticket", id, "why", a.Clean(err).Error()}; _ = args`: true,
		`zero.Warn().Err(err).Msg("x")`:                                      true,
		`zero.Warn().Str("cause", err.Error()).Msg("x")`:                     true,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\nfunc f() {"+code+"}", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(wrongErrorKeys(file, new(int))) > 0; got != wrong {
			t.Errorf("%s: found %v, want %v", code, got, wrong)
		}
	}
}

// wrongErrorKeys returns where a file logs an error under another key than err, and adds
// to seen those that it logs. Attributes of slog are pairs of key and value in calls, or
// in a list that goes into one; an event of zerolog has a method for each kind of value.
func wrongErrorKeys(file *ast.File, seen *int) (wrong []token.Pos) {
	pairs := func(list []ast.Expr) {
		for i := 0; i+1 < len(list); i++ {
			literal, ok := list[i].(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				continue
			}
			switch key := strings.Trim(literal.Value, "\"`"); {
			case key == "err":
				*seen++
			case isError(list[i+1]), slices.Contains([]string{"error", "cause", "failure", "exception"}, key):
				wrong = append(wrong, literal.Pos())
			}
			i++
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if len(n.Args) > 0 && isName(n.Fun, "append") {
				pairs(n.Args[1:])
			}
			method, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch of := method.Sel.Name; {
			case isLogger(method.X) && (of == "With" || of == "Debug" || of == "Info" || of == "Warn" || of == "Error"):
				first := 1
				if of == "With" {
					first = 0
				}
				pairs(n.Args[min(first, len(n.Args)):])
			case isLogger(method.X) && len(n.Args) > 3 && (of == "Log" || of == "LogAttrs"):
				pairs(n.Args[3:])
			case isLogger(method.X) && len(n.Args) > 2 && strings.HasSuffix(of, "Context"):
				pairs(n.Args[2:])
			case isName(method.X, "slog") && (of == "Any" || of == "String"):
				pairs(n.Args)
			case of == "Err" && len(n.Args) == 1 && isError(n.Args[0]): // zerolog's own key is error
				wrong = append(wrong, n.Pos())
			case (of == "AnErr" || of == "Str" || of == "Interface") && len(n.Args) == 2:
				pairs(n.Args)
			}
		case *ast.CompositeLit:
			if list, ok := n.Type.(*ast.ArrayType); ok && isName(list.Elt, "any") {
				pairs(n.Elts)
			}
		}
		return true
	})
	return wrong
}

func isName(x ast.Expr, name string) bool {
	identifier, ok := x.(*ast.Ident)
	return ok && identifier.Name == name
}

// isError goes by the names that errors have, as the types aren't known here.
func isError(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "failure" || strings.HasSuffix(strings.ToLower(x.Name), "err")
	case *ast.SelectorExpr:
		return strings.HasSuffix(x.Sel.Name, "Err")
	case *ast.CallExpr:
		method, ok := x.Fun.(*ast.SelectorExpr)
		return ok && method.Sel.Name == "Error" && len(x.Args) == 0
	}
	return false
}

// isLogger goes by the name, as the types aren't known here.
func isLogger(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return strings.HasSuffix(strings.ToLower(x.Name), "log") || strings.HasSuffix(strings.ToLower(x.Name), "logger")
	case *ast.SelectorExpr:
		return isLogger(x.Sel)
	case *ast.CallExpr:
		if method, ok := x.Fun.(*ast.SelectorExpr); ok {
			return isLogger(method.Sel) || method.Sel.Name == "With" && isLogger(method.X)
		}
	}
	return false
}
