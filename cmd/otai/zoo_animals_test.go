package main_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// animals is the zoo. Its order is the loader's: the stage at which each file is
// refused.
func animals() []animal {
	list := []animal{
		// discover: what the file is called, and what it is
		{name: "a folder", make: folder, stage: "discover", code: "not-regular-file", word: "is a folder"},
		{name: "a named pipe", make: namedPipe, stage: "discover", code: "not-regular-file", word: "named pipe"},
		{name: "a socket", make: socket, stage: "discover", code: "not-regular-file", word: "is a socket", rare: true},
		{name: "a dangling link", make: linked("otai_gone.so"), stage: "discover", code: "unreadable", word: "otai_gone.so"},
		{name: "a link to itself", make: linked(badPackage + ".so"), stage: "discover", code: "unreadable", word: "too many levels of symbolic links"},
		{name: "a ring of links", make: ring, stage: "discover", code: "unreadable", word: "too many levels of symbolic links", rare: true},
		{name: "a link to a device", make: linked("/dev/zero"), stage: "discover", code: "not-regular-file", word: "device"},
		{name: "a name that gives no plugin name", make: named("otai_.so"), pkg: "otai_", stage: "discover", code: "bad-metadata", word: "gives no plugin name", use: "nothing"},
		{name: "the name of the built-in plugin", make: named("otai_base.so"), pkg: "otai_base", stage: "discover", code: "prefix-conflict", word: `"base"`, use: "nothing"},

		// verify: who could have put it there
		{name: "a file that may not be read", make: permitted(0o000), stage: "verify", code: "unreadable", word: "permission denied"},
		{name: "a file that everybody can write to", make: permitted(0o666), stage: "verify", code: "insecure-permissions", word: "everybody can write"},
		{name: "a link to a folder that everybody can write to", make: throughOpenFolder, stage: "verify", code: "insecure-permissions", word: "everybody can write"},

		// preflight: what the file holds
		{name: "zero bytes", make: content(""), stage: "preflight", code: "not-elf", word: "is empty"},
		{name: "one byte", make: content("\x7f"), stage: "preflight", code: "not-elf", word: "not an ELF file", rare: true},
		{name: "text", make: content("#!/bin/sh\nexit 1\n"), stage: "preflight", code: "not-elf", word: "#!/bin/sh"},
		{name: "an archive", make: content("!<arch>\n"), stage: "preflight", code: "not-elf", word: "!<arch>", rare: true},
		{name: "the magic number alone", make: content(elf.ELFMAG), stage: "preflight", code: "truncated", word: "incomplete"},
		{name: "a whole plugin of zeros", make: damaged(zeroed(0, 1)), stage: "preflight", code: "not-elf", word: "not an ELF file", rare: true},
		{name: "a terabyte of nothing", make: grown(nil), stage: "preflight", code: "not-elf", word: "not an ELF file"},
		{name: "a plugin that was grown to a terabyte", make: grown(plugin("sound")), stage: "preflight", code: "truncated", word: "no plugin has more"},
		{name: "another processor", make: damaged(patched(18, uint16(elf.EM_S390))), stage: "preflight", code: "wrong-arch", word: "EM_S390"},
		{name: "another release, by its own words", make: damaged(otherRelease), stage: "preflight", code: "go-version", word: runtime.Version()},
		{name: "a library that is not there", make: damaged(otherLibrary), stage: "preflight", code: "missing-library", word: "libq.so.6"},
		{name: "a C library", make: cLibrary("library.c"), stage: "preflight", code: "not-a-go-plugin", word: "not built by Go"},
		{name: "a C library that crashes when it is opened", make: cLibrary("crashing.c"), stage: "preflight", code: "not-a-go-plugin", word: "not built by Go", rare: true},
		{name: "the host itself", make: theHost, stage: "preflight", code: "not-a-go-plugin", word: "-buildmode=exe"},
		{name: "a Go library for C", make: made(build{source: "sound", mode: "c-shared"}), stage: "preflight", code: "not-a-go-plugin", word: "-buildmode=c-shared"},
		{name: "without -trimpath", make: plugin("sound", "-trimpath=false"), stage: "preflight", code: "build-settings", word: "-trimpath"},
		{name: "with the race detector", make: plugin("sound", "-race"), stage: "preflight", code: "build-settings", word: "-race", rare: true, fixed: true},
		{name: "without the race detector", make: plugin("sound", "-race=false"), stage: "preflight", code: "build-settings", word: "-race", rare: true, sanitized: true},
		{name: "with the address sanitizer", make: ifBuilt(build{source: "sound", flags: []string{"-asan"}}), stage: "preflight", code: "build-settings", word: "-asan", rare: true, fixed: true},
		{name: "with coverage of the contract", make: plugin("sound", "-cover", "-coverpkg=example.com/zoo/...,github.com/open-ticket-ai/otai/pkg/api"), stage: "preflight", code: "build-settings", word: "-cover", rare: true},
		{name: "without optimisation", make: plugin("sound", "-gcflags=all=-N -l"), stage: "preflight", code: "build-settings", word: "-gcflags", rare: true},
		{name: "with an experiment", make: made(build{source: "sound", env: []string{"GOEXPERIMENT=arenas"}}), stage: "preflight", code: "build-settings", word: "arenas", rare: true},
		{name: "an older patch release", make: ifBuilt(build{source: "sound", env: []string{"GOTOOLCHAIN=go1.26.0"}}), stage: "preflight", code: "go-version", word: "go1.26.0", rare: true},
		{name: "an older release", make: ifBuilt(build{source: "sound", env: []string{"GOTOOLCHAIN=go1.25.5"}}), stage: "preflight", code: "go-version", word: "go1.25.5", rare: true},
		{name: "another contract", make: otherContract, stage: "preflight", code: "package-mismatch", word: "github.com/open-ticket-ai/otai/pkg/api"},
		{name: "another version of a library that the host has", make: ifBuilt(build{source: "zerolog", env: []string{"GOFLAGS=-mod=mod"}}), stage: "preflight", code: "package-mismatch", word: "github.com/rs/zerolog"},
		{name: "no function main", make: plugin("no_main"), stage: "preflight", code: "no-main-plugin", word: "no function main"},
		{name: "no factory", make: plugin("no_factory"), stage: "preflight", code: "missing-symbol", word: "exports NewPlugin"},
		{name: "a factory in lower case", make: plugin("lower_case"), stage: "preflight", code: "missing-symbol", word: "exports no CreatePlugin"},
		{name: "a generic factory", make: plugin("generic"), stage: "preflight", code: "missing-symbol", word: "exports no CreatePlugin"},
		{name: "a method as factory", make: plugin("method"), stage: "preflight", code: "missing-symbol", word: "exports no CreatePlugin", rare: true},
		{name: "a variable as factory", make: plugin("variable"), stage: "preflight", code: "wrong-symbol-type", word: "is a variable"},
		{name: "a factory with another argument", make: plugin("other_argument"), stage: "preflight", code: "wrong-symbol-type", word: "func(string) "},
		{name: "a factory with another result", make: plugin("other_result"), stage: "preflight", code: "wrong-symbol-type", word: "error)"},
		{name: "a factory with types of its own", make: plugin("own_types"), stage: "preflight", code: "wrong-symbol-type", word: "own_types.AppConfig", rare: true},
		{name: "a copy of a plugin", make: twin(copied), pkg: "otai_b_bad", stage: "preflight", code: "plugin-path-in-use", word: badPackage + ".so"},
		{name: "a hard link to a plugin", make: twin(os.Link), pkg: "otai_b_bad", stage: "preflight", code: "plugin-path-in-use", word: badPackage + ".so", rare: true},
		{name: "a symbolic link to a plugin", make: twin(os.Symlink), pkg: "otai_b_bad", stage: "preflight", code: "plugin-path-in-use", word: badPackage + ".so", rare: true},
		{name: "another build of a plugin", make: rebuilt, pkg: "otai_b_bad", stage: "preflight", code: "plugin-path-in-use", word: "example.com/zoo/sound"},
		{name: "another version of a module that two plugins share", make: pair(build{source: "shared/one"}, build{source: "shared/two"}), pkg: "otai_b_bad", stage: "preflight", code: "package-conflict", word: "example.com/shared"},

		// probe: what its code does
		{name: "exit without fault in init", make: plugin("init_exits"), stage: "probe", code: "probe-crashed", word: "exit status 0", rare: true},
		{name: "exit in init", make: plugin("init_exits_7"), stage: "probe", code: "probe-crashed", word: "exit status 7"},
		{name: "exit in a package variable", make: plugin("variable_exits"), stage: "probe", code: "probe-crashed", word: "exit status 9", rare: true},
		{name: "log.Fatal in init", make: plugin("init_log_fatal"), stage: "probe", code: "probe-crashed", word: "no license found"},
		{name: "much output in init", make: plugin("init_noisy"), stage: "probe", code: "probe-crashed", word: "the last table is broken"},
		{name: "abort in C", make: plugin("init_aborts"), stage: "probe", code: "probe-crashed", word: "abort"},
		{name: "a crash while C code is mapped", make: plugin("constructor_crashes"), stage: "probe", code: "probe-crashed", word: "SIGSEGV"},
		{name: "a panic in a goroutine of init", make: plugin("init_goroutine_panics"), stage: "probe", code: "probe-crashed", word: "in the background", rare: true},
		{name: "concurrent map writes in init", make: plugin("init_map_writes"), stage: "probe", code: "probe-crashed", word: "concurrent map writes"},
		{name: "an unlock too many in init", make: plugin("init_unlocks"), stage: "probe", code: "probe-crashed", word: "unlock of unlocked mutex", rare: true},
		{name: "a stack overflow in init", make: plugin("init_overflows"), stage: "probe", code: "probe-crashed", word: "stack exceeds"},
		{name: "a signal in init", make: plugin("init_kills"), stage: "probe", code: "probe-crashed", word: "killed", rare: true},
		{name: "all descriptors closed in init", make: plugin("init_closes"), stage: "probe", code: "probe-crashed", word: "a process that tried it", rare: true},
		{name: "an endless loop in init", make: plugin("init_loops"), stage: "probe", code: "probe-timeout", word: "packages were initialized"},
		{name: "a deadlock in init", make: plugin("init_deadlocks"), stage: "probe", code: "probe-timeout", word: "packages were initialized", rare: true},
		{name: "a wait for nothing in init", make: plugin("init_blocks"), stage: "probe", code: "probe-timeout", word: "packages were initialized", rare: true},
		{name: "Goexit in init", make: plugin("init_goexit"), stage: "probe", code: "init-panic", word: "Goexit"},
		{name: "a panic in init", make: plugin("init_panics"), stage: "probe", code: "init-panic", word: "registered twice"},
		{name: "a mistake in init", make: plugin("init_nil_map"), stage: "probe", code: "init-panic", word: "nil map", rare: true},
		{name: "a flag defined twice in init", make: plugin("init_flag_twice"), stage: "probe", code: "init-panic", word: "flag redefined"},
		{name: "exit in the factory", make: plugin("factory_exits"), stage: "probe", code: "probe-crashed", word: "CreatePlugin"},
		{name: "exit in a method of the plugin", make: plugin("injectables_exit"), stage: "probe", code: "probe-crashed", word: "exit status 6", rare: true},
		{name: "a factory that never returns", make: plugin("factory_blocks"), stage: "probe", code: "probe-timeout", word: "CreatePlugin", rare: true},
		{name: "a panic in the factory", make: plugin("factory_panics"), stage: "probe", code: "factory-panic", word: "out of order"},
		{name: "Goexit in the factory", make: plugin("factory_goexit"), stage: "probe", code: "factory-panic", word: "Goexit", rare: true},
		{name: "a panic in a method of the plugin", make: plugin("metadata_panics"), stage: "probe", code: "factory-panic", word: "no metadata yet", rare: true},
		{name: "nil for a plugin", make: plugin("returns_nil"), stage: "probe", code: "nil-plugin", word: "returned nil"},
		{name: "a nil pointer for a plugin", make: plugin("typed_nil"), stage: "probe", code: "nil-plugin", word: "a nil *"},

		// probe: what it says of itself
		{name: "no name", make: plugin("no_name"), stage: "probe", code: "bad-metadata", word: "no name"},
		{name: "a name that is not the file's", make: plugin("other_name"), stage: "probe", code: "bad-metadata", word: "otai-somebody-else"},
		{name: "a version that is none", make: plugin("bad_version"), stage: "probe", code: "bad-metadata", word: `"v1"`},
		{name: "a constraint that can't be read", make: plugin("bad_constraint"), stage: "probe", code: "bad-metadata", word: "one or two", rare: true},
		{name: "a literal injectable", make: plugin("literal_injectable"), stage: "probe", code: "bad-injectable", word: "no build function"},
		{name: "an ill-formed name of an injectable", make: plugin("ill_named_injectable"), stage: "probe", code: "bad-injectable", word: "any pipe:1", rare: true},
		{name: "params that can't be described", make: plugin("undescribable_params"), stage: "probe", code: "bad-injectable", word: "chan int"},

		// admit: whether it goes with the rest
		{name: "the constraint ^2.0", make: plugin("next_api"), stage: "admit", code: "api-incompatible", word: "^2.0"},
		{name: "one name twice", make: plugin("duplicate_injectables"), stage: "admit", code: "duplicate-injectable", word: "a-bad:AnyPipe"},
	}
	const places = 10
	for n := range places {
		list = append(list, animal{
			name:  fmt.Sprintf("%d of %d parts of a plugin", n, places),
			make:  damaged(func(content []byte) []byte { return content[:64+(len(content)-65)*n/(places-1)] }),
			stage: "preflight", code: "truncated", word: "incomplete",
			rare: n%3 != 0,
		})
	}
	return list
}

func folder(t *testing.T, _ *zoo, dir string) {
	if err := os.Mkdir(filepath.Join(dir, badPackage+".so"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func namedPipe(t *testing.T, _ *zoo, dir string) {
	if err := syscall.Mkfifo(filepath.Join(dir, badPackage+".so"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func socket(t *testing.T, _ *zoo, dir string) {
	if err := syscall.Mknod(filepath.Join(dir, badPackage+".so"), syscall.S_IFSOCK|0o600, 0); err != nil {
		t.Fatal(err)
	}
}

// grown is a file with a hole that takes no room on the disk.
func grown(begin maker) maker {
	return func(t *testing.T, z *zoo, dir string) {
		file := filepath.Join(dir, badPackage+".so")
		if begin == nil {
			begin = content("")
		}
		begin(t, z, dir)
		if err := os.Truncate(file, 1<<40); err != nil {
			t.Skip("no such files here:", err)
		}
	}
}

func ring(t *testing.T, z *zoo, dir string) {
	linked("second.so")(t, z, dir)
	if err := os.Symlink(badPackage+".so", filepath.Join(dir, "second.so")); err != nil {
		t.Fatal(err)
	}
}

func named(file string) maker {
	return func(t *testing.T, z *zoo, dir string) {
		copyFile(t, z.build(t, build{source: "sound"}), filepath.Join(dir, file))
	}
}

func permitted(mode os.FileMode) maker {
	return func(t *testing.T, z *zoo, dir string) {
		if mode == 0 && os.Geteuid() == 0 {
			t.Skip("root reads every file")
		}
		plugin("sound")(t, z, dir)
		if err := os.Chmod(filepath.Join(dir, badPackage+".so"), mode); err != nil {
			t.Fatal(err)
		}
	}
}

func throughOpenFolder(t *testing.T, z *zoo, dir string) {
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(open, "sound.so")
	copyFile(t, z.build(t, build{source: "sound"}), target)
	linked(target)(t, z, dir)
}

func theHost(t *testing.T, z *zoo, dir string) {
	copyFile(t, z.host, filepath.Join(dir, badPackage+".so"))
}

// copied is the file once more, with the same content.
func copied(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

// rebuilt is the same plugin, built otherwise.
func rebuilt(t *testing.T, z *zoo, dir string) {
	plugin("sound")(t, z, dir)
	copyFile(t, z.build(t, build{source: "sound", flags: []string{"-ldflags=-s"}}), filepath.Join(dir, "otai_b_bad.so"))
}

// zeroed overwrites a part of the content, given as fractions of its length.
func zeroed(from, to float64) func([]byte) []byte {
	return func(content []byte) []byte {
		size := float64(len(content))
		clear(content[int(from*size):int(to*size)])
		return content
	}
}

// patched writes a number into the ELF header.
func patched(offset int, value uint16) func([]byte) []byte {
	return func(content []byte) []byte {
		binary.LittleEndian.PutUint16(content[offset:], value)
		return content
	}
}

// otherRelease makes the plugin's build information name a release that there
// isn't, of the same length.
func otherRelease(content []byte) []byte {
	version := []byte(runtime.Version())
	other := bytes.Clone(version)
	last := &other[len(other)-1]
	*last = '0' + (*last-'0'+1)%10
	return bytes.ReplaceAll(content, version, other)
}

// otherLibrary makes the plugin need a library that there isn't instead of the C
// library.
func otherLibrary(content []byte) []byte {
	return bytes.ReplaceAll(content, []byte("\x00libc.so.6\x00"), []byte("\x00libq.so.6\x00"))
}
