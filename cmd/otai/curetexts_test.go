package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// untyped are parts of what is said about what to do that no test can do here.
var untyped = map[string]string{
	"check the file and its file system":                     "a disk that can't be read",
	"check the file and its permissions":                     "root reads every file",
	"check the path and its permissions":                     "root reads every folder",
	"check that file and its permissions":                    "root reads every file",
	"check the plugin folder and its permissions":            "root reads every folder",
	"check the limits on processes and memory":               "a machine that can start no process",
	"put the file back as it was":                            "nobody takes away what a running otai keeps in its state folder",
	"make room there, or name another folder with":           "a full disk",
	"name one that only root and you can write to":           "no folder for temporary files",
	"name another folder with --state-dir or OTAI_STATE_DIR": "as any other folder in these tests, which they name so",
	"put the plugin file itself there":                       "as for not-regular-file, of a file that changes while it is looked at",
	"build it on a system that is as old as this one":        "another system",
	"name the plugin file itself":                            "as for not-regular-file, for hosts that are not otai",
	"fix or remove that plugin, then start again":            "typed by TestAPluginThatSharesAPackageWithAFailedOneIsRefused",
	"as root: ": "another user; its exact text is that of the tests of state folders",
	"return api.NewPlugin(…), whose methods can't fail":                       "as for nil-plugin",
	"remove what ends, blocks or crashes the process from Validate":           "as for probe-crashed",
	"remove what ends, blocks or crashes the process from the build function": "as for probe-crashed",
	"write it like \">=1.2 <2\"":                                              "the configuration is refused before: bad-constraint",
	"or take it out of the plugin folder":                                     "what isn't there isn't opened",
	"remove one of the two plugins":                                           "as for duplicate-name",
	"build both plugins with the same version of it from the same sources":    "typed by TestThirdPartyPluginsStandBesideTheBundledOnes",
	"build the host with -trimpath":                                           "a host that no Makefile builds",
	"build it, and then its plugins, with a later release":                    "typed by TestAHostThatCanNotOpenPluginsSaysSoOnce",
	"where there is a C compiler, build it with":                              "typed by TestAHostThatCanNotOpenPluginsSaysSoOnce",
	"build it with: CGO_ENABLED=1 go build -trimpath -ldflags":                "typed by TestAHostThatCanNotOpenPluginsSaysSoOnce",
	"; or, in its sources: make":                                              "every build by .ci/run types it",
	"chown -R root ":                                                          "another user; its exact text is that of the tests of foreign files",
	"(a link; what it leads to":                                               "as rm; its exact text is that of the tests of state folders",
	"mount /proc, by which a program sees itself":                             "needs a machine, or a container, without /proc",
	"chmod go-w ":                        "typed by TestTheCureOfAStateFolderThatCanNotBeTrustedWorks",
	"(only if you trust what is in it)":  "another user; its exact text is that of the tests of foreign files",
	"OTAI_TRUST_GROUP=1":                 "a test of the state folder sets it",
	"setfacl -b ":                        "needs a package that not every machine has",
	"if the cause was another one, run:": "typed by TestAPluginThatEndsItsProcessBeforeTheWorkIsNotOpenedAgain",
	"make them by api.NewService":        "an edit of the sources, as for bad-injectable",
	"or set init_side_effects: warn":     "the tests of what init functions change set it",
	// What preflight says to hosts that are not otai, which says something else instead.
	"copy or build it again":                              "otai says: otai plugin build DIR",
	"build it with: go build -trimpath -buildmode=plugin": "otai says: otai plugin build DIR",
	"build a plugin with: go build -trimpath":             "otai says: otai plugin build DIR",
	"in package main, spelled exactly so and not generic": "otai shows the declaration",
	"declare it as ":  "otai shows the declaration",
	"build it with: ": "otai says: otai plugin build DIR",
}

// TestEveryTextOfACureIsTyped reads what pkg/loader can say about what to do from its sources.
// Where this fails, a new text needs a line in cures(), or a reason why nobody can type it.
func TestEveryTextOfACureIsTyped(t *testing.T) {
	var typed strings.Builder
	plain := strings.NewReplacer(`\`, "", "(", "", ")", "")
	for _, c := range cures() {
		typed.WriteString(plain.Replace(c.says) + "\n")
	}
	reasons := make(map[string]bool)
	verb := regexp.MustCompile(`%[a-z+]`)
	for _, text := range cureTexts(t) {
		covered, exempt := true, false
		for _, part := range verb.Split(text, -1) {
			if len(part) > 8 && !strings.Contains(typed.String(), strings.TrimSpace(plain.Replace(part))) {
				covered = false
			}
		}
		for part := range untyped {
			if strings.Contains(text, part) {
				reasons[part], exempt = true, true
			}
		}
		if !covered && !exempt {
			t.Errorf("no test types %q", text)
		}
	}
	for part := range untyped {
		if !reasons[part] {
			t.Errorf("nothing says %q any more", part)
		}
	}
}

// cureTexts are the texts in the sources of pkg/loader that end up in a Fix.
func cureTexts(t *testing.T) (texts []string) {
	t.Helper()
	for _, folder := range []string{"pkg/loader", "pkg/loader/preflight", "pkg/loader/trust"} {
		files, err := filepath.Glob(filepath.Join(product.root, folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				for _, e := range fixesOf(n) {
					ast.Inspect(e, func(n ast.Node) bool {
						if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
							if text, err := strconv.Unquote(l.Value); err == nil && len(text) > 8 {
								texts = append(texts, text)
							}
						}
						return true
					})
				}
				return true
			})
		}
	}
	if len(texts) < 40 {
		t.Errorf("only %d texts are found", len(texts))
	}
	return texts
}

// fixesOf are the expressions of a node that say what to do.
func fixesOf(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "Fix" || key.Name == "fix") {
			return []ast.Expr{n.Value}
		}
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			name := ""
			switch to := to.(type) {
			case *ast.Ident:
				name = to.Name
			case *ast.SelectorExpr:
				name = to.Sel.Name
			}
			if (name == "fix" || name == "Fix") && len(n.Rhs) == len(n.Lhs) {
				return []ast.Expr{n.Rhs[i]}
			}
		}
	case *ast.CallExpr:
		switch f := n.Fun.(type) {
		case *ast.SelectorExpr:
			if f.Sel.Name == "errorf" && len(n.Args) > 3 {
				return []ast.Expr{n.Args[2]}
			}
		case *ast.Ident:
			if strings.HasPrefix(f.Name, "reject") && len(n.Args) > 1 { // with a code before it, or without
				if code, ok := n.Args[0].(*ast.Ident); ok && strings.HasPrefix(code.Name, "Code") {
					return n.Args[1:2]
				}
				return n.Args[:1]
			}
		}
	case *ast.FuncDecl:
		if n.Name.Name == "remedy" || strings.HasPrefix(n.Name.Name, "fix") {
			var found []ast.Expr
			ast.Inspect(n.Body, func(n ast.Node) bool {
				if r, ok := n.(*ast.ReturnStmt); ok {
					found = append(found, r.Results...)
				}
				return true
			})
			return found
		}
	}
	return nil
}
