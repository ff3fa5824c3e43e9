package main_test

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cure is one thing that otai says about what to do, and what comes of doing it.
type cure struct {
	code  string // of the plugin that is refused
	name  string // which of the causes that have this code
	ill   func(t *testing.T, w *ward)
	says  string // what the fix has to be; the group in it is what is typed
	typed func(t *testing.T, w *ward, what string)
	then  string // what is said of the plugin afterwards: a code, or "" where it is loaded
	rare  bool   // only with OTAI_TEST_ALL
}

// elsewhereTyped are codes whose cures other tests type.
var elsewhereTyped = map[string]string{
	"unfit-host":        "TestAHostThatCanNotOpenPluginsSaysSoOnce",
	"bad-toolchain":     "TestMakeRefusesAReleaseThatBreaksPlugins",
	"tainted":           "TestAPluginThatSharesAPackageWithAFailedOneIsRefused of pkg/loader",
	"state-dir":         "TestTheCureOfAStateFolderThatCanNotBeTrustedWorks",
	"host-crashed":      "TestAPluginThatEndsItsProcessBeforeTheWorkIsNotOpenedAgain types otai plugin retry",
	"init-side-effects": "the tests of what init functions change, with init_side_effects: warn",
	"open-failed":       "no file is known that only plugin.Open refuses; its cure is that of not-elf",
}

// TestEveryCureThatIsPrintedWorks provokes each code, takes what to do from the message, does
// it, and looks at what is said then.
func TestEveryCureThatIsPrintedWorks(t *testing.T) {
	t.Parallel()
	var goEnvironment []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOTOOLCHAIN"} {
		goEnvironment = append(goEnvironment, name+"="+goEnv(t, name))
	}
	seen := make(map[string]bool)
	for _, c := range cures() {
		name := c.code
		if c.name != "" {
			name += ": " + c.name
		}
		first := !seen[c.code]
		seen[c.code] = true
		t.Run(name, func(t *testing.T) {
			switch {
			case c.rare:
				needsAll(t)
			case !first && !thorough() || !slices.Contains(everyCure, c.code) && !ofEachCause():
				t.Skip("much like another one: set OTAI_TEST_ALL=1")
			}
			t.Parallel()
			w := newWard(t, goEnvironment)
			c.ill(t, w)
			said := w.look(t)
			if said.Code != c.code {
				t.Fatalf("it is %s with code %q: %s", said.Status, said.Code, said.Error)
			}
			found := regexp.MustCompile(`^(?:` + c.says + `)$`).FindStringSubmatch(said.Fix)
			if found == nil {
				t.Fatalf("what to do is %q, want %s", said.Fix, c.says)
			}
			c.typed(t, w, found[len(found)-1])
			then := w.look(t)
			if then.Code != c.then {
				t.Errorf("after %q it is %s with code %q, want %q: %s; %s", said.Fix, then.Status, then.Code, c.then, then.Error, then.Fix)
			}
			t.Logf("| %s | %s | %s | %s |", c.code, c.name, said.Fix, then.Status)
		})
	}
}

// everyCure are the codes whose cure each run of the tests types: one for each stage, and for each
// way in which cures are typed. See selection_test.go.
var everyCure = strings.Fields(`
		not-regular-file insecure-permissions checksum-mismatch signature-invalid
		not-elf package-mismatch plugin-path-in-use wrong-symbol-type
		probe-crashed api-incompatible`)

func TestEveryCodeHasACureThatATestTypes(t *testing.T) {
	typed := maps.Clone(elsewhereTyped)
	for _, c := range cures() {
		if elsewhereTyped[c.code] != "" {
			t.Errorf("%s is said to be typed elsewhere", c.code)
		}
		typed[c.code] = "here"
	}
	for _, code := range loaderCodes(t) {
		if typed[code] == "" {
			t.Errorf("no test types the cure of %s", code)
		}
		delete(typed, code)
	}
	for code := range typed {
		t.Errorf("there is no code %s", code)
	}
}

// ward is a plugin folder with one plugin that is refused, and its sources.
type ward struct {
	dir    string // with the file
	second string // one more, "" for none
	file   string
	source string // with go.mod and main.go
	config string // "" for none
	own    bool   // env has variables of its own for the build
	env    []string
}

const nothingToDo = "orchestrator: { params: { steps: [] } }\n"

const illPlugin = `package main

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(cfg api.AppConfig) api.Plugin {
	return plugin()
}

func main() {}

func plugin() api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-ill", Version: "1.0.0", API: ">=1.0.0 <2"}, pipe("AnyPipe"))
}

func pipe(name string) api.Injectable {
	return api.NewPipeFunc(name, "Does nothing.", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
		return api.Success(nil), nil
	})
}
`

func newWard(t *testing.T, goEnvironment []string) *ward {
	w := &ward{dir: t.TempDir()}
	w.file = filepath.Join(w.dir, "otai_ill.so")
	w.source = writeModule(t, "otai-ill", illPlugin)
	w.env = environment(t, "PATH="+filepath.Dir(product.otai)+":"+os.Getenv("PATH"), "OTAI_PROBE_TIMEOUT=3s", "OTAI_SIGN_PASSWORD=",
		"GOFLAGS=-mod=mod")
	w.env = append(w.env, goEnvironment...)
	return w
}

// look is what `plugin list` says of the plugin in the folder.
func (w *ward) look(t *testing.T) pluginStatus {
	t.Helper()
	args := []string{"plugin", "list", "--json", "--plugin-dir", w.dir}
	if w.second != "" {
		args = append(args, "--plugin-dir", w.second)
	}
	if w.config != "" {
		args = append(args, "-c", w.config)
	}
	cmd := newCommand(product.otai, args...)
	cmd.Env, cmd.Dir = w.env, w.source
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("%v\n%s", err, stderrOf(err))
	}
	var list []pluginStatus
	if err := json.Unmarshal(out, &list); err != nil {
		var alone pluginStatus // what concerns all plugins
		if err := json.Unmarshal(out, &alone); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return alone
	}
	for _, p := range list {
		if p.Status != "loaded" {
			return p
		}
	}
	if len(list) == 0 {
		return pluginStatus{Status: "gone"}
	}
	return list[0]
}

// sh types a command.
func (w *ward) sh(t *testing.T, dir, command string) {
	t.Helper()
	cmd := newCommand("sh", "-c", command)
	cmd.Env, cmd.Dir = w.env, dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// set gives variables, with which the sources are built from then on.
func (w *ward) set(variables ...string) {
	w.env, w.own = append(w.env, variables...), true
}

// build builds the sources with the command of the documentation, and further flags.
func (w *ward) build(t *testing.T, flags string) {
	t.Helper()
	if flags == "" && !w.own {
		buildPlugin(t, w.source, w.file)
		return
	}
	w.sh(t, w.source, "go build -trimpath -buildmode=plugin "+flags+" -o "+w.file+" .")
}

// edit changes the sources.
func (w *ward) edit(t *testing.T, before, after string) {
	t.Helper()
	name := filepath.Join(w.source, "main.go")
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(content), before) {
		t.Fatalf("the sources have no %q", before)
	}
	writeAt(t, name, []byte(strings.ReplaceAll(string(content), before, after)))
}

// replaced builds the plugin with one thing that is wrong in its sources.
func replaced(before, after string) func(*testing.T, *ward) {
	return func(t *testing.T, w *ward) {
		w.edit(t, before, after)
		w.build(t, "")
	}
}

// holds puts that content where the plugin file should be.
func holds(content string) func(*testing.T, *ward) {
	return func(t *testing.T, w *ward) { writeAt(t, w.file, []byte(content)) }
}

// twisted builds the plugin and changes its bytes.
func twisted(change func([]byte) []byte) func(*testing.T, *ward) {
	return func(t *testing.T, w *ward) {
		w.build(t, "")
		content, err := os.ReadFile(w.file)
		if err != nil {
			t.Fatal(err)
		}
		writeAt(t, w.file, change(content))
	}
}

// pluginBuild types `otai plugin build DIR` in the plugin folder.
func pluginBuild(t *testing.T, w *ward, what string) {
	t.Helper()
	if what != "otai plugin build DIR" {
		t.Fatalf("that is %q", what)
	}
	w.sh(t, w.dir, strings.Replace(what, "DIR", w.source, 1))
}

// goBuildHere types a command in the folder of the sources, and puts what it made into
// the plugin folder.
func goBuildHere(t *testing.T, w *ward, what string) {
	t.Helper()
	w.sh(t, w.source, what)
	w.sh(t, w.source, "mv otai_ill.so "+w.dir)
}

// rewrites is a cure of the sources: the plugin is then built again.
func rewrites(before, after string) func(*testing.T, *ward, string) {
	return func(t *testing.T, w *ward, _ string) {
		w.edit(t, before, after)
		pluginBuild(t, w, "otai plugin build DIR")
	}
}

// declares puts the declaration that was printed in the place of the wrong one.
func declares(before string) func(*testing.T, *ward, string) {
	return func(t *testing.T, w *ward, what string) {
		w.edit(t, before, what)
		pluginBuild(t, w, "otai plugin build DIR")
	}
}

// types runs the command that was printed.
func types(t *testing.T, w *ward, what string) { w.sh(t, w.dir, what) }

// does runs a command where the message names none.
func does(command string) func(*testing.T, *ward, string) {
	return func(t *testing.T, w *ward, _ string) { w.sh(t, w.dir, command) }
}

// says writes a configuration; KEY and SUM stand for what only the test knows.
func (w *ward) says(t *testing.T, text string) {
	t.Helper()
	w.config = writeFile(t, text+nothingToDo)
}

const (
	fromSources  = `; or, from its sources: (otai plugin build DIR)`
	declared     = `(func CreatePlugin\(cfg api\.AppConfig\) api\.Plugin)`
	onlyDescribe = `remove what ends, blocks or crashes the process from init functions, package variables and CreatePlugin: they must only describe`
)

func cures() []cure {
	calm := rewrites("func init() {", "func later() {")
	return []cure{
		// discover
		{code: "not-regular-file", ill: func(t *testing.T, w *ward) { w.sh(t, w.dir, "mkdir otai_ill.so") }, says: "put the plugin file itself there, or rename this", typed: func(t *testing.T, w *ward, _ string) {
			w.sh(t, w.dir, "rmdir otai_ill.so")
			w.build(t, "")
		}},
		{code: "unreadable", ill: func(t *testing.T, w *ward) { w.sh(t, w.dir, "ln -s gone.so otai_ill.so") }, says: "point the link to a plugin file, or remove it", typed: does("rm otai_ill.so")},
		{code: "duplicate-name", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.sh(t, w.dir, "mkdir second && cp otai_ill.so second")
			w.second = w.dir + "/second"
		}, says: "remove one of the two files", typed: does("rm second/otai_ill.so")},
		{code: "prefix-conflict", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.sh(t, w.dir, "mv otai_ill.so otai_base.so")
		}, says: "rename or remove one of the two", typed: does("mv otai_base.so otai_ill.so")},
		{code: "bad-metadata", name: "the file's name", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.sh(t, w.dir, "mv otai_ill.so otai_.so")
		}, says: "name the file like otai_my_plugin.so", typed: does("mv otai_.so otai_ill.so")},
		{code: "disabled", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.says(t, "plugins: [{ name: otai-ill, enabled: false }]\n")
		}, says: "enable it in the configuration's plugins", typed: func(t *testing.T, w *ward, _ string) {
			w.says(t, "plugins: [{ name: otai-ill, enabled: true }]\n")
		}},

		// verify
		{code: "insecure-permissions", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.sh(t, w.dir, "chmod 0666 otai_ill.so")
		}, says: `(chmod g?o-w \S+)`, typed: types},
		{code: "checksum-mismatch", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.says(t, "plugins: [{ name: otai-ill, sha256: "+strings.Repeat("ab", 32)+" }]\n")
		}, says: "get the file that is meant; or, if this one is, write into the configuration's plugins: (sha256: [0-9a-f]{64})", typed: func(t *testing.T, w *ward, what string) {
			w.says(t, "plugins: [{ name: otai-ill, "+what+" }]\n")
		}},
		{code: "unsigned", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.sh(t, w.source, "otai plugin sign --generate release")
			w.says(t, "trusted_keys: ["+w.source+"/release.pub]\n")
		}, says: "put the maker's signature there, or sign the file with: (otai plugin sign .* --key KEYFILE)", typed: func(t *testing.T, w *ward, what string) {
			w.sh(t, w.dir, strings.Replace(what, "KEYFILE", w.source+"/release.key", 1))
		}},
		{code: "signature-invalid", name: "no signature", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.sh(t, w.source, "otai plugin sign --generate release && echo x > "+w.file+".minisig")
			w.says(t, "trusted_keys: ["+w.source+"/release.pub]\n")
		}, says: "get the signature again, or sign the file again", typed: func(t *testing.T, w *ward, _ string) {
			w.sh(t, w.source, "otai plugin sign "+w.file+" --key release.key")
		}},
		{code: "signature-invalid", name: "of an unknown key", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.sh(t, w.source, "otai plugin sign --generate release && otai plugin sign --generate other && otai plugin sign "+w.file+" --key other.key")
			w.says(t, "trusted_keys: ["+w.source+"/release.pub]\n")
		}, says: "if you trust the maker, add that public key to the configuration's trusted_keys", typed: func(t *testing.T, w *ward, _ string) {
			w.says(t, "trusted_keys: ["+w.source+"/release.pub, "+w.source+"/other.pub]\n")
		}},
		{code: "signature-invalid", name: "of other content", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.sh(t, w.source, "otai plugin sign --generate release && otai plugin sign "+w.file+" --key release.key && cp "+w.file+" kept.so && cp "+w.file+".minisig kept.so.minisig")
			w.build(t, "-ldflags=-s")
			w.says(t, "trusted_keys: ["+w.source+"/release.pub]\n")
		}, says: "get file and signature again from the maker; don't use this file", typed: func(t *testing.T, w *ward, _ string) {
			w.sh(t, w.source, "cp kept.so "+w.file+" && cp kept.so.minisig "+w.file+".minisig")
		}},

		// preflight
		{code: "not-elf", name: "text", ill: holds("404 page not found\n"), says: "take the file that is meant; or build it from its sources: (otai plugin build DIR)", typed: pluginBuild},
		{code: "not-elf", name: "nothing", ill: holds(""), says: "take the file that is meant; or build it from its sources: (otai plugin build DIR)", typed: pluginBuild},
		{code: "truncated", ill: twisted(func(b []byte) []byte { return b[:len(b)/2] }), says: "copy it again, to a temporary name first and then by renaming, or build it again" + fromSources, typed: pluginBuild},
		{code: "wrong-arch", ill: twisted(patched(18, uint16(elf.EM_S390))), says: "build it with GOARCH=[a-z0-9]+, or take the file for this machine" + fromSources, typed: pluginBuild},
		{code: "not-a-go-plugin", name: "a program", ill: func(t *testing.T, w *ward) { w.build(t, "-buildmode=exe") }, says: "take the file that is meant; or build it from its sources: (otai plugin build DIR)", typed: pluginBuild},
		{code: "go-version", name: "by go build", ill: twisted(otherRelease), says: "build it again with: (GOTOOLCHAIN=go[0-9.]+ go build -trimpath -buildmode=plugin -pgo=off -o otai_ill.so .)" + fromSourcesToo, typed: goBuildHere},
		{code: "go-version", name: "by otai", ill: twisted(otherRelease), says: "build it again with: .*" + fromSources, typed: pluginBuild},
		{code: "build-settings", name: "without -trimpath, by go build", ill: func(t *testing.T, w *ward) { w.build(t, "-trimpath=false") }, says: "build it again with: (go build -trimpath -buildmode=plugin -pgo=off -o otai_ill.so .)" + fromSourcesToo, typed: goBuildHere},
		{code: "build-settings", name: "without -trimpath, by otai", ill: func(t *testing.T, w *ward) { w.build(t, "-trimpath=false") }, says: "build it again with: .*" + fromSources, typed: pluginBuild},
		{code: "build-settings", name: "without optimization", rare: true, ill: func(t *testing.T, w *ward) { w.build(t, "'-gcflags=all=-N -l'") }, says: "build host and plugin with the same flags and -pgo=off" + fromSources, typed: pluginBuild},
		{code: "build-settings", name: "an experiment", rare: true, ill: func(t *testing.T, w *ward) {
			w.sh(t, w.source, "GOEXPERIMENT=arenas go build -trimpath -buildmode=plugin -o "+w.file+" .")
		}, says: "build it again with: (GOEXPERIMENT= go build .* -o otai_ill.so .)" + fromSourcesToo, typed: goBuildHere},
		{code: "package-mismatch", name: "another version, by go get", ill: otherZerolog, says: "in the plugin's folder: (go get .*github.com/rs/zerolog@v[0-9.]+.*), then build it again" + fromSourcesToo, typed: func(t *testing.T, w *ward, what string) {
			w.sh(t, w.source, what)
			w.build(t, "")
		}},
		{code: "package-mismatch", name: "another version, by otai", ill: otherZerolog, says: ".*" + fromSources, typed: pluginBuild},
		{code: "package-mismatch", name: "another contract", ill: func(t *testing.T, w *ward) {
			w.sh(t, w.source, "cp -R "+product.root+"/pkg/api api && echo 'package api' > api/more.go && echo 'func More() {}' >> api/more.go && go mod edit -replace=github.com/open-ticket-ai/otai/pkg/api=./api")
			w.build(t, "")
		}, says: ".*" + fromSources, typed: pluginBuild},
		{code: "package-conflict", ill: conflicting, says: "in the plugin's folder: (go get example.com/shared@v1.0.0), then build it again; or, from its sources: otai plugin build DIR", typed: func(t *testing.T, w *ward, what string) {
			w.sh(t, w.source, what)
			w.build(t, "")
		}},
		{code: "package-conflict", name: "by otai", ill: conflicting, says: ".*" + fromSources, typed: func(t *testing.T, w *ward, what string) {
			w.env = append(w.env, "OTAI_PLUGIN_DIR="+w.dir)
			pluginBuild(t, w, what)
		}},
		{code: "plugin-path-in-use", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.sh(t, w.source, "go build -trimpath -buildmode=plugin -ldflags=-s -o "+w.dir+"/otai_ill2.so .")
		}, says: "remove one of the two files; two versions of a plugin can't be in one process", typed: does("rm otai_ill2.so")},
		{code: "missing-library", name: "none", ill: func(t *testing.T, w *ward) {
			w.edit(t, "import (\n\t\"context\"", "// int zzz(void);\nimport \"C\"\n\nimport (\n\t\"context\"")
			w.edit(t, "return plugin()", "_ = C.zzz()\n\treturn plugin()")
			w.sh(t, w.source, "mkdir c && echo 'int zzz(void) { return 7; }' > c/zzz.c && gcc -shared -fPIC -o c/libzzz.so c/zzz.c")
			w.set("CGO_LDFLAGS=-L" + w.source + "/c -lzzz")
			w.build(t, "")
			w.sh(t, w.source, "rm c/libzzz.so")
		}, says: "install the library, or link it statically into the plugin", typed: func(t *testing.T, w *ward, _ string) {
			w.sh(t, w.source, "gcc -c -fPIC -o c/zzz.o c/zzz.c && ar rcs c/libzzz.a c/zzz.o")
			w.set("CGO_LDFLAGS=" + w.source + "/c/libzzz.a")
			w.build(t, "")
		}},
		{code: "missing-library", name: "a symbol that nobody defines", ill: func(t *testing.T, w *ward) {
			w.edit(t, "import (\n\t\"context\"", "// int zzz(void);\nimport \"C\"\n\nimport (\n\t\"context\"")
			w.edit(t, "return plugin()", "_ = C.zzz()\n\treturn plugin()")
			w.sh(t, w.source, "CGO_LDFLAGS=-Wl,--unresolved-symbols=ignore-all go build -trimpath -buildmode=plugin -o "+w.file+" .")
		}, says: "link the library that defines it, or write what is missing", typed: func(t *testing.T, w *ward, _ string) {
			w.sh(t, w.source, "echo 'int zzz(void) { return 7; }' > zzz.c")
			w.build(t, "")
		}},
		{code: "no-main-plugin", ill: replaced("func main() {}\n", ""), says: `add to package main: (func main\(\) \{\})`, typed: func(t *testing.T, w *ward, what string) {
			w.edit(t, "\nfunc plugin()", "\n"+what+"\n\nfunc plugin()")
			pluginBuild(t, w, "otai plugin build DIR")
		}},
		{code: "no-main-plugin", name: "and a factory of another type", ill: func(t *testing.T, w *ward) {
			w.edit(t, "func main() {}\n", "")
			replaced("CreatePlugin(cfg api.AppConfig)", "CreatePlugin(x int)")(t, w)
		}, says: `add to package main: (func main\(\) \{\})`, typed: func(t *testing.T, w *ward, what string) {
			w.edit(t, "\nfunc plugin()", "\n"+what+"\n\nfunc plugin()")
			w.build(t, "")
		}, then: "wrong-symbol-type"},
		{code: "missing-symbol", ill: replaced("func CreatePlugin(cfg api.AppConfig) api.Plugin", "func createPlugin(cfg api.AppConfig) api.Plugin"), says: "write in package main: " + declared, typed: declares("func createPlugin(cfg api.AppConfig) api.Plugin")},
		{code: "wrong-symbol-type", name: "another function", ill: replaced("func CreatePlugin(cfg api.AppConfig) api.Plugin", "func CreatePlugin(name string) api.Plugin"), says: "declare it in package main as: " + declared, typed: declares("func CreatePlugin(name string) api.Plugin")},
		{code: "wrong-symbol-type", name: "a variable", ill: replaced("func CreatePlugin(cfg api.AppConfig) api.Plugin", "var CreatePlugin = func(cfg api.AppConfig) api.Plugin"), says: "declare it in package main as: " + declared, typed: declares("var CreatePlugin = func(cfg api.AppConfig) api.Plugin")},

		// probe
		{code: "probe-crashed", ill: replaced("func main() {}", "func main() {}\n\nfunc init() {\n\tpanicLater := make(chan int)\n\tgo func() { close(panicLater); panic(1) }()\n\t<-panicLater\n\tselect {}\n}"), says: onlyDescribe, typed: calm},
		{code: "probe-timeout", ill: replaced("func main() {}", "func main() {}\n\nfunc init() {\n\tfor {\n\t}\n}"), says: onlyDescribe, typed: calm},
		{code: "init-panic", ill: replaced("func main() {}", "func main() {}\n\nfunc init() {\n\tpanic(1)\n}"), says: "move what can fail or wait out of init and package variables, into the services' build functions", typed: calm},
		{code: "factory-panic", ill: replaced("return plugin()", "panic(1)"), says: "CreatePlugin must only describe; fix the plugin", typed: rewrites("panic(1)", "return plugin()")},
		{code: "nil-plugin", ill: replaced("return plugin()", "return nil"), says: `(return api\.NewPlugin\(…\))`, typed: rewrites("return nil\n}\n\nfunc main", "return plugin()\n}\n\nfunc main")},
		{code: "bad-metadata", name: "no name", ill: replaced(`Name: "otai-ill", `, ""), says: `set it to ("otai-ill")`, typed: func(t *testing.T, w *ward, what string) {
			rewrites(`api.Metadata{`, `api.Metadata{Name: `+what+`, `)(t, w, "")
		}},
		{code: "bad-metadata", name: "another name", ill: replaced(`"otai-ill"`, `"otai-other"`), says: `name the file (otai_other\.so), or the plugin otai-ill`, typed: func(t *testing.T, w *ward, what string) {
			w.sh(t, w.dir, "mv otai_ill.so "+what)
		}},
		{code: "bad-metadata", name: "a version that is none", ill: replaced(`"1.0.0"`, `"v1"`), says: `set it like ("1.2.0")`, typed: func(t *testing.T, w *ward, what string) { rewrites(`"v1"`, what)(t, w, "") }},
		{code: "bad-metadata", name: "a constraint that can't be read", ill: replaced(`">=1.0.0 <2"`, `"one or two"`), says: `write it like (">=1.0.0 <2")`, typed: func(t *testing.T, w *ward, what string) { rewrites(`"one or two"`, what)(t, w, "") }},
		{code: "bad-injectable", ill: replaced(`pipe("AnyPipe")`, `pipe("any pipe")`), says: "correct this in the plugin's source", typed: rewrites(`"any pipe"`, `"AnyPipe"`)},

		// admit
		{code: "api-incompatible", ill: replaced(`">=1.0.0 <2"`, `"^2.0"`), says: "use a host that offers it, or a version of the plugin for this host", typed: rewrites(`"^2.0"`, `">=1.0.0 <2"`)},
		{code: "version-constraint", ill: func(t *testing.T, w *ward) {
			w.build(t, "")
			w.says(t, "plugins: [{ name: otai-ill, version: '>=2' }]\n")
		}, says: "install a version that fits, or change the configuration's plugins", typed: func(t *testing.T, w *ward, _ string) {
			w.says(t, "plugins: [{ name: otai-ill, version: '>=1' }]\n")
		}},
		{code: "duplicate-injectable", ill: replaced(`pipe("AnyPipe")`, `pipe("AnyPipe"), pipe("AnyPipe")`), says: "give one of the two another name", typed: rewrites(`pipe("AnyPipe"), pipe("AnyPipe")`, `pipe("AnyPipe"), pipe("OtherPipe")`)},
	}
}

const fromSourcesToo = `; or, from its sources: otai plugin build DIR`

// otherZerolog has a library of the host's in another version.
func otherZerolog(t *testing.T, w *ward) {
	w.edit(t, "\t\"github.com/open-ticket-ai", "\t\"github.com/rs/zerolog\"\n\n\t\"github.com/open-ticket-ai")
	w.edit(t, "return plugin()", "_ = zerolog.Nop()\n\treturn plugin()")
	for _, command := range []string{"go get github.com/rs/zerolog@v1.33.0", "go build -trimpath -buildmode=plugin -o " + w.file + " ."} {
		cmd := newCommand("sh", "-c", command)
		cmd.Env, cmd.Dir = w.env, w.source
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("can't be built here: %v\n%s", err, out)
		}
	}
}

// conflicting is a plugin with another version of a module than the one before it, both from
// a module proxy.
func conflicting(t *testing.T, w *ward) {
	proxy := t.TempDir()
	for version, body := range map[string]string{"v1.0.0": `return "one"`, "v1.1.0": `return "two"; `} {
		moduleAt(t, proxy, "example.com/shared", version, "package shared\n\nfunc Name() string { "+body+" }\n")
	}
	// That proxy has no releases of Go: this one must not be looked for there.
	w.set("GOPROXY=file://"+proxy, "GONOSUMDB=*", "GOFLAGS=-mod=mod -modcacherw", "GOMODCACHE="+t.TempDir(),
		"PATH="+filepath.Dir(product.otai)+":"+pathWithThisGo(t), "GOTOOLCHAIN=local")
	w.edit(t, "\t\"github.com/open-ticket-ai", "\t\"example.com/shared\"\n\t\"github.com/open-ticket-ai")
	w.edit(t, "return plugin()", "_ = shared.Name()\n\treturn plugin()")
	first := filepath.Join(t.TempDir(), "first")
	w.sh(t, w.source, "cp -R . "+first)
	w.sh(t, first, "go mod edit -module=example.com/otai-first && sed -i s/otai-ill/otai-first/ main.go && go get example.com/shared@v1.0.0 && go build -trimpath -buildmode=plugin -o "+w.dir+"/otai_first.so .")
	w.sh(t, w.source, "go get example.com/shared@v1.1.0")
	w.build(t, "")
}

// moduleAt puts a module of one file into a proxy, which is a folder.
func moduleAt(t *testing.T, proxy, path, version, source string) {
	t.Helper()
	dir := filepath.Join(proxy, path, "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mod := "module " + path + "\n\ngo 1.25.0\n"
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for name, content := range map[string]string{"go.mod": mod, "source.go": source} {
		file, err := archive.Create(path + "@" + version + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{".info": `{"Version":"` + version + `"}`, ".mod": mod, ".zip": packed.String()} {
		writeAt(t, filepath.Join(dir, version+name), []byte(content))
	}
}

func TestTheCureOfAStateFolderThatCanNotBeTrustedWorks(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(state, 0o777); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", "--once", "-c", writeFile(t, nothingToDo)}
	out, code := runIn(t.TempDir(), environment(t, "OTAI_STATE_DIR="+state), args...)
	command := regexp.MustCompile(`chmod g?o-w \S*/state\b`).FindString(out)
	if code != 3 || !strings.Contains(out, "state-dir") || command == "" {
		t.Fatalf("it ended with %d\n%s", code, out)
	}
	if typed, err := newCommand("sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, typed)
	}
	if out, code := runIn(t.TempDir(), environment(t, "OTAI_STATE_DIR="+state), args...); code != 0 {
		t.Errorf("after %s it ended with %d\n%s", command, code, out)
	}
}
