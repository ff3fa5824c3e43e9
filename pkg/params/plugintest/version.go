package plugintest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// checkVersion checks a version by the rules of semver.org, 2.0.0, items 2, 9 and
// 10, without the limits on length that libraries have.
func checkVersion(version string) error {
	rest, build, hasBuild := strings.Cut(version, "+")
	core, pre, hasPre := strings.Cut(rest, "-")
	numbers := strings.Split(core, ".")
	if len(numbers) != 3 {
		return errors.New("must have three numbers, as in 1.2.0")
	}
	for _, n := range numbers {
		if !isNumber(n) {
			return fmt.Errorf("%q is not a number without leading zeros", n)
		}
	}
	if hasPre {
		for id := range strings.SplitSeq(pre, ".") {
			if !isIdentifier(id) || allDigits(id) && !isNumber(id) {
				return fmt.Errorf("%q can't be a part of what is before the release", id)
			}
		}
	}
	if hasBuild {
		for id := range strings.SplitSeq(build, ".") {
			if !isIdentifier(id) {
				return fmt.Errorf("%q can't be a part of the build", id)
			}
		}
	}
	return nil
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isNumber(s string) bool { return allDigits(s) && (s == "0" || s[0] != '0') }

var identifier = regexp.MustCompile(`^[0-9A-Za-z-]+$`)

func isIdentifier(s string) bool { return identifier.MatchString(s) }

const partialVersion = `v?(\d+|[xX*])(\.(\d+|[xX*])){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?`

// A constraint is alternatives of comparisons that all hold, as in
// ">=1.2, <2 || ~3.1", or of a range as in "1.2 - 1.4".
var (
	comparisons  = regexp.MustCompile(`^\s*((=|!=|>|<|>=|=>|<=|=<|~|~>|\^)?\s*` + partialVersion + `(\s+|\s*,\s*|\s*$))+$`)
	versionRange = regexp.MustCompile(`^\s*` + partialVersion + `\s+-\s+` + partialVersion + `\s*$`)
)

func checkConstraint(constraint string) error {
	for alternative := range strings.SplitSeq(constraint, "||") {
		if !comparisons.MatchString(alternative) && !versionRange.MatchString(alternative) {
			return fmt.Errorf("%q is not a comparison of versions", strings.TrimSpace(alternative))
		}
	}
	return nil
}
