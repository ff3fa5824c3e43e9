package preflight

// Code names the reason why a file can't be opened. Codes are stable: programs may
// compare them.
type Code string

// The reasons why a file can't be opened.
const (
	Unreadable      Code = "unreadable"         // the file can't be read
	NotELF          Code = "not-elf"            // it is not an ELF file
	Truncated       Code = "truncated"          // a part of the file is missing or damaged
	WrongArch       Code = "wrong-arch"         // it was built for another processor
	NotAGoPlugin    Code = "not-a-go-plugin"    // it was not built by Go with -buildmode=plugin
	GoVersion       Code = "go-version"         // it was built by another Go release
	BuildSettings   Code = "build-settings"     // it was built with other flags
	PackageMismatch Code = "package-mismatch"   // one of its packages differs from the host's
	PackageConflict Code = "package-conflict"   // one of its packages differs from that of a plugin opened before
	PluginPathInUse Code = "plugin-path-in-use" // a plugin opened before has the same import path
	Tainted         Code = "tainted"            // it shares a package with a plugin that could not be opened
	MissingLibrary  Code = "missing-library"    // this machine lacks a C library, or a symbol in one, that it needs
	NoMain          Code = "no-main-plugin"     // its package main has no function main
	MissingSymbol   Code = "missing-symbol"     // package main doesn't export a Symbol that the host wants
	WrongSymbolType Code = "wrong-symbol-type"  // that Symbol is a variable, or a function of another type

	// Not the file, but the host is the reason.
	BadToolchain Code = "bad-toolchain" // a release of Go built it that breaks plugins
	UnfitHost    Code = "unfit-host"    // it was built or linked so that it can't open plugins
)

// Error says why a file can't be opened.
type Error struct {
	Code        Code         // the reason, for programs
	Cause       string       // what is wrong, in one line, without the file's name
	Fix         string       // what to do about it; "" if that is not known
	Differences []Difference // every package that differs, sorted by module, then by package
	Settings    []Setting    // every build setting that differs and may be the cause
	Opened      string       // the plugin file opened before that is the cause; "" if it is none
	Err         error        // the underlying error, such as that of reading the file, or nil
}

// Error returns the cause without the fix, which a caller can print on its own line.
func (e *Error) Error() string { return e.Cause }

func (e *Error) Unwrap() error { return e.Err }

// Difference is a package that is not the same in the file and in the process.
type Difference struct {
	Package string  // its import path
	Module  string  // path of its module; "" for the standard library
	Plugin  Version // of that module in the file
	Host    Version // of that module in the process
	Opened  string  // the plugin file opened before that the package came with; "" if it is the host's
	Fix     string  // what removes this difference, often a command
}

// Version is what a file records about a module that is linked into it.
type Version struct {
	Version  string // "v1.2.0", "(devel)", or "" if none is recorded
	Sum      string // checksum of the sources, as in go.sum; "" for a folder
	Replaced string // what replaces the module: a folder, or another module and its version; "" for nothing
}

func (v Version) String() string {
	text := v.Version
	if v.Replaced != "" {
		text += " replaced by " + v.Replaced
	}
	if v.Sum != "" {
		text += " " + v.Sum
	}
	if text == "" {
		return "unknown"
	}
	return text
}

// Setting is a build setting that is not the same in the file and in the host.
type Setting struct {
	Name   string // as "go version -m" prints it, such as "-trimpath"
	Plugin string // its value in the file; "" if it isn't set
	Host   string // its value in the host; "" if it isn't set
	Fix    string // the flag or variable to build the plugin with
}
