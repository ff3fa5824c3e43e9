package plugintest

import (
	"regexp"
	"testing"
)

func TestVersionsAreSemantic(t *testing.T) {
	for version, want := range map[string]bool{
		"1.2.3": true, "0.0.0": true, "10.20.30": true, "1.0.0-rc.1": true, "1.0.0-0.a-b": true, "1.0.0+build.007": true, "1.0.0-a+b": true, "99999999999999999999.0.0": true,
		"": false, "1": false, "1.2": false, "1.2.3.4": false, "v1.2.3": false, "01.2.3": false, "1.2.3-": false, "1.2.3-01": false, "1.2.3-a..b": false, "1.2.3+": false, "1.2.3-ä": false, "1.2.x": false, " 1.2.3": false, "1.-2.3": false,
	} {
		if err := checkVersion(version); (err == nil) != want {
			t.Errorf("%q: %v", version, err)
		}
	}
}

func TestConstraintsCanBeRead(t *testing.T) {
	for constraint, want := range map[string]bool{
		">=1.0.0 <2": true, ">=1.0.0, <2": true, "^1": true, "~1.2": true, "1.x": true, "*": true, "1.2 - 1.4": true, "<1 || >= 2.1, != 2.3": true, "=1.0.0-rc.1": true, "v1": true,
		"": false, "one": false, ">=": false, ">=1.0.0 <": false, ">1 ||": false, ">>1": false, "==1": false, "1.2.3.4": false, ">=1 and <2": false,
	} {
		if err := checkConstraint(constraint); (err == nil) != want {
			t.Errorf("%q: %v", constraint, err)
		}
	}
}

// grammar is the one of semver.org, 2.0.0, as a regular expression.
var grammar = func() *regexp.Regexp {
	const (
		number = `(0|[1-9][0-9]*)`
		letter = `[0-9]*[A-Za-z-][0-9A-Za-z-]*`
		pre    = `(` + number + `|` + letter + `)`
		build  = `[0-9A-Za-z-]+`
	)
	return regexp.MustCompile(`^` + number + `\.` + number + `\.` + number +
		`(-` + pre + `(\.` + pre + `)*)?` + `(\+` + build + `(\.` + build + `)*)?$`)
}()

func FuzzVersionsFollowTheGrammar(f *testing.F) {
	for _, version := range []string{"1.2.3", "1.2", "01.2.3", "1.0.0-rc.1+a.b", "1.0.0-0a.01", "1.0.0+-.--", "1.0.0--"} {
		f.Add(version)
	}
	f.Fuzz(func(t *testing.T, version string) {
		if err := checkVersion(version); (err == nil) != grammar.MatchString(version) {
			t.Errorf("%q: %v", version, err)
		}
	})
}
