package preflight

// Code names a reason to refuse a file. Codes are stable: programs may compare
// them.
type Code string

// The reasons to refuse a file.
const (
	Unreadable      Code = "unreadable"         // the file can't be read
	NotELF          Code = "not-elf"            // no ELF file at all
	Truncated       Code = "truncated"          // a part of it is missing or damaged
	WrongArch       Code = "wrong-arch"         // for another processor
	NotAGoPlugin    Code = "not-a-go-plugin"    // not built by Go with -buildmode=plugin
	GoVersion       Code = "go-version"         // built by another Go release
	BuildSettings   Code = "build-settings"     // built with other flags
	PackageMismatch Code = "package-mismatch"   // a package differs from the host's
	PackageConflict Code = "package-conflict"   // a package differs from that of a plugin opened before
	PluginPathInUse Code = "plugin-path-in-use" // its import path belongs to a plugin opened before
	Tainted         Code = "tainted"            // shares a package with a plugin that failed while it was opened
	MissingLibrary  Code = "missing-library"    // a library or a symbol that it needs isn't on this machine
	MissingSymbol   Code = "missing-symbol"     // the symbol isn't exported
	WrongSymbolType Code = "wrong-symbol-type"  // the symbol is a variable, or a function of another type
)

// Error says why a file can't be opened.
type Error struct {
	Code        Code
	Cause       string       // what is wrong, in one line, without the file's name
	Fix         string       // what to do about it, "" when there is nothing to say
	Differences []Difference // every package that differs, sorted by module, then by package
	Settings    []Setting    // every build setting that may be to blame
	Err         error        // what another package reported, or nil
}

// Error returns the cause. The fix is left out, so that a caller can lay it out
// on a line of its own.
func (e *Error) Error() string { return e.Cause }

func (e *Error) Unwrap() error { return e.Err }

// Difference is a package that the file and the process have in two forms.
type Difference struct {
	Package string
	Module  string  // path of the module that it belongs to, "" for the standard library
	Plugin  Version // of that module in the file
	Host    Version // of that module in the process
	Opened  string  // the file opened before that brought the package, "" when it is the host's
	Fix     string  // what fixes this difference, a command where there is one
}

// Version is what a file records of a module that is linked into it.
type Version struct {
	Version  string // "v1.2.0", "(devel)", or "" when none is recorded
	Sum      string // checksum of the sources, "" for those of a folder
	Replaced string // what stands in for the module: a folder, or another module and its version
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

// Setting is a build setting that differs, named as "go version -m" does.
type Setting struct {
	Name         string
	Plugin, Host string // "" where it isn't set
	Fix          string
}
