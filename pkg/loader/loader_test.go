package loader_test

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestAGoodPluginIsLoadedAndDescribed(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so", "readme.txt": "no plugin", "other.so": "no plugin"})
	r := host(t, dir)
	r.goodPluginWorks(t)
	sum := sha256.Sum256(read(t, "otai_zz_good.so"))
	got := r.plugin(t, "otai_zz_good.so")
	if got.Duration <= 0 {
		t.Error("its duration is missing")
	}
	got.Duration, got.Offers = 0, nil // the offers have a test of their own
	want := outcome{
		Name: "otai-zz-good", Package: "otai_zz_good", Prefix: "zz-good", Path: filepath.Join(dir, "otai_zz_good.so"),
		Version: "1.2.3", API: ">=1.0.0 <2", Description: "Greets.",
		SHA256: hex.EncodeToString(sum[:]), Size: int64(len(read(t, "otai_zz_good.so"))),
		Status: loader.Loaded, Injectables: []string{"zz-good:GreetPipe", "zz-good:Greeter"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(r.Plugins) != 1 {
		t.Errorf("%d files reported, want 1", len(r.Plugins))
	}
	if diff := cmp.Diff([]string{"zz-good:GreetPipe", "zz-good:Greeter"}, r.Names); diff != "" {
		t.Error(diff)
	}
}

// Each bad file is in a folder with the good plugin, which comes after it.
func TestABadPluginIsRefusedWithItsReasonAndTheNextOneLoads(t *testing.T) {
	good := read(t, "otai_zz_good.so")
	otherArch := slices.Clone(good)
	binary.LittleEndian.PutUint16(otherArch[18:], uint16(elf.EM_S390))
	tests := []struct {
		name    string
		file    string // name in the folder; with "otai_" and ".so" added
		content string // as in folder; "" is the built plugin of that name
		stage   loader.Stage
		code    loader.Code
		says    []string
	}{
		{"no factory", "no_factory", "", "preflight", "missing-symbol", []string{"no CreatePlugin", "exports Createplugin", "write in package main: func CreatePlugin(cfg api.AppConfig) api.Plugin"}},
		{"factory of another type", "other_signature", "", "preflight", "wrong-symbol-type", []string{
			"func(github.com/open-ticket-ai/otai/pkg/api.AppConfig) (github.com/open-ticket-ai/otai/pkg/api.Plugin, error)",
			"func(github.com/open-ticket-ai/otai/pkg/api.AppConfig) github.com/open-ticket-ai/otai/pkg/api.Plugin is wanted",
			"declare it in package main as: func CreatePlugin",
		}},
		{"factory is a variable", "variable", "", "preflight", "wrong-symbol-type", []string{"is a variable", "func CreatePlugin"}},
		{"for the next API", "api_2", "", "admit", "api-incompatible", []string{`needs api "^2.0", this host offers 1.0.0`, "use a host"}},
		{"for a newer API level", "api_1_3", "", "admit", "api-incompatible", []string{`needs api ">=1.3", this host offers 1.0.0`}},
		{"constraint that can't be read", "api_unreadable", "", "probe", "bad-metadata", []string{"about one", "write it like"}},
		{"no name", "no_name", "", "probe", "bad-metadata", []string{"no name", `set it to "otai-no-name"`}},
		{"name of another", "other_name", "", "probe", "bad-metadata", []string{"otai-somebody-else", "otai-other-name", "otai_somebody_else.so"}},
		{"version is none", "bad_version", "", "probe", "bad-metadata", []string{`"1.x"`, `"1.2.0"`}},
		{"panic in init", "init_panics", "", "probe", "init-panic", []string{"registered twice: dep", "init_panics/main.go:", "move what can fail"}},
		{"panic in the factory", "factory_panics", "", "probe", "factory-panic", []string{"no license key", "factory_panics/main.go:", "fix the plugin"}},
		{"factory ends its goroutine", "factory_exits", "", "probe", "factory-panic", []string{"Goexit"}},
		{"panic in a method", "metadata_panics", "", "probe", "factory-panic", []string{"nil map", "metadata_panics/main.go:"}},
		{"factory returns nil", "returns_nil", "", "probe", "nil-plugin", []string{"returned nil", "api.NewPlugin"}},
		{"factory returns a nil pointer", "typed_nil", "", "probe", "nil-plugin", []string{"a nil *", "typed_nil.shop"}},
		{"exit in init", "init_exits", "", "probe", "probe-crashed", []string{"exit status 7", "packages were initialized", "no license found", "remove what ends"}},
		{"exit with status 0 in init", "init_exits_well", "", "probe", "probe-crashed", []string{"exit status 0", "packages were initialized"}},
		{"log.Fatal in init", "init_fatal", "", "probe", "probe-crashed", []string{"exit status 1", "can't find the license server"}},
		{"stack overflow in init", "init_overflows", "", "probe", "probe-crashed", []string{"exit status 2", "goroutine stack exceeds"}},
		{"killed in init", "init_signals", "", "probe", "probe-crashed", []string{"was killed, or closed the descriptor"}},
		{"exit in the factory", "factory_ends_process", "", "probe", "probe-crashed", []string{"exit status 3", "CreatePlugin", "not to my taste"}},
		{"wrong injectables", "bad_injectables", "", "probe", "bad-injectable", []string{`1 ("Literal")`, "no build function", `2 ("")`, `3 ("with:separator")`, `4 ("Undescribable")`, "chan int", "correct this"}},
		{"a name twice", "twice", "", "admit", "duplicate-injectable", []string{`"twice:Same"`, "another name"}},
		{"needs a library that is not there", "missing_library", "", "preflight", "missing-library", []string{"libotaizoo.so", "install the library"}},
		{"without -trimpath", "no_trimpath", "", "preflight", "build-settings", []string{"without -trimpath", "go build -trimpath -buildmode=plugin"}},
		{"other contract", "new_api", "", "preflight", "package-mismatch", []string{"github.com/open-ticket-ai/otai/pkg/api", "require"}},
		{"Go executable", "executable", "", "preflight", "not-a-go-plugin", []string{"-buildmode=exe", "otai plugin build DIR"}},
		{"text", "text", strings.Repeat("This is not a plugin.\n", 10), "preflight", "not-elf", []string{"This is not a plugin", "build it"}},
		{"short text", "short", "x", "preflight", "not-elf", []string{`"x"`}},
		{"zero bytes", "empty", "", "preflight", "not-elf", []string{"empty", "build it from its sources: otai plugin build DIR"}},
		{"other processor", "arch", string(otherArch), "preflight", "wrong-arch", []string{"EM_S390", "GOARCH="}},
		{"dangling link", "dangling", "link:nowhere.so", "discover", "unreadable", []string{"nowhere.so", "no such file", "remove"}},
		{"link to itself", "loop", "link:otai_loop.so", "discover", "unreadable", []string{"too many levels"}},
		{"characters that a configuration can't name", "a:b", "x", "discover", "bad-metadata", []string{"letters and digits", "otai_my_plugin.so"}},
		{"no name after otai_", "", "x", "discover", "bad-metadata", []string{"letters and digits"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := "otai_" + test.file + ".so"
			if test.content == "" && test.file != "empty" {
				test.content = "zoo:" + file
			}
			r := host(t, folder(t, map[string]string{file: test.content, "otai_zz_good.so": "zoo:otai_zz_good.so"}))
			p := r.plugin(t, file)
			if p.Status != loader.Rejected || p.Stage != test.stage || p.Code != test.code {
				t.Errorf("%s at %s (%s), want rejected at %s (%s): %s", p.Status, p.Stage, p.Code, test.stage, test.code, p.Message)
			}
			for _, part := range append(test.says, file) {
				if !strings.Contains(p.Message, part) {
					t.Errorf("the message lacks %q: %s", part, p.Message)
				}
			}
			if slices.ContainsFunc(r.Names, func(name string) bool { return !strings.HasPrefix(name, "zz-good:") }) {
				t.Errorf("something of it was registered: %q", r.Names)
			}
			r.goodPluginWorks(t)
		})
	}
}

// The dynamic linker dies by SIGBUS on most of these.
func TestATruncatedFileIsRefusedWhereverItWasCut(t *testing.T) {
	good := string(read(t, "otai_zz_good.so"))
	files := map[string]string{"otai_zz_good.so": good}
	size := len(good)
	for n, length := range []int{4, 5, 20, 63, 64, 1000, 4096, size / 10, size / 4, size / 2, size * 3 / 4, size - 4096, size - 1} {
		files[fmt.Sprintf("otai_cut_%d.so", n)] = good[:length]
	}
	r := host(t, folder(t, files))
	r.goodPluginWorks(t)
	for _, p := range r.Plugins {
		if p.Name == "otai-zz-good" {
			continue
		}
		if p.Code != loader.CodeTruncated || p.Stage != loader.StagePreflight || !strings.Contains(p.Message, "incomplete") || p.Fix == "" {
			t.Errorf("%d bytes: %s", p.Size, p.Message)
		}
	}
	if len(r.Plugins) != len(files) {
		t.Errorf("%d reports, want %d", len(r.Plugins), len(files))
	}
}

func TestACLibraryIsRefusedAlsoAsTheFirstFile(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so"})
	library, err := os.ReadFile(filepath.Join(zoo.dir, "zoo", "missing_library", "libotaizoo.so"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "otai_library.so"), library, 0o600); err != nil {
		t.Fatal(err)
	}
	r := host(t, dir)
	if p := r.plugin(t, "otai_library.so"); p.Code != loader.CodeNotAGoPlugin || !strings.Contains(p.Message, "not built by Go") {
		t.Errorf("%s", p.Message)
	}
	r.goodPluginWorks(t)
}

func TestAFolderNamedLikeAPluginIsRefused(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so"})
	if err := os.Mkdir(filepath.Join(dir, "otai_folder.so"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := host(t, dir)
	if p := r.plugin(t, "otai_folder.so"); p.Code != loader.CodeNotRegularFile || !strings.Contains(p.Message, "is a folder") {
		t.Errorf("%s", p.Message)
	}
	r.goodPluginWorks(t)
}

func TestALinkToAPluginIsFollowed(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "link:" + filepath.Join(zoo.dir, "otai_zz_good.so")})
	host(t, dir).goodPluginWorks(t)
}

func TestAPluginBuiltFromAListOfFilesLoads(t *testing.T) {
	host(t, folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_files.so"})).goodPluginWorks(t)
}

func TestAPluginLoadsInAHostOfAHigherAPILevel(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so", "otai_api_1_3.so": "zoo:otai_api_1_3.so"})
	for level, status := range map[string]loader.Status{"1.1.0": loader.Rejected, "1.3.0": loader.Loaded, "1.7.2": loader.Loaded} {
		r := host(t, "-api", level, dir)
		r.goodPluginWorks(t)
		if p := r.plugin(t, "otai_api_1_3.so"); p.Status != status {
			t.Errorf("at level %s a plugin that needs >=1.3 is %s: %s", level, p.Status, p.Message)
		}
	}
	r := host(t, "-api", "1.1.0", dir)
	if p := r.plugin(t, "otai_api_1_3.so"); !strings.Contains(p.Message, `needs api ">=1.3", this host offers 1.1.0`) {
		t.Error(p.Message)
	}
}

func TestTheConfigurationChoosesVersionsAndSwitchesPluginsOff(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so"})
	tests := []struct {
		name   string
		args   []string
		status loader.Status
		code   loader.Code
		says   []string
	}{
		{"a version that fits", []string{"-policy", `{"Name":"otai-zz-good","Version":"^1.2"}`}, loader.Loaded, "", nil},
		{"a constraint on another plugin", []string{"-policy", `{"Name":"otai-other","Version":"^9"}`}, loader.Loaded, "", nil},
		{"a version that doesn't fit", []string{"-policy", `{"Name":"otai_zz_good","Version":">=2"}`}, loader.Rejected, "version-constraint", []string{`">=2"`, "1.2.3", "install"}},
		{"a constraint that can't be read", []string{"-policy", `{"Name":"otai-zz-good","Version":"new"}`}, loader.Rejected, "version-constraint", []string{`"new"`, "write it like"}},
		{"switched off", []string{"-policy", `{"Name":"otai-zz-good","Disabled":true}`}, loader.Disabled, "disabled", []string{"switched off", "enable it"}},
		{"switched off, by the file's name", []string{"-policy", `{"Name":"otai_zz_good","Disabled":true}`}, loader.Disabled, "disabled", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := host(t, append(test.args, dir)...).plugin(t, "otai_zz_good.so")
			if p.Status != test.status || p.Code != test.code {
				t.Errorf("%s (%s), want %s (%s): %s", p.Status, p.Code, test.status, test.code, p.Message)
			}
			for _, part := range test.says {
				if !strings.Contains(p.Message, part) {
					t.Errorf("the message lacks %q: %s", part, p.Message)
				}
			}
		})
	}
}

func TestAPluginThatBlocksTheHostInSpiteOfAGoodResultIsGivenUp(t *testing.T) {
	t.Setenv("XDG_ZOO_FOLDER", t.TempDir())
	r := host(t, "-timeout", "500ms", folder(t, map[string]string{
		"otai_factory_blocks_in_host.so": "zoo:otai_factory_blocks_in_host.so", "otai_zz_good.so": "zoo:otai_zz_good.so",
	}))
	p := r.plugin(t, "otai_factory_blocks_in_host.so")
	if p.Stage != loader.StageOpen || p.Code != loader.CodeProbeTimeout || !strings.Contains(p.Message, "CreatePlugin did not come to an end within 500ms") || len(p.Injectables) > 0 {
		t.Errorf("%s %s: %s", p.Stage, p.Code, p.Message)
	}
	r.goodPluginWorks(t)
}

func TestAPluginThatSharesAPackageWithAFailedOneIsRefused(t *testing.T) {
	t.Setenv("XDG_ZOO_FOLDER", t.TempDir())
	r := host(t, folder(t, map[string]string{
		"otai_init_panics_in_host.so": "zoo:otai_init_panics_in_host.so", "otai_needs_dep.so": "zoo:otai_needs_dep.so", "otai_zz_good.so": "zoo:otai_zz_good.so",
	}))
	if p := r.plugin(t, "otai_init_panics_in_host.so"); p.Stage != loader.StageOpen || p.Code != loader.CodeInitPanic || !strings.Contains(p.Message, "opened twice: dep") {
		t.Errorf("%s", p.Message)
	}
	p := r.plugin(t, "otai_needs_dep.so")
	if p.Code != loader.CodeTainted || !strings.Contains(p.Message, "example.com/zoo/dep") || !strings.Contains(p.Message, "otai_init_panics_in_host.so") || p.Fix != "fix or remove that plugin, then start again" {
		t.Errorf("%s", p.Message)
	}
	r.goodPluginWorks(t)
	alone := host(t, folder(t, map[string]string{"otai_needs_dep.so": "zoo:otai_needs_dep.so"}))
	if p := alone.plugin(t, "otai_needs_dep.so"); p.Status != loader.Loaded {
		t.Errorf("alone it should load: %s", p.Message)
	}
}

func TestOfTwoPluginsWithDifferentVersionsOfAPackageTheFirstLoads(t *testing.T) {
	dir := folder(t, map[string]string{
		"otai_needs_dep.so": "zoo:otai_needs_dep.so", "otai_needs_new_dep.so": "zoo:otai_needs_new_dep.so", "otai_zz_good.so": "zoo:otai_zz_good.so",
	})
	for _, order := range [][2]string{{"otai_needs_dep", "otai_needs_new_dep"}, {"otai_needs_new_dep", "otai_needs_dep"}} {
		r := host(t, append(inOrder(order[:]...), dir)...)
		if p := r.plugin(t, order[0]+".so"); p.Status != loader.Loaded {
			t.Errorf("%s", p.Message)
		}
		p := r.plugin(t, order[1]+".so")
		if p.Code != loader.CodePackageConflict || !strings.Contains(p.Message, order[0]+".so") || !strings.Contains(p.Message, "example.com/zoo/dep") {
			t.Errorf("%s", p.Message)
		}
		r.goodPluginWorks(t)
	}
}

func TestThePluginOfAnotherFileIsNotOpenedTwice(t *testing.T) {
	for name, other := range map[string]string{"the same content": "zoo:otai_zz_good.so", "the same import path": "zoo:otai_same_path.so"} {
		t.Run(name, func(t *testing.T) {
			r := host(t, folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so", "otai_zzz_same.so": other}))
			r.goodPluginWorks(t)
			p := r.plugin(t, "otai_zzz_same.so")
			if p.Code != loader.CodePluginPathInUse || !strings.Contains(p.Message, "otai_zz_good.so") || !strings.Contains(p.Message, "remove one") {
				t.Errorf("%s", p.Message)
			}
		})
	}
}

func TestAllBadPluginsTogetherLeaveTheGoodOneAlone(t *testing.T) {
	t.Setenv("XDG_ZOO_FOLDER", t.TempDir())
	built, err := filepath.Glob(filepath.Join(zoo.dir, "otai_*.so"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"otai_text.so": "text", "otai_cut.so": string(read(t, "otai_zz_good.so")[:100_000])}
	for _, path := range built {
		files[filepath.Base(path)] = "zoo:" + filepath.Base(path)
	}
	// The same plugin by another path: it comes first and would take the good one's place.
	delete(files, "otai_files.so")
	delete(files, "otai_same_path.so")
	r := host(t, "-timeout", "2s", folder(t, files))
	r.goodPluginWorks(t)
	for _, p := range r.Plugins {
		if p.Status == loader.Rejected && (p.Code == "" || p.Fix == "") {
			t.Errorf("no remedy: %s", p.Message)
		}
	}
	if len(r.Plugins) != len(files) {
		t.Errorf("%d reports, want %d", len(r.Plugins), len(files))
	}
}

// A second plugin.Open of a file whose init panicked would never return.
func TestLoadingAgainGivesTheSameAnswers(t *testing.T) {
	r := host(t, "-again", folder(t, map[string]string{
		"otai_init_panics.so": "zoo:otai_init_panics.so", "otai_zz_good.so": "zoo:otai_zz_good.so", "otai_text.so": "text",
	}))
	for n := range r.Plugins {
		first, again := r.Plugins[n], r.Again[n]
		first.Duration, again.Duration = 0, 0
		if diff := cmp.Diff(first, again, cmpopts.IgnoreUnexported(params.Spec{})); diff != "" {
			t.Error(diff)
		}
	}
	if len(r.Again) != 3 {
		t.Errorf("%d reports, want 3", len(r.Again))
	}
}

func TestAHostThatCannotOpenPluginsSaysSo(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so"})
	for binary, reason := range map[string]string{"testhost-no-cgo": "CGO_ENABLED=0", "testhost-internal": "-linkmode=internal"} {
		output, err := exec.CommandContext(t.Context(), filepath.Join(zoo.dir, binary), "-state", t.TempDir(), dir).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", binary, err, output)
		}
		if !strings.Contains(string(output), "can't open plugins") || !strings.Contains(string(output), reason) {
			t.Errorf("%s says %s", binary, output)
		}
	}
}

func TestAStateFolderThatCannotHoldPluginsStopsAll(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so"})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"", file} {
		r := host(t, "-state", state, dir)
		if !strings.Contains(r.Error, "state-dir") || !strings.Contains(r.Error, "--state-dir") || len(r.Names) > 0 {
			t.Errorf("state folder %q: %s", state, r.Error)
		}
	}
}

// Writing to a file whose code is mapped kills the process that runs it.
func TestAPluginFileCanBeOverwrittenWhileItRuns(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "otai_zz_good.so"), read(t, "otai_zz_good.so"), 0o600); err != nil {
		t.Fatal(err)
	}
	host(t, "-overwrite", dir).goodPluginWorks(t)
}
