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
	MissingSymbol   Code = "missing-symbol"     // the symbol isn't exported
	WrongSymbolType Code = "wrong-symbol-type"  // the symbol is a variable
)

// Error says why a file can't be opened.
type Error struct {
	Code        Code
	Cause       string       // what is wrong, in one line, without the file's name
	Fix         string       // what to do about it, "" when there is nothing to say
	Differences []Difference // every package that differs, sorted
	Err         error        // what another package reported, or nil
}

// Error returns the cause. The fix is left out, so that a caller can lay it out
// on a line of its own.
func (e *Error) Error() string { return e.Cause }

func (e *Error) Unwrap() error { return e.Err }

// Difference is a package that the file and the process have in two forms.
type Difference struct {
	Package string
	Module  string // path of the module that it belongs to, "" for the standard library
	Plugin  string // version and checksum of that module in the file
	Host    string // version and checksum of that module in the process
	Opened  string // the file opened before that brought the package, "" when it is the host's
}
