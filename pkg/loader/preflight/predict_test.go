package preflight_test

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

const noOptimization = "-gcflags=all=-N -l"

// Every plugin is checked against every host. What isn't core takes minutes to
// build, as most flags mean that the standard library is compiled anew.
var hosts = []build{
	{name: "host-trimpath", pkg: "host", flags: []string{"-trimpath"}, core: true},
	{name: "host-plain", pkg: "host", core: true},
	{name: "host-stripped-pie", pkg: "host", flags: []string{"-trimpath", "-buildmode=pie", "-ldflags=-s -w"}, core: true},
	{name: "host-other-dep", pkg: "host", flags: []string{"-trimpath", "-modfile=other.mod"}, core: true},
	{name: "host-bare", pkg: "host", flags: []string{"-trimpath", "-tags=bare"}, core: true},
	{name: "host-race", pkg: "host", flags: []string{"-trimpath", "-race"}},
	{name: "host-cover", pkg: "host", flags: []string{"-trimpath", "-cover"}},
	{name: "host-no-optimization", pkg: "host", flags: []string{"-trimpath", noOptimization}},
	{name: "host-tags", pkg: "host", flags: []string{"-trimpath", "-tags=matters"}},
	{name: "host-pgo", pkg: "host", flags: []string{"-trimpath", "-pgo=DIR/cpu.pgo"}},
	{name: "host-experiment", pkg: "host", flags: []string{"-trimpath"}, env: []string{"GOEXPERIMENT=arenas"}},
	{name: "host-older-minor", pkg: "host", flags: []string{"-trimpath"}, release: "go1.25.5"},
	{name: "host-older-patch", pkg: "host", flags: []string{"-trimpath"}, release: "go1.26.0"},
}

var plugins = []build{
	{name: "trimpath.so", pkg: "plug", flags: []string{"-trimpath"}, core: true},
	{name: "plain.so", pkg: "plug", core: true},
	{name: "stripped.so", pkg: "plug", flags: []string{"-trimpath", "-ldflags=-s -w"}, core: true},
	{name: "main-only.so", pkg: "plug", flags: []string{"-trimpath", "-gcflags=-N -l"}, core: true},
	{name: "harmless-tags.so", pkg: "plug", flags: []string{"-trimpath", "-tags=harmless"}, core: true},
	{name: "tags.so", pkg: "plug", flags: []string{"-trimpath", "-tags=matters"}, core: true},
	{name: "other-dep.so", pkg: "plug", flags: []string{"-trimpath", "-modfile=other.mod"}, core: true},
	{name: "own-path.so", pkg: "plug", flags: []string{"-trimpath", "-gcflags=-p=own/path", "-ldflags=-pluginpath=own/path"}, core: true},
	{name: "other-dep-own-path.so", pkg: "plug", flags: []string{"-trimpath", "-modfile=other.mod", "-gcflags=-p=own/path", "-ldflags=-pluginpath=own/path"}, core: true},
	{name: "variable.so", pkg: "vari", flags: []string{"-trimpath"}, core: true},
	{name: "other-type.so", pkg: "othertype", flags: []string{"-trimpath"}, core: true},
	{name: "no-main.so", pkg: "nomain", flags: []string{"-trimpath"}, core: true},
	{name: "no-factory.so", pkg: "nofactory", flags: []string{"-trimpath"}, core: true},
	{name: "missing-library.so", pkg: "needsc", flags: []string{"-trimpath"}, env: []string{"CGO_LDFLAGS=-LDIR/c -lzzz"}, core: true},
	{name: "library-by-runpath.so", pkg: "needsc", flags: []string{"-trimpath"}, env: []string{"CGO_LDFLAGS=-LDIR/c -lpresent -Wl,-rpath,$ORIGIN/../c"}, core: true},
	{name: "undefined-function.so", pkg: "needsc", flags: []string{"-trimpath"}, env: []string{"CGO_LDFLAGS=-Wl,--unresolved-symbols=ignore-all"}, core: true},
	{name: "c-shared.so", pkg: "plug", flags: []string{"-trimpath", "-buildmode=c-shared"}, core: true},
	{name: "executable.so", pkg: "plug", flags: []string{"-trimpath", "-buildmode=exe"}, core: true},
	{name: "race.so", pkg: "plug", flags: []string{"-trimpath", "-race"}},
	{name: "asan.so", pkg: "plug", flags: []string{"-trimpath", "-asan"}},
	{name: "cover.so", pkg: "plug", flags: []string{"-trimpath", "-cover"}},
	{name: "no-optimization.so", pkg: "plug", flags: []string{"-trimpath", noOptimization}},
	{name: "pgo.so", pkg: "plug", flags: []string{"-trimpath", "-pgo=DIR/cpu.pgo"}},
	{name: "experiment.so", pkg: "plug", flags: []string{"-trimpath"}, env: []string{"GOEXPERIMENT=arenas"}},
	{name: "cgo-cflags.so", pkg: "plug", flags: []string{"-trimpath"}, env: []string{"CGO_CFLAGS=-O0 -g"}},
	{name: "older-minor.so", pkg: "plug", flags: []string{"-trimpath"}, release: "go1.25.5"},
	{name: "older-patch.so", pkg: "plug", flags: []string{"-trimpath"}, release: "go1.26.0"},
	{name: "older-minor-race.so", pkg: "plug", flags: []string{"-trimpath", "-race"}, release: "go1.25.5"},
}

// policies are all the reasons to refuse a file that plugin.Open would take.
var policies = []struct {
	code   preflight.Code
	files  []string // nil: all
	reason string
}{
	{preflight.GoVersion, nil, "another release's module data may be laid out otherwise, and then plugin.Open dies or hangs"},
	{preflight.Truncated, []string{"no-section-table.so", "cut-7.so", "cut-8.so", "cut-9.so"}, "what is mapped is there, but a file whose end is missing was not copied whole"},
	{preflight.NoMain, []string{"no-main.so"}, "Go's specification wants a function main, and the next release may, too"},
	{preflight.WrongSymbolType, []string{"variable.so"}, "a variable can be changed by whoever holds it; a host asks for a function"},
}

// twisted are whole files in which a number was changed, which the dynamic linker
// refuses, or, more often, trusts until it dies.
var twisted = map[string]func(content []byte) error{
	"other-processor.so":    number(18, 2, uint64(elf.EM_S390)),
	"object-file.so":        number(16, 2, uint64(elf.ET_REL)),
	"other-system.so":       number(elf.EI_OSABI, 1, uint64(elf.ELFOSABI_SOLARIS)),
	"padding.so":            number(elf.EI_PAD+3, 1, 1),
	"later-version.so":      number(20, 4, 1<<24+1),
	"segment-unaligned.so":  segment(elf.PT_LOAD, 8, 1),
	"segment-far-away.so":   segment(elf.PT_LOAD, 16, 1<<56),
	"segment-too-large.so":  segment(elf.PT_LOAD, 40, 1<<62),
	"segment-unreadable.so": segment(elf.PT_LOAD, 4, 0),
	"no-dynamic-table.so":   segment(elf.PT_DYNAMIC, 0, uint64(elf.PT_NULL)),
	"dynamic-table-off.so":  segment(elf.PT_DYNAMIC, 16, 8),
	"relro-nowhere.so":      segment(elf.PT_GNU_RELRO, 16, 1<<40),
	"no-hash-table.so":      entry(elf.DT_GNU_HASH, 0, 0x6ffffe00),
	"symbols-nowhere.so":    entry(elf.DT_SYMTAB, 8, 1<<60),
	"names-elsewhere.so":    entry(elf.DT_STRTAB, 8, 1<<60),
	"relocations-end.so":    entry(elf.DT_RELASZ, 8, 1<<62),
	"no-relocation-size.so": entry(elf.DT_RELAENT, 0, 0x6ffffe00),
	"may-not-be-opened.so":  entry(elf.DT_FLAGS_1, 8, uint64(elf.DF_1_NOOPEN)),
	"init-array-long.so":    entry(elf.DT_INIT_ARRAYSZ, 8, 1<<16),
	"relocation-nowhere.so": section(".rela.dyn", 0, 8, 1<<45),
	"relocation-unknown.so": section(".rela.dyn", 8, 4, 0xff),
	"hash-table-filter.so":  section(".gnu.hash", 8, 4, 3),
}

// number changes one at an offset of the file, of the given number of bytes.
func number(offset, size int, value uint64) func([]byte) error {
	return func(content []byte) error {
		var encoded [8]byte
		binary.LittleEndian.PutUint64(encoded[:], value)
		copy(content[offset:], encoded[:size])
		return nil
	}
}

// segment changes a field of the first header of a kind.
func segment(kind elf.ProgType, field int, value uint64) func([]byte) error {
	return func(content []byte) error {
		object, err := elf.NewFile(bytes.NewReader(content))
		if err != nil {
			return err
		}
		at := slices.IndexFunc(object.Progs, func(p *elf.Prog) bool { return p.Type == kind })
		size := 8
		if field < 8 {
			size = 4
		}
		return number(64+56*at+field, size, value)(content)
	}
}

// entry changes the tag or the value of an entry of the dynamic table.
func entry(tag elf.DynTag, field int, value uint64) func([]byte) error {
	return func(content []byte) error {
		object, err := elf.NewFile(bytes.NewReader(content))
		if err != nil {
			return err
		}
		at := int(object.Section(".dynamic").Offset)
		for elf.DynTag(binary.LittleEndian.Uint64(content[at:])) != tag {
			at += 16
		}
		return number(at+field, 8, value)(content)
	}
}

// section changes a word of a section.
func section(name string, offset, size int, value uint64) func([]byte) error {
	return func(content []byte) error {
		object, err := elf.NewFile(bytes.NewReader(content))
		if err != nil {
			return err
		}
		return number(int(object.Section(name).Offset)+offset, size, value)(content)
	}
}

// damage makes the files that aren't plugins, or not any more.
func damage() (names []string, err error) {
	good, err := os.ReadFile(built("trimpath.so"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		"zero-bytes.so":       nil,
		"text.so":             []byte(strings.Repeat("This is not a plugin.\n", 10)),
		"short-text.so":       []byte("x"),
		"header-only.so":      good[:64],
		"no-section-table.so": good[:binary.LittleEndian.Uint64(good[40:])],
	}
	for n := range 10 {
		files[fmt.Sprintf("cut-%d.so", n)] = good[:len(good)*(2*n+1)/20]
	}
	for name, change := range twisted {
		content := slices.Clone(good)
		if err := change(content); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = content
	}
	for name, content := range files {
		if err := os.WriteFile(built(name), content, 0o600); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	library, err := os.ReadFile(filepath.Join(workshop.dir, "c", "libpresent.so"))
	if err != nil {
		return nil, err
	}
	names = append(names, "c-library.so")
	slices.Sort(names)
	return names, os.WriteFile(built("c-library.so"), library, 0o600)
}

var create = preflight.Symbol{Name: "Create", Type: "func(example.com/predict/api.Config) example.com/predict/api.Thing"}

// predict determines statically what the host will do.
func predict(host, plugin string) error {
	image, err := preflight.Read(host)
	if err != nil {
		return err
	}
	process, err := preflight.NewProcess(image)
	if err != nil {
		return err
	}
	file, err := preflight.Read(plugin)
	if err != nil {
		return err
	}
	return process.Check(file, create)
}

// outcome is what plugin.Open did in a process of its own.
type outcome struct {
	accepted bool
	text     string
}

func open(ctx context.Context, host, plugin string) outcome {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	output, err := exec.CommandContext(ctx, host, plugin).CombinedOutput()
	text := string(output)
	return outcome{
		accepted: err == nil && strings.Contains(text, "accepted: "),
		text:     fmt.Sprintf("%v: %.400s", err, text),
	}
}

func TestNoFileIsAcceptedThatOpenRefusesAndFewAreRefusedThatItAccepts(t *testing.T) {
	if err := workshop.core(); err != nil {
		t.Fatal(err)
	}
	hosts, plugins := core(hosts), core(plugins)
	if all() {
		hosts, plugins = allBuilt(t)
	}
	damaged, err := damage()
	if err != nil {
		t.Fatal(err)
	}
	files := damaged
	for _, p := range plugins {
		files = append(files, p.name)
	}
	type pair struct{ host, file string }
	pairs := make(chan pair)
	var group sync.WaitGroup
	var lock sync.Mutex
	counts := make(map[string]int)
	accepted := make(map[string]int) // by host
	for range 2 {
		group.Go(func() {
			for p := range pairs {
				result := judge(t, p.host, p.file)
				lock.Lock()
				if counts[result]++; result == "both accept" {
					accepted[p.host]++
				}
				lock.Unlock()
			}
		})
	}
	for _, h := range hosts {
		for _, file := range files {
			pairs <- pair{h.name, file}
		}
	}
	close(pairs)
	group.Wait()
	t.Logf("%d hosts, %d files: %v", len(hosts), len(files), counts)
	for _, h := range hosts {
		if accepted[h.name] == 0 {
			t.Errorf("%s accepts no plugin at all, which proves nothing", h.name)
		}
	}
	for _, p := range plugins {
		image, err := preflight.Read(built(p.name))
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
		} else if whole := p.release == ""; whole != (len(image.Notes) == 0) {
			t.Errorf("%s of %s has the notes %q", p.name, image.Build.GoVersion, image.Notes)
		}
	}
}

// allBuilt builds the rest of the matrix. Releases of Go that can't be fetched
// are left out.
func allBuilt(t *testing.T) (builtHosts, builtPlugins []build) {
	t.Helper()
	if err := writeProfile(); err != nil {
		t.Fatal(err)
	}
	rest := slices.DeleteFunc(slices.Concat(hosts, plugins), func(b build) bool { return b.core })
	left, err := buildAll(rest)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range sorted(left) {
		t.Log("left out:", line)
	}
	isLeft := func(b build) bool { return left[b.name] != "" }
	return slices.DeleteFunc(slices.Clone(hosts), isLeft), slices.DeleteFunc(slices.Clone(plugins), isLeft)
}

// judge compares prediction and truth for one pair.
func judge(t *testing.T, host, file string) string {
	rejection := predict(built(host), built(file))
	truth := open(t.Context(), built(host), built(file))
	switch {
	case rejection == nil && truth.accepted:
		return "both accept"
	case rejection == nil:
		t.Errorf("%s in %s is accepted, but Open: %s", file, host, truth.text)
		return "wrongly accepted"
	case !truth.accepted:
		return "both refuse"
	}
	known := (*preflight.Error)(nil)
	if !errors.As(rejection, &known) {
		t.Errorf("%s in %s: %v", file, host, rejection)
		return "error"
	}
	for _, policy := range policies {
		if policy.code == known.Code && (policy.files == nil || slices.Contains(policy.files, file)) {
			return "refused by policy: " + string(policy.code)
		}
	}
	t.Errorf("%s in %s is refused (%s: %s), but Open: %s", file, host, known.Code, known.Cause, truth.text)
	return "wrongly refused"
}

// The dynamic linker joins all files of a process, so a plugin that is accepted
// alone may be refused after another.
func TestWhatWasOpenedBeforeIsPredictedToo(t *testing.T) {
	if err := workshop.core(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name          string
		host          string
		first, second string
		code          preflight.Code // of the second; "" when it is accepted
	}{
		{"two plugins that agree", "host-bare", "trimpath.so", "own-path.so", ""},
		{"two versions of a module that the host has not", "host-bare", "trimpath.so", "other-dep-own-path.so", preflight.PackageConflict},
		{"the same plugin path", "host-bare", "trimpath.so", "stripped.so", preflight.PluginPathInUse},
		{"a library that the first brought", "host-trimpath", "library-by-runpath.so", "trimpath.so", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			host, err := preflight.Read(built(test.host))
			if err != nil {
				t.Fatal(err)
			}
			process, err := preflight.NewProcess(host)
			if err != nil {
				t.Fatal(err)
			}
			var rejection error
			for _, name := range []string{test.first, test.second} {
				if rejection != nil {
					t.Fatalf("the first is refused: %v", rejection)
				}
				image, err := preflight.Read(built(name))
				if err != nil {
					t.Fatal(err)
				}
				rejection = process.Check(image, create)
				process.Opened(image)
			}
			output, err := exec.CommandContext(t.Context(), built(test.host), built(test.first), built(test.second)).CombinedOutput()
			accepted := err == nil && strings.Count(string(output), "accepted: ") == 2
			known := (*preflight.Error)(nil)
			errors.As(rejection, &known)
			switch {
			case accepted != (rejection == nil):
				t.Errorf("predicted: %v; Open: %v: %s", rejection, err, output)
			case known != nil && known.Code != test.code, known == nil && test.code != "":
				t.Errorf("predicted: %v, want %q", rejection, test.code)
			}
		})
	}
}

// A host tries on its own types whether it can decode those of plugins, so that a release
// that lays out something otherwise makes it accept less and not refuse what is right.
// Here that release is the one that runs the tests, and it fails.
func TestAHostDecodesItsOwnTypesHoweverItIsBuilt(t *testing.T) {
	for name, flags := range map[string][]string{
		"ordinary":               {"-trimpath"},
		"stripped":               {"-trimpath", "-ldflags=-s -w"},
		"position independent":   {"-trimpath", "-buildmode=pie"},
		"with the race detector": {"-trimpath", "-race"},
		"without -trimpath":      nil,
		"without optimizations":  {noOptimization},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "without opt") && !all() {
				t.Skip("takes long: set OTAI_TEST_ALL=1")
			}
			binary := filepath.Join(t.TempDir(), "host")
			if err := run(exec.Command("go", slices.Concat([]string{"build", "-o", binary}, flags, []string{"./testdata/decodes"})...)); err != nil {
				t.Fatal(err)
			}
			output, err := exec.CommandContext(t.Context(), binary).CombinedOutput()
			if want := runtime.Version() + " decodes its types\n"; err != nil || string(output) != want {
				t.Errorf("%v: %s, want %s", err, output, want)
			}
		})
	}
}
