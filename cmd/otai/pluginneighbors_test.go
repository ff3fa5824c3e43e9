package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// neighbor is a plugin as somebody else would write it.
type neighbor struct {
	name    string
	module  string   // "": example.com/otai-NAME
	service bool     // beside its pipe
	level   string   // of the contract; "": >=1.0.0 <2
	require []string // "module version"
	use     []string // "import expression"
	code    string   // more of package main
	files   map[string]string
	replace []string // "module => folder"
	dir     string   // where its module is in the files
	vendor  bool

	inTheWay string // what stands in its way, where it is built alone
	unasked  bool   // where that can't be cured by a version
	brief    bool   // it is tried by continuous integration, too
}

const innerLib = "package lib\n\n// Word is one.\nfunc Word() string { return \"a word\" }\n"

func neighbors() []neighbor {
	return []neighbor{
		{name: "bare", brief: true},
		{name: "bare-service", service: true},
		{name: "aa-limits", require: []string{"golang.org/x/time v0.14.0"}, use: []string{"golang.org/x/time/rate rate.Every"}, inTheWay: "otai_otobo_znuny.so", brief: true},
		{name: "newer-limits", require: []string{"golang.org/x/time v0.16.0"}, use: []string{"golang.org/x/time/rate rate.Every"}, service: true, inTheWay: "otai_otobo_znuny.so"},
		{name: "breaks", require: []string{"github.com/sony/gobreaker/v2 v2.1.0"}, use: []string{"github.com/sony/gobreaker/v2 gobreaker.ErrOpenState"}, service: true, inTheWay: "otai_otobo_znuny.so"},
		{name: "letters", require: []string{"golang.org/x/text v0.31.0"}, use: []string{"golang.org/x/text/unicode/norm norm.NFC", "golang.org/x/text/cases cases.Fold"}},
		{
			name: "hosts-own", require: []string{"github.com/google/uuid v1.5.0", "github.com/Masterminds/semver/v3 v3.2.1", "github.com/dustin/go-humanize v1.0.1"},
			use: []string{"github.com/google/uuid uuid.New", "github.com/Masterminds/semver/v3 semver.NewVersion", "github.com/dustin/go-humanize humanize.Bytes"},
		},
		{
			name: "fifteen", service: true, inTheWay: "otai_otobo_znuny.so",
			require: []string{
				"github.com/cespare/xxhash/v2 v2.3.0", "github.com/davecgh/go-spew v1.1.1", "github.com/fatih/color v1.18.0", "github.com/gobwas/glob v0.2.3",
				"github.com/google/uuid v1.5.0", "github.com/Masterminds/semver/v3 v3.2.1", "github.com/dustin/go-humanize v1.0.1", "github.com/tidwall/gjson v1.17.0",
				"github.com/rivo/uniseg v0.4.7", "github.com/mattn/go-runewidth v0.0.16", "gopkg.in/yaml.v3 v3.0.1", "gopkg.in/ini.v1 v1.67.0",
				"github.com/pelletier/go-toml/v2 v2.2.4", "github.com/sirupsen/logrus v1.9.3", "golang.org/x/time v0.14.0",
			},
			use: []string{
				"github.com/cespare/xxhash/v2 xxhash.Sum64String", "github.com/davecgh/go-spew/spew spew.Sdump", "github.com/fatih/color color.New", "github.com/gobwas/glob glob.Compile",
				"github.com/google/uuid uuid.New", "github.com/Masterminds/semver/v3 semver.NewVersion", "github.com/dustin/go-humanize humanize.Bytes", "github.com/tidwall/gjson gjson.Get",
				"github.com/rivo/uniseg uniseg.StringWidth", "github.com/mattn/go-runewidth runewidth.StringWidth", "gopkg.in/yaml.v3 yaml.Marshal", "gopkg.in/ini.v1 ini.Empty",
				"github.com/pelletier/go-toml/v2 toml.Marshal", "github.com/sirupsen/logrus logrus.New", "golang.org/x/time/rate rate.Every",
			},
		},
		{name: "in-c", brief: true, files: map[string]string{"in_c.go": "package main\n\n// int twice(int n) { return 2 * n; }\nimport \"C\"\n\nfunc init() { used = append(used, int(C.twice(2))) }\n"}},
		{name: "embeds", service: true, code: "//go:embed words.txt\nvar words string\n\nfunc init() { used = append(used, words) }\n", use: []string{"embed embed.FS{}"}, files: map[string]string{"words.txt": "words\n"}},
		{name: "generic", code: "type pair[K comparable, V any] struct {\n\tkey   K\n\tvalue V\n}\n\nfunc first[K comparable, V any](p pair[K, V]) K { return p.key }\n\nfunc init() { used = append(used, first(pair[string, int]{\"a\", 1})) }\n"},
		{
			name: "below", dir: "plugins/below", use: []string{"example.com/below/lib lib.Word"}, require: []string{"example.com/below/lib v0.0.0"}, replace: []string{"example.com/below/lib => ../../lib"},
			files: map[string]string{"../../lib/go.mod": "module example.com/below/lib\n\ngo 1.25.0\n", "../../lib/lib.go": innerLib},
		},
		{name: "parts", use: []string{"example.com/otai-parts/internal/lib lib.Word"}, files: map[string]string{"internal/lib/lib.go": innerLib}, service: true},
		{name: "old-level", level: ">=1.0.0 <1.1.0", service: true},
		{
			name: "local-lib", use: []string{"example.com/shared/lib lib.Word"}, require: []string{"example.com/shared/lib v1.0.0"}, replace: []string{"example.com/shared/lib => ./lib"},
			files: map[string]string{"lib/go.mod": "module example.com/shared/lib\n\ngo 1.25.0\n", "lib/lib.go": innerLib}, brief: true,
		},
		{
			name: "other-lib", use: []string{"example.com/shared/lib lib.Word"}, require: []string{"example.com/shared/lib v1.0.0"}, replace: []string{"example.com/shared/lib => ./lib"},
			files:    map[string]string{"lib/go.mod": "module example.com/shared/lib\n\ngo 1.25.0\n", "lib/lib.go": innerLib + "\n// Number is another.\nfunc Number() int { return 1 }\n"},
			inTheWay: "otai_local_lib.so", unasked: true, brief: true,
		},
		{name: "vendored", vendor: true, require: []string{"github.com/cespare/xxhash/v2 v2.2.0"}, use: []string{"github.com/cespare/xxhash/v2 xxhash.Sum64String"}, inTheWay: "otai_fifteen.so"},
		{name: "runtime", require: []string{"github.com/yalue/onnxruntime_go v1.26.0"}, use: []string{"github.com/yalue/onnxruntime_go onnxruntime_go.IsInitialized"}, inTheWay: "otai_hf_local.so"},
		{name: "second", module: "example.com/otai-second/v2", require: []string{"github.com/sirupsen/logrus v1.9.0"}, use: []string{"github.com/sirupsen/logrus logrus.New"}, inTheWay: "otai_fifteen.so"},
		{
			name: "replaced", require: []string{"github.com/rivo/uniseg v0.4.7"}, replace: []string{"github.com/rivo/uniseg => github.com/rivo/uniseg v0.4.4"},
			use: []string{"github.com/rivo/uniseg uniseg.StringWidth"}, service: true, inTheWay: "otai_fifteen.so", unasked: true,
		},
	}
}

func (n neighbor) file() string { return "otai_" + strings.ReplaceAll(n.name, "-", "_") + ".so" }

// write returns the folder of its module.
func (n neighbor) write(t *testing.T) string {
	t.Helper()
	mod := "module " + n.module
	if n.module == "" {
		mod = "module example.com/otai-" + n.name
	}
	mod += "\n\ngo 1.25.0\n\nrequire github.com/open-ticket-ai/otai/pkg/api v1.0.0\n"
	for _, r := range n.require {
		mod += "require " + r + "\n"
	}
	for _, r := range append(n.replace, "github.com/open-ticket-ai/otai/pkg/api => "+filepath.Join(product.root, "pkg", "api")) {
		mod += "replace " + r + "\n"
	}
	var imports, used strings.Builder
	for _, u := range n.use {
		path, expression, _ := strings.Cut(u, " ")
		name, _, _ := strings.Cut(expression, ".")
		fmt.Fprintf(&imports, "\t%s %q\n", name, path)
		fmt.Fprintf(&used, "%s, ", expression)
	}
	service := ""
	if n.service {
		service = "\t\tapi.NewService(\"Thing\", \"A thing.\", func(struct{}, api.Host) (*thing, error) { return &thing{}, nil }),\n"
	}
	level := n.level
	if level == "" {
		level = ">=1.0.0 <2"
	}
	source := "package main\n\nimport (\n\t\"context\"\n" + imports.String() + "\n\t\"github.com/open-ticket-ai/otai/pkg/api\"\n)\n\n" +
		"var used = []any{" + used.String() + "}\n\ntype thing struct{}\n\n" + n.code +
		"\nfunc CreatePlugin(api.AppConfig) api.Plugin {\n\treturn api.NewPlugin(\n\t\tapi.Metadata{Name: \"otai-" + n.name + "\", Version: \"1.0.0\", API: \"" + level + "\", Description: \"A neighbor.\"},\n" +
		service + "\t\tapi.NewPipeFunc(\"CountPipe\", \"Counts.\", count).WithLabel(\"effect\", \"none\"),\n\t)\n}\n\n" +
		"func count(context.Context, struct{}, api.Scope) (api.PipeResult, error) {\n\treturn api.Success(map[string]any{\"value\": len(used)}), nil\n}\n\nfunc main() {}\n"
	files := map[string]string{filepath.Join(n.dir, "go.mod"): mod, filepath.Join(n.dir, "main.go"): source}
	for name, content := range n.files {
		files[filepath.Join(n.dir, name)] = content
	}
	dir := filepath.Join(writeFiles(t, files), n.dir)
	if n.vendor {
		typed(t, dir, "go mod tidy")
		typed(t, dir, "go mod vendor")
	}
	return dir
}

// author is the environment of somebody with a network that reaches the module proxy only.
func author(t *testing.T) []string {
	t.Helper()
	return environment(t, "PATH="+os.Getenv("PATH"), "GOPROXY="+goOutput(t, product.root, nil, "env", "GOPROXY"), "GONOSUMDB=*", "GOFLAGS=-mod=mod",
		"GOMODCACHE="+goOutput(t, product.root, nil, "env", "GOMODCACHE"), "GOCACHE="+goOutput(t, product.root, nil, "env", "GOCACHE"), "OTAI_PLUGIN_DIR=")
}

// typed runs a command as people would.
func typed(t *testing.T, dir, command string) {
	t.Helper()
	cmd := newCommand("sh", "-c", command)
	cmd.Dir, cmd.Env = dir, author(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// judgment is what check and build say in JSON.
type judgment struct {
	OK                      bool
	Code, Error, Fix, Other string
	Together                *struct {
		OK               bool
		Code, Other, Fix string
	}
	Beside []string
	Taken  []struct{ Module, Version, Wanted, By string }
}

// checked judges a file beside a folder, without running anything of it.
func checked(t *testing.T, file, folder string) judgment {
	t.Helper()
	out, code := runIn(t.TempDir(), author(t), "plugin", "check", "--static", "--json", "--with", folder, file)
	var answers []judgment
	if err := json.Unmarshal([]byte(out), &answers); err != nil || len(answers) != 1 || (code == 0) != answers[0].OK {
		t.Fatalf("check ended with %d: %v\n%s", code, err, out)
	}
	return answers[0]
}

// built builds a plugin and wants it to be fine alone.
func builtFor(t *testing.T, dir, into string, args ...string) judgment {
	t.Helper()
	out, code := runIn(into, author(t), slices.Concat([]string{"plugin", "build", "--json", dir, "-o", into}, args)...)
	var answer judgment
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 {
		t.Fatalf("build %v ended with %d: %v\n%s", args, code, err, out)
	}
	return answer
}

// TestThirdPartyPluginsStandBesideTheBundledOnes: each is built as if it were alone, and
// judged beside those that stand there; the one in its way is named before anything is
// opened, and what is said to cure it is typed. In the end all are in one process.
func TestThirdPartyPluginsStandBesideTheBundledOnes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(product.plugins)); err != nil {
		t.Fatal(err)
	}
	var steps strings.Builder
	for _, n := range neighbors() {
		if everyTime := n.name == "aa-limits"; !full() && !everyTime && (!n.brief || !ofEachCause()) {
			continue
		}
		t.Run(n.name, func(t *testing.T) { n.joins(t, folder) })
		fmt.Fprintf(&steps, "                - { id: %s, use: %s:CountPipe }\n", strings.ReplaceAll(n.name, "-", "_"), n.name)
	}
	config := writeFile(t, allOnce+steps.String())
	out, code := runIn(t.TempDir(), environment(t, "OTAI_PLUGIN_DIR="+folder), "run", "--once", "-c", config)
	if code != 0 || strings.Contains(out, "refused") || strings.Contains(out, "rejected") {
		t.Errorf("all in one process: exit code %d\n%s", code, out)
	}
	out, _ = runIn(t.TempDir(), environment(t), "plugin", "list", "--plugin-dir", folder)
	if strings.Contains(out, "rejected") {
		t.Errorf("not all are loaded:\n%s", out)
	}
}

const allOnce = `
orchestrator:
  params:
    steps:
      - use: base:SimpleSequentialRunner
        params:
          on: { use: base:IntervalTrigger, params: { interval: PT0S } }
          run:
            use: base:CompositePipe
            params:
              steps:
`

func (n neighbor) joins(t *testing.T, folder string) {
	dir, scratch := n.write(t), t.TempDir()
	file := filepath.Join(scratch, n.file())
	if answer := builtFor(t, dir, scratch, "--alone"); answer.Together != nil {
		t.Errorf("alone, and yet beside %v", answer.Beside)
	}
	judged := checked(t, file, folder)
	if other := filepath.Base(judged.Other); judged.OK != (n.inTheWay == "") || !judged.OK && other != n.inTheWay {
		t.Fatalf("in its way is %q, want %q: %s %s", other, n.inTheWay, judged.Code, judged.Error)
	}
	if !judged.OK && !n.unasked {
		n.typesTheVersion(t, judged.Fix, folder)
		if !strings.Contains(judged.Fix, "otai plugin build DIR") {
			t.Errorf("the other cure isn't named: %s", judged.Fix)
		}
	}
	answer := builtFor(t, dir, folder, "--with", folder)
	if n.name == "other-lib" {
		if answer.Together.OK || filepath.Base(answer.Together.Other) != n.inTheWay || !strings.Contains(answer.Together.Fix, "the same sources") {
			t.Fatalf("beside another lib of that name: %+v", answer.Together)
		}
		typed(t, dir, "printf '%s' '"+strings.ReplaceAll(innerLib, "'", "")+"' > lib/lib.go")
		answer = builtFor(t, dir, folder, "--with", folder)
	}
	if !answer.Together.OK {
		t.Errorf("beside the others: %+v", answer.Together)
	}
}

// typesTheVersion does in the plugin's folder what the judgment asks for.
func (n neighbor) typesTheVersion(t *testing.T, fix, folder string) {
	t.Helper()
	_, command, ok := strings.Cut(fix, "in the plugin's folder: ")
	command, _, cut := strings.Cut(command, ", then build it again")
	if !ok || !cut {
		t.Fatalf("no command is in this: %s", fix)
	}
	dir, scratch := n.write(t), t.TempDir()
	typed(t, dir, command)
	builtFor(t, dir, scratch, "--alone")
	if judged := checked(t, filepath.Join(scratch, n.file()), folder); !judged.OK {
		t.Errorf("after %s: %s", command, judged.Error)
	}
}

// newHash links what only the later version has.
var newHash = neighbor{name: "newer-hash", require: []string{"github.com/cespare/xxhash/v2 v2.3.0"}, use: []string{"github.com/cespare/xxhash/v2 xxhash.NewWithSeed"}}

// TestWhoNeedsALaterVersionThanOneBesideItHasIsToldWhatToDo: each cure that the build
// names is typed.
func TestWhoNeedsALaterVersionThanOneBesideItHasIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	first := neighbor{name: "hash", require: []string{"github.com/cespare/xxhash/v2 v2.2.0"}, use: []string{"github.com/cespare/xxhash/v2 xxhash.Sum64String"}}
	folder, firstDir, dir := t.TempDir(), first.write(t), newHash.write(t)
	builtFor(t, firstDir, folder, "--with", folder)
	into := t.TempDir()
	out, code := runIn(into, author(t), "plugin", "build", dir, "--with", folder)
	for _, want := range []string{"github.com/cespare/xxhash/v2 v2.2.0 was taken, because otai_hash.so links it; the plugin asks for v2.3.0", "otai plugin build --alone", "NewWithSeed"} {
		if code != 1 || !strings.Contains(out, want) {
			t.Fatalf("exit code %d, want 1 and %q\n%s", code, want, out)
		}
	}

	// For hosts without the other one.
	builtFor(t, dir, into, "--alone")
	if judged := checked(t, filepath.Join(into, newHash.file()), folder); judged.OK || filepath.Base(judged.Other) != "otai_hash.so" {
		t.Errorf("the one in the way isn't named: %+v", judged)
	}
	// Written for what was taken: the command, and then other code.
	older := newHash
	older.use = first.use
	dir = older.write(t)
	typed(t, dir, between(t, out, "what was taken: ", ";"))
	if answer := builtFor(t, dir, t.TempDir(), "--with", folder); !answer.Together.OK {
		t.Errorf("written for v2.2.0: %+v", answer.Together)
	}
	// With a copy of its own.
	own := newHash
	own.use, own.require = []string{"example.com/otai-newer-hash/internal/xxhash xxhash.NewWithSeed"}, nil
	dir = own.write(t)
	cache := filepath.Join(goOutput(t, product.root, nil, "env", "GOMODCACHE"), "github.com", "cespare", "xxhash", "v2@v2.3.0")
	typed(t, dir, "mkdir -p internal/xxhash && cp "+cache+"/*.go "+cache+"/*.s internal/xxhash && rm internal/xxhash/*_test.go && chmod -R u+w internal")
	if answer := builtFor(t, dir, t.TempDir(), "--with", folder); !answer.Together.OK {
		t.Errorf("with a copy of its own: %+v", answer.Together)
	}
	// The other one anew, and then this one.
	typed(t, firstDir, between(t, out, "in its folder: ", ";"))
	builtFor(t, firstDir, folder, "--with", folder)
	if answer := builtFor(t, newHash.write(t), folder, "--with", folder); !answer.Together.OK {
		t.Errorf("beside the other one, built anew: %+v", answer.Together)
	}
}

// between returns what stands in a text after one mark and before the next of another.
func between(t *testing.T, text, begin, end string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, begin)
	found, _, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("nothing is between %q and %q in:\n%s", begin, end, text)
	}
	return found
}

// TestTheBundledPluginsStayWhateverIsPutBesideThem: a plugin that comes before them by its
// name can't keep them out, unless the configuration says so.
func TestTheBundledPluginsStayWhateverIsPutBesideThem(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(product.plugins)); err != nil {
		t.Fatal(err)
	}
	limits := neighbor{name: "aa-limits", require: []string{"golang.org/x/time v0.14.0"}, use: []string{"golang.org/x/time/rate rate.Every"}}
	builtFor(t, limits.write(t), folder, "--alone")
	config := writeFile(t, "plugins: [ { name: otai-aa-limits } ]\n"+minimal)
	for _, c := range []struct {
		name    string
		args    []string
		refused string
	}{
		{"nothing is said", nil, "otai_aa_limits"},
		{"it is named", []string{"-c", config}, "otai_otobo_znuny"},
	} {
		out, _ := runIn(t.TempDir(), environment(t), slices.Concat([]string{"plugin", "list", "--plugin-dir", folder}, c.args)...)
		for _, name := range []string{"otai_aa_limits", "otai_hf_local", "otai_otobo_znuny"} {
			if line := lineWith(out, name); strings.Contains(line, "package-conflict") != (name == c.refused) {
				t.Errorf("%s: %s", c.name, line)
			}
		}
		// What is said of a file is what becomes of it at the start.
		for _, static := range []string{"--static=true", "--static=false"} {
			for file, other := range map[string]string{"otai_otobo_znuny": "otai_aa_limits", "otai_aa_limits": "otai_otobo_znuny"} {
				args := slices.Concat([]string{"plugin", "check", static, "--plugin-dir", folder, filepath.Join(folder, file+".so")}, c.args)
				out, code := runIn(t.TempDir(), environment(t), args...)
				want, exit := other+".so, which is loaded after it, would be refused because of it", 0
				if file == c.refused {
					want, exit = other+".so is in the way", 3
				}
				if code != exit || !strings.Contains(out, want) {
					t.Errorf("%s, %s, %s: exit code %d, want %d and %q\n%s", c.name, static, file, code, exit, want, out)
				}
			}
		}
	}
}

const minimal = "orchestrator: { params: { steps: [] } }\n"

// TestTheFoldersInForceAreThoseOfTheConfiguration: by -c, by --plugin-dir and by the usual
// file; the plugin that is replaced doesn't count.
func TestTheFoldersInForceAreThoseOfTheConfiguration(t *testing.T) {
	t.Parallel()
	folder, scratch, work := t.TempDir(), t.TempDir(), t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(product.plugins)); err != nil {
		t.Fatal(err)
	}
	limits := neighbor{name: "limits", require: []string{"golang.org/x/time v0.14.0"}, use: []string{"golang.org/x/time/rate rate.Every"}}
	builtFor(t, limits.write(t), scratch, "--alone")
	file := filepath.Join(scratch, limits.file())
	content := "plugin_dirs: [ " + folder + " ]\n" + minimal
	disabled := "plugins: [ { name: otobo-znuny, enabled: false } ]\n"
	if err := os.WriteFile(filepath.Join(work, "config.yml"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir  string
		args []string
		code int
	}{
		"-c":                        {scratch, []string{"-c", writeFile(t, content)}, 3},
		"config.yml":                {work, nil, 3},
		"--plugin-dir":              {scratch, []string{"--plugin-dir", folder}, 3},
		"no configuration":          {scratch, []string{"--plugin-dir", t.TempDir()}, 0},
		"--alone":                   {work, []string{"--alone"}, 0},
		"--with":                    {work, []string{"--with", t.TempDir()}, 0},
		"--with nowhere":            {work, []string{"--with", "nowhere"}, 2},
		"the other one is disabled": {scratch, []string{"-c", writeFile(t, disabled+content)}, 0},
		"both":                      {work, []string{"--alone", "--with", folder}, 2},
	} {
		for _, static := range []string{"--static=true", "--static=false"} {
			out, code := runIn(c.dir, author(t), slices.Concat([]string{"plugin", "check", static, file}, c.args)...)
			if code != c.code || c.code == 3 && !strings.Contains(out, "otai_otobo_znuny.so is in the way") {
				t.Errorf("%s, %s: exit code %d, want %d\n%s", name, static, code, c.code, out)
			}
		}
	}
	out, code := runIn(t.TempDir(), author(t), "plugin", "check", filepath.Join(folder, "otai_otobo_znuny.so"), "--with", folder)
	if code != 0 || strings.Count(out, ": ok") != 2 {
		t.Errorf("a file where it stands: exit code %d\n%s", code, out)
	}
}
