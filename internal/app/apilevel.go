package app

import (
	"fmt"
	"regexp"

	"github.com/Masterminds/semver/v3"

	"github.com/open-ticket-ai/otai/internal/config"
)

// bareVersion is how older configurations say "at least this level".
var bareVersion = regexp.MustCompile(`^\d+(\.\d+){0,2}$`)

// checkAPILevel compares a configuration's api_version with the host's level.
func checkAPILevel(d *config.Document, level string) config.Diagnostics {
	wanted := d.APIVersion
	if wanted == "" {
		return nil
	}
	if bareVersion.MatchString(wanted) {
		wanted = ">=" + wanted
	}
	at := d.Locate("api_version")
	problem := config.Diagnostic{File: at.File, Line: at.Line, Column: at.Column, Path: "api_version", Severity: config.SeverityError}
	constraint, err := semver.NewConstraint(wanted)
	if err != nil {
		problem.Code, problem.Message, problem.Hint = "bad-constraint", fmt.Sprintf("%q is not a constraint on a version", d.APIVersion), `write it as in ">=1.0.0"`
		return config.Diagnostics{problem}
	}
	version, err := semver.NewVersion(level)
	if err != nil || !constraint.Check(version) {
		problem.Code = "api-incompatible"
		problem.Message = fmt.Sprintf("this configuration needs the API level %s, and this otai has %s", wanted, level)
		problem.Hint = "use another version of otai, or correct api_version"
		return config.Diagnostics{problem}
	}
	return nil
}
