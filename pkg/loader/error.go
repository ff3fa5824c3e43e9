package loader

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// Stage is a step on the way from a file to the registry.
type Stage string

// The stages, in their order.
const (
	StageDiscover  Stage = "discover"  // its name, and what kind of file it is
	StageVerify    Stage = "verify"    // who could have written it: owners, checksum, signature
	StagePreflight Stage = "preflight" // whether this process could open it, without running it
	StageProbe     Stage = "probe"     // what it does and offers, in a child process
	StageAdmit     Stage = "admit"     // its versions, and names that another plugin has
	StageOpen      Stage = "open"      // opening it in this process
)

// Code names why a plugin was not loaded. Codes are stable: programs and
// documentation refer to them. docs/plugin-codes.md has the causes and remedies of each.
type Code string

// The codes of discover.
const (
	CodeNotRegularFile Code = "not-regular-file" // a folder, pipe, device or socket
	CodeUnreadable     Code = "unreadable"       // the file, or a folder on the way to it, can't be read; also at verify
	CodeDuplicateName  Code = "duplicate-name"   // an earlier plugin folder has a file with this name
	CodePrefixConflict Code = "prefix-conflict"  // another file, or the built-in plugin, has this prefix
	CodeDisabled       Code = "disabled"         // the configuration disables it: Policy.Disabled
)

// The codes of verify.
const (
	CodeInsecurePermissions Code = "insecure-permissions" // others could have written the file
	CodeChecksumMismatch    Code = "checksum-mismatch"    // its content is not the one in Policy.SHA256
	CodeUnsigned            Code = "unsigned"             // there are trusted keys, and no signature
	CodeSignatureInvalid    Code = "signature-invalid"    // the signature is not one of a trusted key for this content
	CodeStateDir            Code = "state-dir"            // Options.StateDir can't be used for the private copies
)

// The codes of preflight, with the meaning that they have in package preflight. They also
// stand for errors of plugin.Open.
const (
	CodeNotELF          = Code(preflight.NotELF)
	CodeTruncated       = Code(preflight.Truncated)
	CodeWrongArch       = Code(preflight.WrongArch)
	CodeNotAGoPlugin    = Code(preflight.NotAGoPlugin)
	CodeGoVersion       = Code(preflight.GoVersion)
	CodeBuildSettings   = Code(preflight.BuildSettings)
	CodePackageMismatch = Code(preflight.PackageMismatch)
	CodePackageConflict = Code(preflight.PackageConflict)
	CodePluginPathInUse = Code(preflight.PluginPathInUse)
	CodeNoMain          = Code(preflight.NoMain)
	CodeMissingSymbol   = Code(preflight.MissingSymbol)
	CodeWrongSymbolType = Code(preflight.WrongSymbolType)
	CodeMissingLibrary  = Code(preflight.MissingLibrary)
)

// The codes of preflight that are about this host: no plugin at all can be loaded.
const (
	CodeBadToolchain = Code(preflight.BadToolchain)
	CodeUnfitHost    = Code(preflight.UnfitHost)
)

// The codes of probe alone.
const (
	CodeProbeTimeout Code = "probe-timeout" // it did not return within Options.ProbeTimeout
	CodeProbeCrashed Code = "probe-crashed" // it ended or crashed the child process
)

// The codes of probe and open, which run the same code of the plugin.
const (
	CodeInitEffects   Code = "init-side-effects"     // opening it changes its process, which Policy.RefuseSideEffects forbids
	CodeInitPanic     Code = "init-panic"            // an init function or a package variable panicked
	CodeFactoryPanic  Code = "factory-panic"         // CreatePlugin, or a method of its result, panicked
	CodeNilPlugin     Code = "nil-plugin"            // CreatePlugin returned nil
	CodeBadMetadata   Code = "bad-metadata"          // a name, version or constraint in its metadata is wrong
	CodeBadInjectable Code = "bad-injectable"        // a service or pipe has a wrong name or params
	CodeTainted            = Code(preflight.Tainted) // it shares a package with a plugin that could not be opened
	CodeOpenFailed    Code = "open-failed"           // the dynamic linker rejected it for a reason without its own code
)

// The code of open alone.
const (
	CodeHostCrashed Code = "host-crashed" // it has ended a process that opened it, which Options.Crashed knows
)

// The codes of admit.
const (
	CodeAPIIncompatible     Code = "api-incompatible"     // it needs another level of the contract than Options.APIVersion
	CodeVersionConstraint   Code = "version-constraint"   // Policy.Version excludes its version
	CodeDuplicateInjectable Code = "duplicate-injectable" // it offers a name twice, or one that another plugin has
)

// Error says why a plugin was not loaded.
type Error struct {
	Stage Stage  // the one that rejected it
	Code  Code   // the reason, for programs
	Path  string // the plugin file, or the folder that is the cause
	Err   error  // the cause, for people
	Fix   string // what to do about it, often a command; "" if that is not known
	Other string // the plugin that it can't be beside, as the path of its file or its name; "" if none is the cause

	// Output is what the plugin printed during the probe; of a long output, the
	// beginning and the end.
	Output string
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s (%s): %v", filepath.Base(e.Path), e.Stage, e.Code, e.Err)
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// errorf makes the error of one stage for p.
func (p *Plugin) errorf(stage Stage, code Code, fix, format string, args ...any) error {
	return &Error{Stage: stage, Code: code, Path: p.Path, Err: fmt.Errorf(format, args...), Fix: fix}
}

// rejected is a plugin that did not get beyond discovery.
func (p Plugin) rejected(err error) Plugin {
	p.Status, p.Err = Rejected, asError(err)
	return p
}

// asError returns the error about a plugin or the state folder that err is, nil where it
// is none.
func asError(err error) *Error {
	var e *Error
	errors.As(err, &e)
	return e
}

// hasCode reports whether err is an [*Error] with the code.
func hasCode(err error, code Code) bool {
	e := asError(err)
	return e != nil && e.Code == code
}
