package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind int

const (
	prose    kind = iota // a comment, a text, a line of a document
	variable             // the words of a declared name
	declared             // the same, of a type or function
)

// piece is a part of a file that has a meaning to people. Line counts from 1.
type piece struct {
	kind kind
	text string
	line int
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func split(name string, text []byte) ([]piece, error) {
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, nil
	}
	if filepath.Ext(name) == ".go" {
		if generated.Match(text) {
			return nil, nil
		}
		return splitGo(name, text)
	}
	var pieces []piece
	number := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		number++
		pieces = append(pieces, piece{prose, line, number})
	}
	return pieces, nil
}

func splitGo(name string, text []byte) ([]piece, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var pieces []piece
	add := func(k kind, text string, at token.Pos) {
		pieces = append(pieces, piece{k, text, set.Position(at).Line})
	}
	for _, group := range file.Comments {
		add(prose, group.Text(), group.Pos())
	}
	tags := map[*ast.BasicLit]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			if x.Tag != nil {
				tags[x.Tag] = true
				if tag, err := strconv.Unquote(x.Tag.Value); err == nil {
					add(prose, reflect.StructTag(tag).Get("doc"), x.Tag.Pos())
				}
			}
			for _, name := range x.Names {
				add(variable, words(name.Name), name.Pos())
			}
		case *ast.BasicLit:
			if x.Kind == token.STRING && !tags[x] {
				if text, err := strconv.Unquote(x.Value); err == nil {
					add(prose, text, x.Pos())
				}
			}
		case *ast.TypeSpec:
			add(declared, words(x.Name.Name), x.Name.Pos())
		case *ast.FuncDecl:
			add(declared, words(x.Name.Name), x.Name.Pos())
		case *ast.ValueSpec:
			for _, name := range x.Names {
				add(variable, words(name.Name), name.Pos())
			}
		case *ast.AssignStmt:
			for _, left := range x.Lhs {
				if name, ok := left.(*ast.Ident); ok && x.Tok == token.DEFINE {
					add(variable, words(name.Name), name.Pos())
				}
			}
		case *ast.RangeStmt:
			for _, left := range []ast.Expr{x.Key, x.Value} {
				if name, ok := left.(*ast.Ident); ok {
					add(variable, words(name.Name), name.Pos())
				}
			}
		}
		return true
	})
	add(variable, file.Name.Name, file.Name.Pos())
	return pieces, nil
}

// words parts "newHTTPError" into "new http error".
func words(name string) string {
	var out strings.Builder
	letters := []rune(name)
	for i, c := range letters {
		begins := unicode.IsUpper(c) && i > 0 &&
			(!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins || c == '_' {
			out.WriteByte(' ')
		}
		if c != '_' {
			out.WriteRune(unicode.ToLower(c))
		}
	}
	return out.String()
}
