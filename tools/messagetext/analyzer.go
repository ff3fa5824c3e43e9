package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

var analyzer = &analysis.Analyzer{
	Name: "messagetext",
	Doc:  "report decisions by the text of a message",
	Run:  run,
}

// The functions of package strings (and bytes) that decide by a text.
var deciders = []string{
	"Compare", "Contains", "ContainsAny", "ContainsFunc", "ContainsRune", "Count", "Cut", "CutPrefix", "CutSuffix", "EqualFold",
	"Fields", "FieldsFunc", "HasPrefix", "HasSuffix", "Index", "IndexAny", "IndexByte", "IndexFunc", "IndexRune", "LastIndex", "LastIndexAny",
	"LastIndexByte", "LastIndexFunc", "Split", "SplitAfter", "SplitAfterN", "SplitN", "SplitSeq", "FieldsSeq",
}

// The fields that hold a message, whatever their struct is.
var messageFields = []string{"Message", "ErrorMessage", "Msg", "message", "errorMessage", "msg"}

// checker follows messages through the variables and parameters of one package.
type checker struct {
	pass    *analysis.Pass
	errors  *types.Interface
	carries map[types.Object]bool // variables and parameters that hold a message
	bodies  map[*types.Func]*ast.FuncDecl
	allowed map[string]map[int]*allowance // by file and line
}

// allowance is one comment that allows a decision.
type allowance struct {
	pos    token.Pos
	reason string
	used   bool
}

func run(pass *analysis.Pass) (any, error) {
	c := &checker{
		pass: pass, errors: types.Universe.Lookup("error").Type().Underlying().(*types.Interface),
		carries: make(map[types.Object]bool), bodies: make(map[*types.Func]*ast.FuncDecl), allowed: make(map[string]map[int]*allowance),
	}
	var files []*ast.File
	for _, file := range pass.Files {
		if name := pass.Fset.Position(file.Pos()).Filename; strings.HasSuffix(name, "_test.go") || ast.IsGenerated(file) {
			continue
		}
		files = append(files, file)
		c.readAllowances(file)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				if object, ok := pass.TypesInfo.Defs[f.Name].(*types.Func); ok {
					c.bodies[object] = f
				}
			}
		}
	}
	for {
		before := len(c.carries)
		for _, file := range files {
			ast.Inspect(file, c.follow)
		}
		if len(c.carries) == before {
			break
		}
	}
	for _, file := range files {
		ast.Inspect(file, c.check)
	}
	for _, lines := range c.allowed {
		for _, a := range lines {
			switch {
			case a.reason == "":
				pass.Reportf(a.pos, "messagetext:allow needs a reason: whose text it is, and why there is nothing else")
			case !a.used:
				pass.Reportf(a.pos, "messagetext:allow without a decision by a text")
			}
		}
	}
	return nil, nil
}

func (c *checker) readAllowances(file *ast.File) {
	for _, group := range file.Comments {
		for _, comment := range group.List {
			reason, ok := strings.CutPrefix(comment.Text, "//messagetext:allow")
			if !ok {
				continue
			}
			reason, _, _ = strings.Cut(reason, "//") // what follows is another comment
			at := c.pass.Fset.Position(comment.Pos())
			if c.allowed[at.Filename] == nil {
				c.allowed[at.Filename] = make(map[int]*allowance)
			}
			c.allowed[at.Filename][at.Line] = &allowance{pos: comment.Pos(), reason: strings.TrimSpace(reason)}
		}
	}
}

// follow notes the variables and parameters that get a message.
func (c *checker) follow(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if len(n.Lhs) == len(n.Rhs) {
			for i := range n.Lhs {
				c.assign(n.Lhs[i], n.Rhs[i])
			}
		} else if len(n.Rhs) == 1 {
			for i := range n.Lhs { // before, after, found := strings.Cut(message, …)
				c.assign(n.Lhs[i], n.Rhs[0])
			}
		}
	case *ast.ValueSpec:
		if len(n.Names) == len(n.Values) {
			for i := range n.Names {
				c.assign(n.Names[i], n.Values[i])
			}
		}
	case *ast.CallExpr:
		c.call(n)
	}
	return true
}

func (c *checker) assign(to, value ast.Expr) {
	name, ok := ast.Unparen(to).(*ast.Ident)
	if !ok || !c.isMessage(value) {
		return
	}
	object := c.pass.TypesInfo.ObjectOf(name)
	if object != nil && isText(object.Type()) {
		c.carries[object] = true
	}
}

// call notes the parameters of functions of this package that get a message.
func (c *checker) call(call *ast.CallExpr) {
	f, ok := c.callee(call).(*types.Func)
	if !ok || c.bodies[f.Origin()] == nil {
		return
	}
	parameters := f.Origin().Signature().Params()
	for i, argument := range call.Args {
		if i >= parameters.Len() || !isText(parameters.At(i).Type()) || !c.isMessage(argument) {
			continue
		}
		c.carries[parameters.At(i)] = true
	}
}

// isMessage reports whether an expression is the text of a message.
func (c *checker) isMessage(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return c.carries[c.pass.TypesInfo.ObjectOf(e)]
	case *ast.SelectorExpr:
		selection := c.pass.TypesInfo.Selections[e]
		return selection != nil && selection.Kind() == types.FieldVal && slices.Contains(messageFields, e.Sel.Name) && isText(selection.Type())
	case *ast.BinaryExpr:
		return e.Op == token.ADD && (c.isMessage(e.X) || c.isMessage(e.Y))
	case *ast.SliceExpr:
		return c.isMessage(e.X)
	case *ast.CallExpr:
		return c.isMessageCall(e)
	}
	return false
}

func (c *checker) isMessageCall(call *ast.CallExpr) bool {
	if t, ok := c.pass.TypesInfo.Types[call.Fun]; ok && t.IsType() { // a conversion
		return len(call.Args) == 1 && isText(t.Type) && c.isMessage(call.Args[0])
	}
	callee := c.callee(call)
	if callee == nil {
		return false
	}
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && callee.Name() == "Error" && len(call.Args) == 0 {
		receiver := c.pass.TypesInfo.TypeOf(selector.X)
		return receiver != nil && (types.Implements(receiver, c.errors) || types.Implements(types.NewPointer(receiver), c.errors))
	}
	switch pathOf(callee) {
	case "fmt":
		return strings.HasPrefix(callee.Name(), "Sprint") && slices.ContainsFunc(call.Args, c.isErrorOrMessage)
	case "strings", "bytes":
		return len(call.Args) > 0 && c.isMessage(call.Args[0])
	}
	return false
}

func (c *checker) isErrorOrMessage(e ast.Expr) bool {
	t := c.pass.TypesInfo.TypeOf(e)
	return t != nil && types.Implements(t, c.errors) || c.isMessage(e)
}

// check reports decisions by a message.
func (c *checker) check(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		if c.decides(n) && slices.ContainsFunc(n.Args, c.isMessage) {
			c.report(n.Pos())
		}
	case *ast.BinaryExpr:
		if (n.Op == token.EQL || n.Op == token.NEQ) && (c.isMessage(n.X) && !c.isEmpty(n.Y) || c.isMessage(n.Y) && !c.isEmpty(n.X)) {
			c.report(n.Pos())
		}
	case *ast.SwitchStmt:
		if n.Tag != nil && c.isMessage(n.Tag) {
			c.report(n.Tag.Pos())
		}
	case *ast.IndexExpr:
		if t := c.pass.TypesInfo.TypeOf(n.X); t != nil && c.isMessage(n.Index) {
			if _, isMap := t.Underlying().(*types.Map); isMap {
				c.report(n.Pos())
			}
		}
	}
	return true
}

// decides reports whether a call decides by a text.
func (c *checker) decides(call *ast.CallExpr) bool {
	callee := c.callee(call)
	if callee == nil {
		return false
	}
	switch pathOf(callee) {
	case "strings", "bytes":
		return slices.Contains(deciders, callee.Name())
	case "slices":
		return callee.Name() == "Contains" || callee.Name() == "Index"
	}
	selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || !strings.HasPrefix(callee.Name(), "Match") && !strings.HasPrefix(callee.Name(), "Find") {
		return false
	}
	receiver := c.pass.TypesInfo.TypeOf(selector.X)
	return pathOf(callee) == "regexp" || receiver != nil && strings.HasSuffix(strings.ToLower(receiver.String()), "regexp")
}

func (c *checker) isEmpty(e ast.Expr) bool {
	value := c.pass.TypesInfo.Types[e].Value
	return value != nil && value.Kind() == constant.String && constant.StringVal(value) == ""
}

func (c *checker) report(pos token.Pos) {
	at := c.pass.Fset.Position(pos)
	for _, line := range []int{at.Line, at.Line - 1} {
		if a := c.allowed[at.Filename][line]; a != nil {
			a.used = true
			return
		}
	}
	c.pass.Reportf(pos, "decides by the text of a message: ask errors.Is, errors.As, a code or a field")
}

func (c *checker) callee(call *ast.CallExpr) types.Object {
	fun := ast.Unparen(call.Fun)
	switch indexed := fun.(type) { // a generic function with its types
	case *ast.IndexExpr:
		fun = indexed.X
	case *ast.IndexListExpr:
		fun = indexed.X
	}
	switch fun := fun.(type) {
	case *ast.Ident:
		return c.pass.TypesInfo.ObjectOf(fun)
	case *ast.SelectorExpr:
		return c.pass.TypesInfo.ObjectOf(fun.Sel)
	}
	return nil
}

func pathOf(o types.Object) string {
	if o.Pkg() == nil {
		return ""
	}
	return o.Pkg().Path()
}

// isText is true for strings and slices of bytes.
func isText(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Info()&types.IsString != 0
	case *types.Slice:
		b, ok := t.Elem().Underlying().(*types.Basic)
		return ok && (b.Kind() == types.Byte || b.Info()&types.IsString != 0)
	}
	return false
}
