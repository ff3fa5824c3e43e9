package loader

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// Stage is a part of the way from a file to the registry.
type Stage string

// The stages, in their order. Discovery is by name, verification by content.
const (
	StageDiscover  Stage = "discover"
	StageVerify    Stage = "verify"
	StagePreflight Stage = "preflight"
	StageProbe     Stage = "probe"
	StageAdmit     Stage = "admit"
	StageOpen      Stage = "open"
)

// Code names why a plugin was not loaded. Codes are stable: programs and
// documentation refer to them.
type Code string

// The codes of discover.
const (
	CodeNotRegularFile Code = "not-regular-file"
	CodeUnreadable     Code = "unreadable"
	CodeDuplicateName  Code = "duplicate-name"
	CodePrefixConflict Code = "prefix-conflict"
	CodeDisabled       Code = "disabled"
)

// The codes of verify.
const (
	CodeInsecurePermissions Code = "insecure-permissions"
	CodeChecksumMismatch    Code = "checksum-mismatch"
	CodeUnsigned            Code = "unsigned"
	CodeSignatureInvalid    Code = "signature-invalid"
	CodeStateDir            Code = "state-dir"
)

// The codes of preflight, which also name what plugin.Open reports.
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
	CodeMissingSymbol   = Code(preflight.MissingSymbol)
	CodeWrongSymbolType = Code(preflight.WrongSymbolType)
	CodeMissingLibrary  = Code(preflight.MissingLibrary)
)

// The codes of probe alone.
const (
	CodeProbeTimeout Code = "probe-timeout"
	CodeProbeCrashed Code = "probe-crashed"
)

// The codes of probe and open, which run the same code of the plugin.
const (
	CodeInitPanic     Code = "init-panic"
	CodeFactoryPanic  Code = "factory-panic"
	CodeNilPlugin     Code = "nil-plugin"
	CodeBadMetadata   Code = "bad-metadata"
	CodeBadInjectable Code = "bad-injectable"
	CodeTainted            = Code(preflight.Tainted)
	CodeOpenFailed    Code = "open-failed" // the dynamic linker refused the file for a reason without a code of its own
)

// The codes of admit.
const (
	CodeAPIIncompatible     Code = "api-incompatible"
	CodeVersionConstraint   Code = "version-constraint"
	CodeDuplicateInjectable Code = "duplicate-injectable"
)

// Error says why a plugin was not loaded.
type Error struct {
	Stage Stage
	Code  Code
	Path  string // the plugin file, or the folder that is to blame
	Err   error  // the cause
	Fix   string // what to do about it, "" when there is nothing to say

	// Output is what the plugin printed while it was probed, its beginning and its
	// end where that was much.
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
